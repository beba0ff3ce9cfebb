import type { FastifyInstance } from 'fastify'
import type { Log } from '../platform/log.ts'
import { acceptForms } from '../platform/http/form-body.ts'
import { type Call, type Route, type Surface, mountSurface } from '../platform/http/surface.ts'
import type { KeyRing } from '../platform/signing-keys/key-ring.ts'
import type { Registry } from '../resources/index.ts'
import type { Form } from '../spec/form.ts'
import { TokenError, isOurFault, sendTokenError } from './errors.ts'
import { exchange } from './exchange.ts'
import { getToken, postToken } from './token.ts'
import type { TokenRooms } from './token-rooms.ts'

/** The endpoints prove credentials themselves, which they find in the form, the query or the header. */
type TokenNeed = 'public' | 'credential-in-request'
type TokenCaller = { readonly registry: Registry }

/** The table of `/oauth2/*`. A wrong method is answered like a path that is not there, as ACR does. [Azure/acr#166] */
export function tokenSurface(rooms: TokenRooms, keys: KeyRing, log: Log): Surface<TokenNeed, TokenCaller> {
  const answer = async (call: Call<TokenCaller>, body: Promise<object>) => {
    const text = `${JSON.stringify(await body)}\n`
    return call.reply
      .header('cache-control', 'no-store')
      .header('content-type', 'application/json; charset=utf-8')
      .send(text)
  }
  const formOf = ({ request }: Call<TokenCaller>): Form =>
    request.body instanceof Map ? (request.body as Form) : new Map()
  const queryOf = ({ request }: Call<TokenCaller>): string => {
    const at = request.url.indexOf('?')
    return at === -1 ? '' : request.url.slice(at + 1)
  }

  // prettier-ignore
  const routes: readonly Route<TokenNeed, TokenCaller>[] = [
    { id: 'token.exchange', method: 'POST', path: '/oauth2/exchange', need: 'credential-in-request',
      handle: (call) => answer(call, exchange(rooms, call.caller.registry, formOf(call), call.origin)) },
    { id: 'token.post',     method: 'POST', path: '/oauth2/token',    need: 'credential-in-request',
      handle: (call) => answer(call, postToken(rooms, call.caller.registry, formOf(call), call.origin)) },
    { id: 'token.get',      method: 'GET',  path: '/oauth2/token',    need: 'credential-in-request',
      handle: (call) => answer(call, getToken(rooms, call.caller.registry, queryOf(call), call.request.headers.authorization, call.origin)) },
    { id: 'token.keys',     method: 'GET',  path: '/oauth2/keys',     need: 'public',
      handle: async () => ({ keys: await keys.publicKeys() }) },
  ]

  return {
    name: 'token-service',
    routes,
    territory: ['/oauth2/*'],
    authorize: async (_need, request) => {
      // The header itself, as the registry reads it: no proxy may say which registry is meant.
      const registry = await rooms.resources.findRegistryByHost(request.headers.host)
      if (registry === undefined) throw new TokenError('NAME_UNKNOWN', 'no registry is served under this host name')
      return { registry }
    },
    renderError: (error, request, reply) => {
      if (isOurFault(error)) log.error({ err: error, id: request.id }, 'a token request failed')
      return sendTokenError(reply, error)
    },
    notFound: () => new TokenError('NOT_FOUND', 'nothing is served at this path'),
  }
}

/** Adds the surface to the application. */
export function mountTokens(app: FastifyInstance, surface: Surface<TokenNeed, TokenCaller>): void {
  mountSurface(app, surface, acceptForms)
}
