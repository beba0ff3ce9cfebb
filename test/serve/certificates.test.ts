import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { test } from 'node:test'
import { createRegistry } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { askHost } from './ask-host.ts'
import { freePlace, runAcrux, startAcrux } from './acrux.ts'

/** The certificate that a client gets that requests `servername`, verified or not. */
async function shownCertificate(port: number, servername = 'localhost'): Promise<X509Certificate> {
  const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const shown = socket.getPeerX509Certificate()
  socket.destroy()
  assert.ok(shown !== undefined)
  return shown
}

/** Waits until the server shows a certificate of which `isNew` holds. */
async function untilShown(port: number, isNew: (shown: X509Certificate) => boolean): Promise<X509Certificate> {
  let shown = await shownCertificate(port)
  await until('a new certificate is shown', async () => {
    shown = await shownCertificate(port)
    return isNew(shown)
  })
  return shown
}

test("The server's own certificate contains every name of the server, and is verified by its authority", async () => {
  await using server = await startServer({ publicHost: 'registry.example.test' })
  const shown = await shownCertificate(server.port, 'registry.example.test')
  for (const host of ['localhost', 'registry.example.test', 'any.azurecr.localhost']) {
    assert.ok(shown.checkHost(host) !== undefined, host)
  }
  for (const address of ['127.0.0.1', '::1']) assert.ok(shown.checkIP(address) !== undefined, address)
  const authority = new X509Certificate(await readFile(server.caFile))
  assert.equal(authority.ca, true)
  assert.ok(shown.checkIssued(authority) && shown.verify(authority.publicKey))
  assert.equal(shown.ca, false)
  const lifeDays = (shown.validToDate.getTime() - shown.validFromDate.getTime()) / 86_400_000
  assert.ok(lifeDays <= 398, `${lifeDays} days are more than strict verifiers accept`)
})

test('A registry that is made while the server runs is reached by its own name at once', async () => {
  await using server = await startServer({ args: ['--suffix', '.registries.test'] })
  const { loginServer } = await createRegistry(server, 'fabrikam')
  assert.equal(loginServer, 'fabrikam.registries.test')
  const shown = await untilShown(server.port, (one) => one.checkHost(loginServer) !== undefined)
  assert.ok(shown.checkHost('localhost') !== undefined)
  const answer = await request({
    url: `https://${loginServer}:${server.port}/v2/`,
    headers: { host: loginServer },
    caFile: server.caFile,
  })
  assert.equal(answer.status, 401)
})

test('A changed public host needs a new certificate authority, which --renew-ca makes and reports', async () => {
  using place = await freePlace()
  const caFile = join(place.folder, 'data', 'tls', 'ca.pem')
  const fingerprint = async () => new X509Certificate(await readFile(caFile)).fingerprint256
  const serve = ['--data-dir', join(place.folder, 'data'), '--listen', `127.0.0.1:${place.port}`]
  const atHost = (host: string) => [...serve, '--public-host', `${host}:${place.port}`]
  {
    await using _first = await startAcrux(atHost('registry.example.test'))
  }
  const before = await fingerprint()
  const rejected = await runAcrux(['serve', ...atHost('registry.other.test')])
  assert.equal(rejected.code, 15)
  assert.match(rejected.stderr, /does not permit registry\.other\.test/)
  assert.match(rejected.stderr, /--renew-ca/)
  {
    await using again = await startAcrux(atHost('registry.example.test'))
    assert.doesNotMatch(again.stdout() + again.stderr(), /the settings changed|fingerprint/)
  }
  assert.equal(await fingerprint(), before)
  await using renewed = await startAcrux([...atHost('registry.other.test'), '--renew-ca'])
  const after = await fingerprint()
  assert.notEqual(after, before)
  assert.ok(renewed.stdout().includes(`the SHA-256 fingerprint is ${after}`), renewed.stdout())
  assert.match(renewed.stdout(), /all clients must trust/)
  await until('the log has the fingerprint', () => renewed.stderr().includes(`"fingerprint":"${after}"`))
  const url = `https://registry.other.test:${place.port}/v2/`
  assert.equal((await request({ url, caFile })).status, 401)
  const shown = await shownCertificate(place.port, 'registry.other.test')
  assert.equal(shown.checkHost('registry.example.test'), undefined)
})

test('--renew-ca ends the start with code 2 where the server has no authority', async () => {
  using place = await freePlace()
  const ended = await runAcrux(['serve', ...place.args, '--http', '--renew-ca'])
  assert.equal(ended.code, 2)
  assert.match(ended.stderr, /no certificate authority/)
})

test('A configured certificate is picked up again when its files change, and a broken one is not', async () => {
  // Two other installs lend the certificates that they made for themselves.
  await using one = await startServer()
  await using other = await startServer({ firstStart: true })
  using place = await freePlace()
  const file = join(place.folder, 'tls.pem')
  const replaceBy = async (source: string): Promise<void> => {
    await copyFile(source, `${file}.new`)
    await rename(`${file}.new`, file)
  }
  const pairOf = (dataDir: string): string => join(dataDir, 'tls', 'server.pem')
  await replaceBy(pairOf(one.dataDir))
  await using started = await startAcrux([...place.args, '--tls-cert', file, '--tls-key', file])
  const first = await shownCertificate(place.port)
  assert.equal(first.fingerprint256, new X509Certificate(await readFile(pairOf(one.dataDir))).fingerprint256)
  await replaceBy(pairOf(other.dataDir))
  const second = await untilShown(place.port, (shown) => shown.fingerprint256 !== first.fingerprint256)
  assert.equal(second.fingerprint256, new X509Certificate(await readFile(pairOf(other.dataDir))).fingerprint256)
  await writeFile(file, 'no certificate')
  await until('the server warns of the file', () =>
    started.stderr().includes('failed to reload or renew the certificate'),
  )
  assert.equal((await shownCertificate(place.port)).fingerprint256, second.fingerprint256)
})

test('`/ca.pem` serves the certificate authority of the server without credentials, at any host', async () => {
  await using server = await startServer()
  const authority = await readFile(server.caFile, 'utf8')
  const url = `${server.baseUrl}/ca.pem`
  const answer = await request({ url, caFile: server.caFile })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['content-type'], 'application/x-pem-file')
  assert.equal(answer.text(), authority)
  const head = await request({ url, method: 'HEAD', caFile: server.caFile })
  assert.equal(head.status, 200)
  assert.equal(head.headers['content-length'], String(Buffer.byteLength(authority)))
  assert.equal(head.text(), '')
  const elsewhere = await askHost(server, 'somewhere.example.com', '/ca.pem')
  assert.deepEqual([elsewhere.status, elsewhere.text], [200, authority])
  const posted = await request({ url: `${server.baseUrl}/ca.pem`, method: 'POST', caFile: server.caFile })
  assert.equal(posted.status, 404)
})

test('`/ca.pem` is not found on a server without a certificate authority', async () => {
  using plain = await freePlace()
  await using _plain = await startAcrux([...plain.args, '--http'])
  assert.equal((await request({ url: `http://localhost:${plain.port}/ca.pem` })).status, 404)
  await using other = await startServer()
  using place = await freePlace()
  const file = join(other.dataDir, 'tls', 'server.pem')
  await using _configured = await startAcrux([...place.args, '--tls-cert', file, '--tls-key', file])
  const answer = await request({ url: `https://localhost:${place.port}/ca.pem`, caFile: other.caFile })
  assert.equal(answer.status, 404)
  assert.doesNotMatch(answer.text(), /CERTIFICATE/)
})
