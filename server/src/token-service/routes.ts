import type { RouteDescription } from '../platform/http/surface.ts'
import type { KeyRing } from '../platform/keys/key-ring.ts'
import { exchange } from './exchange.ts'
import { getToken, postToken } from './token.ts'
import type { TokenCall } from './token-request.ts'
import type { TokenRooms } from './token-rooms.ts'

/** A row of the table. The endpoints prove credentials themselves, which they find in the form, the query or the header. */
export type TokenRoute = RouteDescription & {
  readonly method: 'GET' | 'POST'
  readonly need: 'public' | 'credential-in-request'
  /** Gives the document of the answer, as JSON. */
  readonly handle: (call: TokenCall) => Promise<string>
}

/** The table of `/oauth2/*`. A wrong method is answered like a path that is not there, as ACR does. [Azure/acr#166] */
export function tokenRoutes(rooms: TokenRooms, keys: KeyRing): readonly TokenRoute[] {
  // prettier-ignore
  return [
    { id: 'token.exchange', method: 'POST', path: '/oauth2/exchange', need: 'credential-in-request',
      handle: (call) => exchange(rooms, call) },
    { id: 'token.post',     method: 'POST', path: '/oauth2/token',    need: 'credential-in-request',
      handle: (call) => postToken(rooms, call) },
    { id: 'token.get',      method: 'GET',  path: '/oauth2/token',    need: 'credential-in-request',
      handle: (call) => getToken(rooms, call) },
    { id: 'token.keys',     method: 'GET',  path: '/oauth2/keys',     need: 'public',
      handle: async () => JSON.stringify({ keys: await keys.publicKeys() }) },
  ]
}
