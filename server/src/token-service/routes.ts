import type { ResponseSchema, RouteDescription } from '../platform/http/surface.ts'
import type { KeyRing } from '../platform/keys/key-ring.ts'
import { exchange } from './endpoint/exchange.ts'
import { exchangeResponse, keySet, tokenResponse } from './endpoint/responses.ts'
import { getToken, postToken } from './endpoint/token.ts'
import type { TokenCall } from './endpoint/token-request.ts'
import type { TokenContext } from './endpoint/context.ts'

/** A row of the table. The handlers verify the credentials, which are in the form, the query or the header. */
export type TokenRoute = RouteDescription & {
  readonly need: 'public' | 'credential-in-request'
  readonly response: ResponseSchema
  /** Returns the JSON text of the response. */
  readonly handle: (call: TokenCall) => Promise<string>
} & ({ readonly method: 'GET'; readonly body?: never } | { readonly method: 'POST'; readonly body: 'form' })

/** The table of `/oauth2/*`. Like ACR, it answers a wrong method like an unknown path. [Azure/acr#166] */
export function tokenRoutes(context: TokenContext, keys: KeyRing): readonly TokenRoute[] {
  // prettier-ignore
  return [
    { id: 'token.exchange', method: 'POST', path: '/oauth2/exchange', need: 'credential-in-request', cost: 'small', body: 'form', response: exchangeResponse,
      handle: (call) => exchange(context, call) },
    { id: 'token.post',     method: 'POST', path: '/oauth2/token',    need: 'credential-in-request', cost: 'small', body: 'form', response: tokenResponse,
      handle: (call) => postToken(context, call) },
    { id: 'token.get',      method: 'GET',  path: '/oauth2/token',    need: 'credential-in-request', cost: 'small', response: tokenResponse,
      handle: (call) => getToken(context, call) },
    { id: 'token.keys',     method: 'GET',  path: '/oauth2/keys',     need: 'public',                cost: 'small', response: keySet,
      handle: async () => JSON.stringify({ keys: await keys.publicKeys() }) },
  ]
}
