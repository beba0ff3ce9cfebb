import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Directory } from '../directory/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import { clientStatusOf } from '../platform/http/app.ts'
import { acceptForms } from '../platform/http/form-body.ts'
import { type Call, type Route, describeRoutes, mountSurface } from '../platform/http/surface.ts'
import type { Log } from '../platform/log/log.ts'
import { outageOf } from '../platform/process/outage.ts'
import type { KeyRing } from '../platform/keys/key-ring.ts'
import { parseGuid } from '../standards/azure/guid.ts'
import { openIdConfiguration } from './discovery.ts'
import { EntraError, entraErrorBody } from './entra-errors.ts'
import { type TokenVersion, requireTenant, tenantParameter } from './tenants.ts'
import { userRealm } from './user-realm.ts'

/** What the handlers of the provider work with. */
export type Provider = {
  readonly directory: Directory
  readonly clock: Clock
  readonly log: Log
  readonly keys: KeyRing
  readonly publicOrigin: string
  readonly grantTypes: readonly string[]
  readonly deviceCode: (call: Call<undefined>, version: TokenVersion) => Promise<unknown>
  readonly userInfo: (call: Call<undefined>) => Promise<unknown>
  readonly token: (call: Call<undefined>, version: TokenVersion) => Promise<unknown>
  readonly enrollMachine: (call: Call<undefined>) => Promise<unknown>
}

type Handler = (provider: Provider, call: Call<undefined>) => Promise<unknown>

type Row = {
  readonly id: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Everything that a provider serves is for strangers: it is how they stop being that. */
  readonly need: 'public'
  readonly handle: Handler
}

const tenant = `/${tenantParameter}`

// prettier-ignore
const rows: readonly Row[] = [
  { id: 'identity.v1.configuration', method: 'GET',  path: `${tenant}/.well-known/openid-configuration`,      need: 'public', handle: configuration('1.0') },
  { id: 'identity.v2.configuration', method: 'GET',  path: `${tenant}/v2.0/.well-known/openid-configuration`, need: 'public', handle: configuration('2.0') },
  { id: 'identity.v1.keys',          method: 'GET',  path: `${tenant}/discovery/keys`,                        need: 'public', handle: publishedKeys },
  { id: 'identity.v2.keys',          method: 'GET',  path: `${tenant}/discovery/v2.0/keys`,                   need: 'public', handle: publishedKeys },
  { id: 'identity.keys',             method: 'GET',  path: '/discovery/keys',                                 need: 'public', handle: allKeys },
  { id: 'identity.v1.token',         method: 'POST', path: `${tenant}/oauth2/token`,                          need: 'public', handle: token('1.0') },
  { id: 'identity.v2.token',         method: 'POST', path: `${tenant}/oauth2/v2.0/token`,                     need: 'public', handle: token('2.0') },
  { id: 'identity.v1.token.get',     method: 'GET',  path: `${tenant}/oauth2/token`,                          need: 'public', handle: postOnly },
  { id: 'identity.v2.token.get',     method: 'GET',  path: `${tenant}/oauth2/v2.0/token`,                     need: 'public', handle: postOnly },
  { id: 'identity.v1.deviceCode',    method: 'POST', path: `${tenant}/oauth2/devicecode`,                     need: 'public', handle: deviceCode('1.0') },
  { id: 'identity.v2.deviceCode',    method: 'POST', path: `${tenant}/oauth2/v2.0/devicecode`,                need: 'public', handle: deviceCode('2.0') },
  { id: 'identity.v1.deviceCode.get', method: 'GET', path: `${tenant}/oauth2/devicecode`,                     need: 'public', handle: postOnly },
  { id: 'identity.v2.deviceCode.get', method: 'GET', path: `${tenant}/oauth2/v2.0/devicecode`,                need: 'public', handle: postOnly },
  { id: 'identity.userRealm',        method: 'GET',  path: `${tenant}/userrealm/:userPrincipalName`,          need: 'public', handle: realm },
  { id: 'identity.userInfo',         method: 'GET',  path: '/oidc/userinfo',                                  need: 'public', handle: userInfo },
  { id: 'identity.userInfo.post',    method: 'POST', path: '/oidc/userinfo',                                  need: 'public', handle: userInfo },
  { id: 'identity.machines.enroll',  method: 'POST', path: `${tenant}/machines/enroll`,                       need: 'public', handle: enrollMachine },
]

