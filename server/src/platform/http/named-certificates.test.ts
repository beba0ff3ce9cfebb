import assert from 'node:assert/strict'
import { KeyObject } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { type SecureVersion, type TLSSocket, connect, createSecureContext, createServer } from 'node:tls'
import { selfSignedCertificate } from '../../../testing/platform/test-certificate.ts'
import { chooseByName } from './named-certificates.ts'

const createPair = async () => {
  const startMs = Date.now()
  const { der, pem, privateKey } = await selfSignedCertificate(
    new Date(startMs),
    new Date(startMs + 3_600_000),
    'P-256',
  )
  return {
    der: der.toString('base64'),
    cert: pem,
    key: KeyObject.from(privateKey).export({ type: 'pkcs8', format: 'pem' }),
  }
}

async function certificateShown(socket: TLSSocket): Promise<string | undefined> {
  await once(socket, 'secureConnect')
  const shown = socket.getPeerX509Certificate()?.raw.toString('base64')
  socket.destroy()
  return shown
}

for (const version of ['TLSv1.2', 'TLSv1.3'] satisfies SecureVersion[]) {
  test(`only the ACME provider receives the certificate for a challenge instead of the certificate of the host, over ${version}`, async (t) => {
    const [own, issued, challenge] = [await createPair(), await createPair(), await createPair()]
    const contextFor = (pair: { cert: string; key: string }, host: string) => {
      const context = createSecureContext(pair)
      return (name: string) => (name === host ? context : undefined)
    }
    const named = {
      contextOf: contextFor(issued, 'host.example'),
      challenges: { contextOf: contextFor(challenge, 'host.example') },
    }
    const server = createServer({ ...own, ...chooseByName(named) })
    t.after(() => server.close())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const shownFor = (servername: string, ...protocols: string[]) =>
      certificateShown(
        connect({
          host: '127.0.0.1',
          port,
          servername,
          ALPNProtocols: protocols,
          rejectUnauthorized: false,
          minVersion: version,
          maxVersion: version,
        }),
      )
    assert.equal(await shownFor('host.example', 'acme-tls/1'), challenge.der)
    assert.equal(await shownFor('host.example', 'http/1.1'), issued.der)
    assert.equal(await shownFor('other.example', 'http/1.1'), own.der)
  })
}
