import { parseAuthorization } from '../standards/http/authorization-header.ts'
import { EntraError } from './entra-errors.ts'
import type { TokenForm } from './token-form.ts'

/** A client id and the secret that came with it, if one did. */
export type ClientCredentials = {
  readonly clientId: string
  readonly clientSecret: string | undefined
  /** Whether they came in the `Authorization` header, so that a refusal must name the scheme. [RFC 6749 §5.2] */
  readonly basic: boolean
}

/** One way to prove a client, and not two. [RFC 6749 §2.3] @throws EntraError */
export function readClientCredentials(form: TokenForm, authorizationHeader: string | undefined): ClientCredentials {
  const clientId = form.get('client_id')
  const clientSecret = form.get('client_secret')
  const authorization = parseAuthorization(authorizationHeader)
  switch (authorization.scheme) {
    case 'none': {
      if (clientId === undefined || clientId === '') throw new EntraError('missingParameter', ['client_id'])
      return { clientId, clientSecret: clientSecret === '' ? undefined : clientSecret, basic: false }
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

/** Both halves of Basic are form-encoded first. [RFC 6749 §2.3.1] */
function decodeFormText(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
