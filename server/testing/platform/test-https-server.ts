import https from 'node:https'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { issueAuthority, issueServerCertificate } from '../../src/platform/tls/issue.ts'

/** A server on a loopback address. Only clients with `ca` trust the certificate of the server. */
export async function openTestHttpsServer(handler: RequestListener, dnsNames: readonly string[] = ['localhost']) {
  const nowMs = Date.now()
  const authority = await issueAuthority(nowMs)
  const hosts = { dnsNames: [...dnsNames], addresses: ['127.0.0.1'] }
  const { cert, key } = await issueServerCertificate(authority, hosts, nowMs)
  const server = https.createServer({ cert, key }, handler)
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle))
  const { port } = server.address() as AddressInfo
  const close = async () => {
    server.closeAllConnections()
    await new Promise((settle) => server.close(settle))
  }
  return { origin: `https://127.0.0.1:${port}`, port, ca: authority.cert, close }
}
