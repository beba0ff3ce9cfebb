import type { X509Certificate } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import https from 'node:https'
import { TLSSocket } from 'node:tls'
import { trustedCertificates } from '../../clients/http/http.ts'
import { readResponse } from '../../clients/http/read-response.ts'
import { version } from '../../framework/environment/version.ts'

const timeoutMs = 20_000
const maxBodyBytes = 64 * 1024

/** The response to a request without credentials, and the properties of the connection. */
export type Probe = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The certificate of the server, followed by the certificates that the server sent or that this machine trusts. */
  readonly chain: readonly X509Certificate[]
  /**
   * The reason why the certificate is not trusted, as a code of OpenSSL or Node. Undefined if the certificate is
   * trusted.
   */
  readonly distrust: string | undefined
  /** The time of this machine halfway between request and response, in milliseconds since the epoch. */
  readonly atMs: number
}

/**
 * Sends `GET /v2/` without credentials. To find the reason of a failure, the function also connects to a server with an
 * untrusted certificate. The function uses the proxy of the environment. @throws the error of the connection
 */
export async function sendProbe(
  host: string,
  ca: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Probe> {
  const proxyEnv = env as NodeJS.ProcessEnv
  const agent = new https.Agent({ proxyEnv, ca: ca ?? trustedCertificates(), rejectUnauthorized: false })
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const startedMs = Date.now()
  https
    .get(`https://${host}/v2/`, {
      agent,
      signal: AbortSignal.timeout(timeoutMs),
      headers: { 'user-agent': `acrux/${version}` },
    })
    .once('response', resolve)
    .once('error', reject)
  const response = await promise
  const atMs = (startedMs + Date.now()) / 2
  const { socket } = response
  if (!(socket instanceof TLSSocket)) throw new Error('the connection is not encrypted')
  const chain = chainOf(socket)
  const distrust = socket.authorized ? undefined : String(socket.authorizationError)
  const body = await readResponse(response, maxBodyBytes)
  agent.destroy()
  return { status: response.statusCode ?? 0, headers: response.headers, body, chain, distrust, atMs }
}

function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = []
  for (let each = socket.getPeerX509Certificate(); each !== undefined; each = each.issuerCertificate) {
    const { fingerprint256 } = each
    if (chain.some((other) => other.fingerprint256 === fingerprint256)) break
    chain.push(each)
  }
  return chain
}
