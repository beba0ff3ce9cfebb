import { generateKeyPairSync } from 'node:crypto'
import { Provider } from 'oidc-provider'
import { form, request } from './http.ts'
import { stringAt } from './json.ts'
import { serveHttps, type HttpsServer } from './token-issuer.ts'

/** Another program's OpenID provider, whose own clients get tokens of it. */
export interface ClientIssuer extends HttpsServer {
  /** The subject of its tokens. */
  readonly clientId: string
  /** A token for this audience, as its token endpoint gives it to its client. */
  token(audience: string): Promise<string>
}

/** Starts an `oidc-provider` that gives JWTs to a client of its own. Needs `openssl`. */
export async function startClientIssuer(): Promise<ClientIssuer> {
  const clientId = 'a-build'
  const clientSecret = 'the secret that the build has there'
  const signingKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  const server = await serveHttps((origin) => {
    const provider = new Provider(origin, {
      jwks: { keys: [{ ...signingKey, kid: 'of-the-provider', use: 'sig', alg: 'RS256' }] },
      clients: [
        {
          client_id: clientId,
          client_secret: clientSecret,
          grant_types: ['client_credentials'],
          response_types: [],
          redirect_uris: [],
        },
      ],
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_context: unknown, resource: string) => ({
            scope: '',
            audience: resource,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
    })
    return provider.callback()
  })
  const token = async (audience: string): Promise<string> => {
    const authorization = `Basic ${Buffer.from(`${clientId}:${encodeURIComponent(clientSecret)}`).toString('base64')}`
    const { body, headers } = form({ grant_type: 'client_credentials', resource: audience })
    const answer = await request({
      method: 'POST',
      url: `${server.origin}/token`,
      caFile: server.caFile,
      headers: { ...headers, authorization },
      body,
    })
    return stringAt(answer.json(), 'access_token')
  }
  return { ...server, clientId, token }
}
