import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { arm, createRegistry, expectStatus } from '../harness/arm.ts'
import { requireClient } from '../harness/clients.ts'
import { freePort } from '../harness/free-port.ts'
import { request } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { until } from '../harness/until.ts'
import { freePlace, runAcrux } from './acrux.ts'
import { startPebble, type Pebble } from './pebble.ts'

const publicHost = 'registry.example.test'

/** The certificate that a client gets that requests `servername`, verified or not. */
async function shownAt(port: number, servername: string): Promise<X509Certificate> {
  const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const shown = socket.getPeerX509Certificate()
  socket.destroy()
  assert.ok(shown !== undefined)
  return shown
}

const isIssued = ({ issuer }: X509Certificate): boolean => /CN=Pebble/.test(issuer)

async function untilIssued(port: number, host: string): Promise<X509Certificate> {
  let shown = await shownAt(port, host)
  await until(`a certificate for ${host} is issued`, async () => {
    shown = await shownAt(port, host)
    return isIssued(shown)
  })
  return shown
}

function acmeArguments(pebble: Pick<Pebble, 'directory' | 'caFile'>): string[] {
  return ['--tls-acme-directory', pebble.directory, '--tls-acme-ca-file', pebble.caFile, '--tls-acme-accept-terms']
}

/** The lines of the server's log with this message. */
function logged(server: RunningServer, message: string): Record<string, unknown>[] {
  const lines = server
    .output()
    .split('\n')
    .filter((line) => line.includes(`"msg":"${message}"`))
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** The certificates that the management API reports, by host; those with problems are first. */
async function certificatesOf(server: RunningServer): Promise<ReadonlyMap<string, unknown>> {
  const path = `/subscriptions/${server.firstRun.subscriptionId}/providers/Acrux.Server/certificates`
  const rows = listAt(expectStatus(await arm(server, 'GET', path), 200).json(), 'value')
  assert.equal(at(rows[0], 'acme', 'state'), 'failed')
  return new Map(rows.map((row) => [stringAt(row, 'host'), row]))
}

async function troubledComponents(server: RunningServer, caFile: string): Promise<string[]> {
  const answer = await request({ url: `https://localhost:${server.port}/readyz`, caFile })
  assert.equal(answer.status, 200)
  const { components } = answer.json() as { components: readonly { name: string; state: string }[] }
  return components.filter(({ state }) => state !== 'ok').map(({ name }) => name)
}

const [registered, failed] = ['registered an account at the ACME provider', 'the ACME provider issued no certificate']

test('Certificates for the public host and every registry come from an ACME provider by TLS-ALPN-01, and are renewed', async (t) => {
  if (!requireClient(t, 'pebble', 'openssl')) return
  const port = await freePort()
  const isKnown = (name: string) => name !== 'missing.registries.test'
  await using pebble = await startPebble({ tlsPort: port, validitySeconds: 90, isKnown })
  const args = [...acmeArguments(pebble), '--suffix', '.registries.test']
  await using server = await startServer({ port, publicHost, args })
  using folder = tempDir('acme')
  const rootFile = join(folder.path, 'root.pem')
  const bothFile = join(folder.path, 'both.pem')
  writeFileSync(rootFile, await pebble.root())
  writeFileSync(bothFile, readFileSync(rootFile, 'utf8') + readFileSync(server.caFile, 'utf8'))

  assert.equal(isIssued(await shownAt(port, publicHost)), false, 'the server serves its own certificate at first')
  const first = await untilIssued(port, publicHost)
  const trusted = await request({ url: `https://${publicHost}:${port}/v2/`, caFile: rootFile })
  assert.equal(trusted.status, 401)
  assert.equal(isIssued(await shownAt(port, 'localhost')), false)
  assert.deepEqual(await troubledComponents(server, server.caFile), [])

  const { loginServer } = await createRegistry({ ...server, caFile: bothFile }, 'fabrikam')
  assert.equal(loginServer, 'fabrikam.registries.test')
  const other = await untilIssued(port, loginServer)
  assert.deepEqual([other.checkHost(loginServer), other.checkHost(publicHost)], [loginServer, undefined])

  await createRegistry({ ...server, caFile: bothFile }, 'missing')
  await until('the rejected order is logged', () => logged(server, failed).length > 0)
  const [line] = logged(server, failed)
  assert.equal(line?.['host'], 'missing.registries.test')
  assert.match(String(line['reason']), /could not verify missing\.registries\.test by tls-alpn-01: Could not resolve/)
  assert.ok(Date.parse(String(line['retryAt'])) > Date.now(), 'the order is not repeated at once')
  assert.deepEqual(await troubledComponents(server, server.caFile), ['acme'])
  const hosts = await certificatesOf({ ...server, caFile: bothFile })
  assert.deepEqual(at(hosts.get(publicHost), 'acme', 'state'), 'issued')
  assert.match(stringAt(hosts.get(publicHost), 'issuer'), /CN=Pebble/)
  const missing = hosts.get('missing.registries.test')
  assert.deepEqual(
    ['own', 'failed', 1],
    [at(missing, 'source'), at(missing, 'acme', 'state'), at(missing, 'acme', 'failures')],
  )
  assert.equal(at(missing, 'acme', 'lastError'), line['reason'])
  assert.equal(at(missing, 'acme', 'nextAttemptAt'), line['retryAt'])

  await until('the certificate is renewed', async () => {
    return (await shownAt(port, publicHost)).fingerprint256 !== first.fingerprint256
  })
  const renewed = await shownAt(port, publicHost)
  assert.ok(isIssued(renewed))
  assert.equal(logged(server, failed).length, 1)

  await server.restart()
  const afterRestart = await shownAt(port, publicHost)
  assert.equal(afterRestart.fingerprint256, renewed.fingerprint256, 'the stored certificate is used at once')
  await createRegistry({ ...server, caFile: bothFile }, 'contoso')
  await untilIssued(port, 'contoso.registries.test')
  assert.equal(logged(server, registered).length, 1, 'the account is used again')
  await server.stop()
  const database = readFileSync(join(server.dataDir, 'acrux.db'), 'latin1')
  assert.ok(database.includes('BEGIN CERTIFICATE'))
  assert.doesNotMatch(database, /PRIVATE KEY/)
})

test('Every worker answers the challenges of an ACME provider, gets its certificates, and resumes sessions with them', async (t) => {
  if (!requireClient(t, 'pebble', 'openssl')) return
  const port = await freePort()
  await using pebble = await startPebble({ tlsPort: port })
  const args = [...acmeArguments(pebble), '--workers', '2', '--suffix', '.registries.test']
  await using server = await startServer({ port, publicHost, args })
  const everywhere = () => Promise.all(Array.from({ length: 24 }, () => shownAt(port, publicHost)))
  await until('all workers have the certificate', async () => (await everywhere()).every(isIssued))
  assert.equal(logged(server, failed).length, 0)
  const session = await new Promise<Buffer>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, servername: publicHost, rejectUnauthorized: false })
    socket.once('session', (ticket) => {
      socket.destroy()
      resolve(ticket)
    })
  })
  const resumed = Array.from({ length: 24 }, async () => {
    const socket = connect({ host: '127.0.0.1', port, servername: publicHost, rejectUnauthorized: false, session })
    await once(socket, 'secureConnect')
    const isReused = socket.isSessionReused()
    socket.destroy()
    return isReused
  })
  assert.deepEqual([...new Set(await Promise.all(resumed))], [true])
  await server.restart()
  assert.ok((await everywhere()).every(isIssued), 'the stored certificate is used at once')
})

