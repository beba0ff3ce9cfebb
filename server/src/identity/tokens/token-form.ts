import type { Form } from '@acrux/shared/standards/http/form.ts'
import { EntraError } from './errors.ts'

/** The form of a request, without duplicate parameters. */
export type TokenForm = ReadonlyMap<string, string>

/** The parameters of a token request. Parameters in the URL are denied, because URLs are logged. */
const tokenParameters = [
  'grant_type',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'scope',
  'resource',
  'username',
  'password',
  'code',
  'code_verifier',
  'device_code',
  'refresh_token',
] as const

/** Requires a form without duplicate parameters. @throws EntraError */
export function requireTokenForm(body: unknown, query: unknown): TokenForm {
  for (const name of tokenParameters) {
    if (typeof query === 'object' && query !== null && Object.hasOwn(query, name)) {
      throw new EntraError('parameterInUrl', [name])
    }
  }
  const values = new Map<string, string>()
  for (const [name, [value, ...more]] of isForm(body) ? body : []) {
    if (more.length > 0) throw new EntraError('duplicated', [name])
    if (value !== undefined) values.set(name, value)
  }
  return values
}

function isForm(body: unknown): body is Form {
  return body instanceof Map
}
