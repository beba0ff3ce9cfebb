import type { IncomingMessage } from 'node:http'
import type { Origin } from '../../platform/http/app.ts'
import { type Form, parseForm } from '@acrux/shared/standards/http/form.ts'
import { type AccessScope, parseAccessScopes } from '@acrux/shared/standards/oauth/access-scope.ts'
import { withoutDefaultPort } from '@acrux/shared/standards/azure/login-server.ts'
import type { Registry } from '../../resources/index.ts'
import { TokenError } from './errors.ts'
import type { TokenContext } from './context.ts'
import type { IssuedEvents } from './issued-events.ts'

/** One request to a handler. */
export type TokenCall = {
  readonly request: IncomingMessage
  readonly registry: Registry
  readonly origin: Origin
  /** The revision of authority, read before the registry. */
  readonly revision: number
  /** The unparsed form, or the unparsed query of a GET. */
  readonly parameters: string
  /** Records what is issued. */
  readonly issued: IssuedEvents
}

/** Parses a form or query. @throws TokenError 400 if it is malformed */
export function requireForm(parameters: string): Form {
  const form = parseForm(parameters)
  if (form === undefined) throw new TokenError('BAD_REQUEST', 'the form is malformed')
  return form
}

/**
 * The value of a parameter.
 *
 * @throws TokenError 400 if it is repeated. [RFC 6749 §3.2]
 */
export function field(form: Form, name: string): string | undefined {
  const values = form.get(name)
  if (values !== undefined && values.length > 1) throw new TokenError('BAD_REQUEST', `${name} is repeated`)
  return values?.[0]
}

/** @throws TokenError 400 unless `service` is absent or names this registry, in any case, with or without the default port */
export function requireService({ defaultPort, resources }: TokenContext, form: Form, registry: Registry): void {
  const service = field(form, 'service')
  if (service === undefined || service === '') return
  const named = withoutDefaultPort(service.toLowerCase(), defaultPort)
  if (named === registry.loginServer || named === registry.reachedAt) return
  // A registry answers at both of its hosts. `az` guesses the second if it may not read the registry.
  if (named === resources.loginServerFor(registry.name)) return
  throw new TokenError('BAD_REQUEST', 'service does not name this registry')
}

/** The requested access. `scope` can be repeated and can contain several scopes; invalid ones are ignored. [acr-protocol §1.5] */
export function requestedAccess(form: Form): AccessScope[] {
  return parseAccessScopes(form.get('scope') ?? [])
}