test('HTTP-01 and external account binding get a certificate, and the listener for challenges serves nothing else', async (t) => {
  if (!requireClient(t, 'pebble', 'openssl')) return
  const httpPort = await freePort()
  const hmacKey = Buffer.alloc(32, 7).toString('base64url')
  await using pebble = await startPebble({ httpPort, externalKeys: { 'kid-1': hmacKey } })
  using folder = tempDir('acme')
  const keyFile = join(folder.path, 'eab')
  writeFileSync(keyFile, `${hmacKey}\n`, { mode: 0o600 })
  const binding = ['--tls-acme-eab-key-id', 'kid-1', '--tls-acme-eab-key-file', keyFile]
  const challenges = ['--tls-acme-http-listen', `127.0.0.1:${httpPort}`, '--tls-acme-email', 'operator@example.com']
  await using server = await startServer({ publicHost, args: [...acmeArguments(pebble), ...binding, ...challenges] })
  await untilIssued(server.port, publicHost)
  assert.equal(logged(server, failed).length, 0)
  for (const path of [
    '/',
    '/v2/',
    '/healthz',
    '/.well-known/acme-challenge/',
    `/.well-known/acme-challenge/${'a'.repeat(43)}`,
  ]) {
    assert.equal((await request({ url: `http://127.0.0.1:${httpPort}${path}` })).status, 404, path)
  }
})