/** The provider's table, for the walk over all of them. */
export const providerRoutes = describeRoutes(rows)

/** Adds the provider's paths to the application. */
export function mountProvider(app: FastifyInstance, provider: Provider): void {
  mountSurface(
    app,
    {
      name: 'identity',
      routes: rows.map((row): Route<'public', undefined> => ({ ...row, handle: (call) => row.handle(provider, call) })),
      territory: [`${tenant}/*`],
      authorize: (_need: 'public') => undefined,
      renderError: (error, request, reply) => renderEntraError(provider, error, request, reply),
      notFound: () => new EntraError('notFound'),
    },
    acceptForms,
  )
}

/** What everybody may read, an application that is a page in a browser reads too, from its own origin. [Fetch §3.3.3] */
const readByPages = { 'access-control-allow-origin': '*' } as const

function configuration(version: TokenVersion): Handler {
  return async ({ directory, publicOrigin, grantTypes }, { params, reply }) => {
    const addressed = await requireTenant(directory, params['tenant'] ?? '')
    reply.headers({ ...readByPages, 'cache-control': 'public, max-age=3600' })
    return openIdConfiguration({ publicOrigin, grantTypes }, addressed, version)
  }
}

async function publishedKeys(provider: Provider, call: Call<undefined>): Promise<unknown> {
  await requireTenant(provider.directory, call.params['tenant'] ?? '')
  return allKeys(provider, call)
}

async function allKeys({ keys }: Provider, { reply }: Call<undefined>): Promise<unknown> {
  // A new key signs at once, so what is cached must soon be looked at again.
  reply.headers({ ...readByPages, 'cache-control': 'public, max-age=300' })
  await keys.current()
  return { keys: await keys.publicKeys() }
}

function token(version: TokenVersion): Handler {
  return (provider, call) => provider.token(call, version)
}

function enrollMachine(provider: Provider, call: Call<undefined>): Promise<unknown> {
  return provider.enrollMachine(call)
}

async function postOnly(_provider: Provider, { reply }: Call<undefined>): Promise<never> {
  reply.header('allow', 'POST')
  throw new EntraError('wrongMethod', ['POST'])
}

function deviceCode(version: TokenVersion): Handler {
  return (provider, call) => provider.deviceCode(call, version)
}

async function realm({ directory, publicOrigin }: Provider, { params, reply }: Call<undefined>): Promise<unknown> {
  reply.header('cache-control', 'no-store')
  await requireTenant(directory, params['tenant'] ?? '')
  return userRealm(directory, publicOrigin)
}

function userInfo(provider: Provider, call: Call<undefined>): Promise<unknown> {
  return provider.userInfo(call)
}

function renderEntraError(
  { clock, log }: Provider,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): unknown {
  const error = toEntraError(thrown)
  if (error.status >= 500) log.error({ id: request.id, err: thrown }, 'the identity provider failed')
  const outage = outageOf(thrown)
  if (outage !== undefined) reply.header('retry-after', String(outage.retryAfterSeconds))
  reply.header('cache-control', 'no-store')
  const clientRequestId = request.headers['client-request-id']
  const correlationId = (typeof clientRequestId === 'string' && parseGuid(clientRequestId)) || request.id
  return reply.code(error.status).send(entraErrorBody(error, request.id, correlationId, clock.now()))
}

function toEntraError(thrown: unknown): EntraError {
  if (thrown instanceof EntraError) return thrown
  const outage = outageOf(thrown)
  if (outage !== undefined) {
    const kind = outage.kind === 'disk-full' ? 'diskFull' : 'databaseBusy'
    return new EntraError(kind, [outage.message], { cause: thrown })
  }
  return new EntraError(clientStatusOf(thrown) === undefined ? 'internal' : 'malformed', [], { cause: thrown })
}
