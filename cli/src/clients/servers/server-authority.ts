import { X509Certificate } from 'node:crypto'
import https from 'node:https'
import tls from 'node:tls'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import { readResponse } from '../http/read-response.ts'

const timeoutMs = 20_000
const maxPemBytes = 64 * 1024

/**
 * Finds the authority that issued the certificate of a server, at `/ca.pem` or in the TLS handshake. The authority is
 * not trusted yet: the user compares its fingerprint. No other request is sent without verification.
 *
 * @throws CommandFailure if the server shows no authority that issued its certificate
 */
export async function fetchAuthority({ log }: CommandContext, server: URL): Promise<string> {
  const served = await fetchUnverified(new URL('/ca.pem', server)).catch((error: unknown) => {
    log.debug(`GET /ca.pem failed: ${plainReason(error)}`)
    return undefined
  })
  const candidates = [...(served === undefined ? [] : [served]), ...(await handshakeAuthorities(server))]
  for (const pem of candidates) if (await isIssuer(pem, server)) return pem
  throw failure(
    `the server ${server.origin} does not provide the certificate authority that signed the server's certificate`,
    'copy the certificate authority from the server, and add --ca-file FILE',
  )
}

async function fetchUnverified(url: URL): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>()
  const options = { rejectUnauthorized: false, agent: false, signal: AbortSignal.timeout(timeoutMs) } as const
  https
    .get(url, options, (response) => {
      if (response.statusCode !== 200) {
        response.destroy()
        resolve(undefined)
        return
      }
      readResponse(response, maxPemBytes).then((bytes) => resolve(bytes.toString()), reject)
    })
    .on('error', reject)
  return authorityIn((await promise) ?? '')
}

/**
 * Only the first certificate is used: the user compares the fingerprint of this certificate, and must not trust further
 * certificates.
 */
function authorityIn(pem: string): string | undefined {
  try {
    const certificate = new X509Certificate(pem)
    return certificate.ca ? certificate.toString() : undefined
  } catch {
    return undefined
  }
}

/** The self-signed certificates at the end of the chain in the handshake. */
async function handshakeAuthorities(server: URL): Promise<string[]> {
  const socket = await connect(server, { rejectUnauthorized: false })
  const chain: X509Certificate[] = []
  for (let each = socket.getPeerX509Certificate(); each !== undefined; each = each.issuerCertificate) {
    if (chain.some(({ fingerprint256 }) => fingerprint256 === each?.fingerprint256)) break
    chain.push(each)
  }
  socket.destroy()
  return chain.filter((each) => each.checkIssued(each)).map(String)
}

/** Whether the server's certificate is valid with only this authority. */
async function isIssuer(ca: string, server: URL): Promise<boolean> {
  try {
    ;(await connect(server, { ca })).destroy()
    return true
  } catch {
    return false
  }
}

function connect({ hostname, port }: URL, options: tls.ConnectionOptions): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const host = hostname.replace(/^\[|\]$/g, '')
    const socket = tls.connect({ host, port: Number(port === '' ? 443 : port), servername: host, ...options })
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('the server did not respond in time')))
    socket.once('secureConnect', () => resolve(socket))
    socket.once('error', reject)
  })
}