test('A provider that rejects the account, or cannot be reached, does not stop the server', async (t) => {
  if (!requireClient(t, 'pebble', 'openssl')) return
  await using pebble = await startPebble({ externalKeys: { 'kid-1': Buffer.alloc(32, 7).toString('base64url') } })
  await using unbound = await startServer({ publicHost, args: acmeArguments(pebble) })
  await using unreachable = await startServer({
    publicHost,
    args: ['--tls-acme-directory', 'https://127.0.0.1:9/dir', '--tls-acme-accept-terms'],
  })
  for (const [server, reason] of [
    [unbound, /rejected the request: .*\(externalAccountRequired\)/],
    [unreachable, /127\.0\.0\.1:9 could not be reached: .*ECONNREFUSED/],
  ] as const) {
    await until('the failure is logged', () => logged(server, failed).length > 0)
    assert.match(String(logged(server, failed)[0]?.['reason']), reason)
    assert.deepEqual(await troubledComponents(server, server.caFile), ['acme'])
    const answer = await request({ url: `${server.baseUrl}/v2/`, caFile: server.caFile })
    assert.equal(answer.status, 401, 'the server uses its own certificate')
    assert.equal((await server.stop()).code, 0)
  }
})

test('Settings of an ACME provider that cannot work end the start', async () => {
  using place = await freePlace()
  using folder = tempDir('acme')
  const keyFile = join(folder.path, 'eab')
  writeFileSync(keyFile, 'not a key!\n', { mode: 0o600 })
  const directory = ['--tls-acme-directory', 'https://acme.example.com/directory']
  const accepted = [...directory, '--tls-acme-accept-terms']
  const cases: readonly [args: readonly string[], code: number, words: RegExp][] = [
    [directory, 2, /read the terms of service of the ACME provider, and set tls\.acme\.acceptTerms to true/],
    [['--tls-acme-directory', 'http://acme.example.com/directory'], 2, /must be an https URL/],
    [[...accepted, '--http'], 2, /omit http and tlsCert/],
    [[...accepted, '--tls-cert', keyFile, '--tls-key', keyFile], 2, /omit http and tlsCert/],
    [[...accepted, '--tls-acme-eab-key-id', 'kid-1'], 2, /needs both tls\.acme\.eabKeyId and tls\.acme\.eabKeyFile/],
    [
      [...accepted, '--tls-acme-eab-key-id', 'kid-1', '--tls-acme-eab-key-file', keyFile],
      2,
      /no HMAC key in base64url/,
    ],
    [[...accepted, '--tls-acme-ca-file', join(folder.path, 'missing.pem')], 15, /cannot be read/],
  ]
  for (const [args, code, words] of cases) {
    const ended = await runAcrux(['serve', ...place.args, ...args])
    assert.equal(ended.code, code, `${args.join(' ')}: ${ended.stderr}`)
    assert.match(ended.stderr, words)
  }
})
