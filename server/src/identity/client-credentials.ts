import { parseAuthorization } from '../spec/authorization-header.ts'
import type { Form } from '../spec/form.ts'
import { EntraError } from './entra-errors.ts'

/** A client id and the secret that came with it. */
export type ClientCredentials = {
  readonly clientId: string
  readonly clientSecret: string
  /** Whether they came in the `Authorization` header, so that a refusal must name the scheme. [RFC 6749 §5.2] */
  readonly basic: boolean
}

/** The parameters of a token request. A URL that holds one of them is refused: it would be in somebody's log. */
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
  'refresh_token',
] as const

/** The values of a form whose every parameter came once. @throws EntraError */
export function readTokenForm(body: unknown, query: unknown): ReadonlyMap<string, string> {
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

/** One way to prove a client, and not two. [RFC 6749 §2.3] @throws EntraError */
export function readClientCredentials(
  form: ReadonlyMap<string, string>,
  authorizationHeader: string | undefined,
): ClientCredentials {
  const clientId = form.get('client_id')
  const clientSecret = form.get('client_secret')
  const authorization = parseAuthorization(authorizationHeader)
  switch (authorization.scheme) {
    case 'none': {
      if (clientId === undefined || clientId === '') throw new EntraError('missingParameter', ['client_id'])
      if (clientSecret === undefined || clientSecret === '') throw new EntraError('missingSecret')
      return { clientId, clientSecret, basic: false }
    }
    case 'basic': {
      const user = decodeFormText(authorization.username)
      const password = decodeFormText(authorization.password)
      if (user === undefined || password === undefined || clientSecret !== undefined) throw new EntraError('malformed')
      if (clientId !== undefined && clientId !== user) throw new EntraError('malformed')
      return { clientId: user, clientSecret: password, basic: true }
    }
    default:
      throw new EntraError('malformed')
  }
}

function isForm(body: unknown): body is Form {
  return body instanceof Map
}

/** Both halves of Basic are form-encoded first. [RFC 6749 §2.3.1] */
function decodeFormText(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
