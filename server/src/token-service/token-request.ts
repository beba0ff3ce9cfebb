import type { IncomingMessage } from 'node:http'
import type { Origin } from '../platform/http/app.ts'
import { type Form, parseForm } from '../standards/http/form.ts'
import { type AccessScope, parseAccessScopes } from '../standards/oauth/access-scope.ts'
import { withoutDefaultPort } from '../standards/azure/login-server.ts'
import type { Registry } from '../resources/index.ts'
import { TokenError } from './errors.ts'
import type { TokenRooms } from './token-rooms.ts'

/** One request on its way through a handler. */
export type TokenCall = {
  readonly request: IncomingMessage
  readonly registry: Registry
  readonly origin: Origin
  /** The revision of authority, read before the registry was. */
  readonly revision: number
  /** The form that was sent, or for a GET what follows the question mark, as it is. */
  readonly parameters: string
}

/** @throws TokenError 400 for what is no form: a body as it was sent, or a query. */
export function requireForm(parameters: string): Form {
  const form = parseForm(parameters)
  if (form === undefined) throw new TokenError('BAD_REQUEST', 'the form is malformed')
  return form
}

/**
 * A parameter that may be there once.
 *
 * @throws TokenError 400 when it is repeated, since no two readers agree which one counts. [RFC 6749 §3.2]
 */
export function field(form: Form, name: string): string | undefined {
  const values = form.get(name)
  if (values !== undefined && values.length > 1) throw new TokenError('BAD_REQUEST', `${name} is repeated`)
  return values?.[0]
}

/** @throws TokenError 400 unless `service` is absent or names this registry, in any case, with or without the usual port. */
export function requireService({ defaultPort, resources }: TokenRooms, form: Form, registry: Registry): void {
  const service = field(form, 'service')
  if (service === undefined || service === '') return
  const named = withoutDefaultPort(service.toLowerCase(), defaultPort)
  if (named === registry.loginServer || named === registry.reachedAt) return
  // A registry answers at both of its hosts. `az` guesses the second where it may not read the registry.
  if (named === withoutDefaultPort(resources.loginServerFor(registry.name), defaultPort)) return
  throw new TokenError('BAD_REQUEST', 'service does not name this registry')
}

/** What is asked for: `scope` may be repeated and may hold several, and what is no scope is left out. [acr-protocol §1.5] */
export function askedAccess(form: Form): AccessScope[] {
  return parseAccessScopes(form.get('scope') ?? [])
}
