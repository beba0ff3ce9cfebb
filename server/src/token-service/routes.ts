import type { IncomingMessage } from 'node:http'
import type { Origin } from '../platform/http/app.ts'
import type { RouteDescription } from '../platform/http/surface.ts'
import type { KeyRing } from '../platform/signing-keys/key-ring.ts'
import type { Registry } from '../resources/index.ts'
import type { Form } from '../spec/form.ts'
import { exchange } from './exchange.ts'
import { getToken, postToken } from './token.ts'
import type { TokenRooms } from './token-rooms.ts'

/** One request on its way through a handler. */
export type TokenCall = {
  readonly request: IncomingMessage
  readonly registry: Registry
  readonly origin: Origin
  /** What follows the question mark, as it was sent. */
  readonly query: string
  /** Without fields, where no body is read. */
  readonly form: Form
}

/** A row of the table. The endpoints prove credentials themselves, which they find in the form, the query or the header. */
export type TokenRoute = RouteDescription & {
  readonly method: 'GET' | 'POST'
  readonly need: 'public' | 'credential-in-request'
  /** Gives the document of the answer. */
  readonly handle: (call: TokenCall) => Promise<object>
}

/** The table of `/oauth2/*`. A wrong method is answered like a path that is not there, as ACR does. [Azure/acr#166] */
export function tokenRoutes(rooms: TokenRooms, keys: KeyRing): readonly TokenRoute[] {
  // prettier-ignore
  return [
    { id: 'token.exchange', method: 'POST', path: '/oauth2/exchange', need: 'credential-in-request',
      handle: ({ registry, form, origin }) => exchange(rooms, registry, form, origin) },
    { id: 'token.post',     method: 'POST', path: '/oauth2/token',    need: 'credential-in-request',
      handle: ({ registry, form, origin }) => postToken(rooms, registry, form, origin) },
    { id: 'token.get',      method: 'GET',  path: '/oauth2/token',    need: 'credential-in-request',
      handle: ({ request, registry, query, origin }) => getToken(rooms, registry, query, request.headers.authorization, origin) },
    { id: 'token.keys',     method: 'GET',  path: '/oauth2/keys',     need: 'public',
      handle: async () => ({ keys: await keys.publicKeys() }) },
  ]
}
