import { parseAuthorization } from '@acrux/shared/standards/http/authorization-header.ts'
import { EntraError } from '../tokens/errors.ts'
import type { TokenForm } from '../tokens/token-form.ts'

/** The client id of a token request, and the client secret if the request has one. */
export type ClientIdAndSecret = {
  readonly clientId: string
  readonly clientSecret: string | undefined
}

/** Reads them from the form or from the `Authorization` header, never from both. [RFC 6749 §2.3] @throws EntraError */
export function requireClientIdAndSecret(form: TokenForm, authorizationHeader: string | undefined): ClientIdAndSecret {
  const clientId = form.get('client_id')
  const clientSecret = form.get('client_secret')
  const authorization = parseAuthorization(authorizationHeader)
  switch (authorization.scheme) {
    case 'none': {
      if (clientId === undefined || clientId === '') throw new EntraError('missingParameter', ['client_id'])
      return { clientId, clientSecret: clientSecret === '' ? undefined : clientSecret }
    }
    case 'basic': {
      const user = decodeFormText(authorization.username)
      const password = decodeFormText(authorization.password)
      if (user === undefined || password === undefined || clientSecret !== undefined) throw new EntraError('malformed')
      if (clientId !== undefined && clientId !== user) throw new EntraError('malformed')
      return { clientId: user, clientSecret: password }
    }
    default:
      throw new EntraError('malformed')
  }
}

/** Decodes a part of the Basic credentials, which are form-encoded. [RFC 6749 §2.3.1] */
function decodeFormText(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
