import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { createRegistry } from '../harness/arm.ts'
import { requireClient } from '../harness/clients.ts'
import { freePort } from '../harness/free-port.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { startReplica } from '../harness/replica.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { startPebble } from '../serve/pebble.ts'

const publicHost = 'registry.example.test'
const issued = 'certificate issued by the ACME provider'

async function shownAt(port: number, servername: string): Promise<X509Certificate> {
  const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const shown = socket.getPeerX509Certificate()
  socket.destroy()
  assert.ok(shown !== undefined)
  return shown
}

async function untilIssued(host: string, servers: readonly RunningServer[]): Promise<void> {
  await until(`all servers have the same certificate for ${host}`, async () => {
    const shown = await Promise.all(servers.map(({ port }) => shownAt(port, host)))
    const ofProvider = shown.filter(({ issuer }) => /CN=Pebble/.test(issuer))
    const fingerprints = new Set(ofProvider.map(({ fingerprint256 }) => fingerprint256))
    return ofProvider.length === servers.length && fingerprints.size === 1
  })
}

for (const kind of ['TLS-ALPN-01', 'HTTP-01'] as const) {
  test(`one of two servers orders a certificate, and the other answers the challenge by ${kind}`, async (t) => {
    if (!requirePostgres(t) || !requireClient(t, 'pebble', 'openssl')) return
    await using postgres = await startTestPostgres()
    const database = postgres.createDatabase('acrux')
    const [port, httpPort, otherHttpPort] = [await freePort(), await freePort(), await freePort()]
    // The provider reaches the second server only. The first runs the jobs.
    await using pebble = await startPebble({ tlsPort: port, httpPort, isKnown: (name) => name !== publicHost })
    const provider = ['--tls-acme-directory', pebble.directory, '--tls-acme-ca-file', pebble.caFile]
    const settings = [...provider, '--tls-acme-accept-terms', '--suffix', '.registries.test']
    const listening = (address: number) =>
      kind === 'HTTP-01' ? ['--tls-acme-http-listen', `127.0.0.1:${address}`] : []
    const args = [...database.args, ...settings, ...listening(otherHttpPort)]
    await using server = await startServer({ publicHost, args })
    await using second = await startReplica(server, database, { port, args: [...settings, ...listening(httpPort)] })
    const { loginServer } = await createRegistry(second, 'fabrikam')
    await untilIssued(loginServer, [server, second])
    await until('the first logs it', () => server.output().includes(issued))
    assert.doesNotMatch(second.output(), /ACME provider/)
    await server.kill()
    const other = await createRegistry(second, 'contoso')
    await untilIssued(other.loginServer, [second])
    await until('the second logs it', () => second.output().includes(issued))
    assert.doesNotMatch(second.output(), /registered an account/)
  })
}
