import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The endpoints at which jobs of GitHub Actions and Azure Pipelines request their tokens. */
export interface JobTokenEndpoint extends AsyncDisposable {
  /** The variables that a job of GitHub Actions with the permission `id-token: write` has. */
  readonly github: Readonly<Record<string, string>>
  /** The variables that a job of Azure Pipelines has. The template adds the access token. */
  readonly azure: Readonly<Record<string, string>>
  /** The access token of a job of Azure Pipelines. */
  readonly accessToken: string
}

/** A request for a token. The audience is undefined at Azure Pipelines, which has only one. */
export type TokenRequest = { readonly audience: string | undefined; readonly connection: string | undefined }

/** Starts the endpoints on loopback. `tokenOf` issues the token for a request. */
export async function startJobTokenEndpoint(tokenOf: (request: TokenRequest) => string): Promise<JobTokenEndpoint> {
  const accessToken = 'the-access-token-of-the-runner'
  const answer = (incoming: IncomingMessage): object | undefined => {
    const url = new URL(incoming.url ?? '/', 'http://localhost')
    const parameter = (name: string): string | undefined => url.searchParams.get(name) ?? undefined
    if (incoming.headers.authorization !== `Bearer ${accessToken}`) return undefined
    if (incoming.method === 'GET' && url.pathname === '/github' && parameter('api-version') === '2.0')
      return { count: 2000, value: tokenOf({ audience: parameter('audience'), connection: undefined }) }
    if (incoming.method === 'POST' && url.pathname === '/azure' && parameter('api-version') === '7.1')
      return { oidcToken: tokenOf({ audience: undefined, connection: parameter('serviceConnectionId') }) }
    return undefined
  }
  const server = createServer((incoming, response) => {
    incoming.resume()
    const body = answer(incoming)
    response.writeHead(body === undefined ? 401 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body ?? {}))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    accessToken,
    github: {
      GITHUB_ACTIONS: 'true',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: accessToken,
      ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}/github?api-version=2.0`,
    },
    azure: { TF_BUILD: 'True', SYSTEM_OIDCREQUESTURI: `${origin}/azure` },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
