import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { connect, rootCertificates } from 'node:tls'
import { promisify } from 'node:util'
import { createLog } from '../../platform/log/log.ts'
import { systemClock } from '../../platform/process/clock.ts'
import { createCertificateSource } from '../../platform/tls/certificate-source.ts'
import { issueAuthority, issueServerCertificate } from '../../platform/tls/issue.ts'
import type { KeyPair } from '../../platform/tls/key-pair.ts'
import { type AuthorityOptions, openAuthority } from './authority.ts'

const run = promisify(execFile)
const dayMs = 86_400_000

type Place = { readonly cache: string; readonly folder: string; readonly options: AuthorityOptions }

async function place(t: TestContext, hosts: readonly string[] = []): Promise<Place> {
  const root = await mkdtemp(path.join(tmpdir(), 'acrux-authority-'))
  t.after(() => rm(root, { recursive: true }))
  const runDirectory = path.join(root, 'run')
  await mkdir(runDirectory)
  const cache = path.join(root, 'cache')
  const options = { hosts, runDirectory, env: { XDG_CACHE_HOME: cache }, nowMs: Date.now() }
  return { cache, folder: path.join(cache, 'acrux', 'authority'), options }
}

async function keyOf(folder: string): Promise<KeyPair> {
  const text = await readFile(path.join(folder, 'ca.key'), 'utf8')
  return { cert: text.slice(text.indexOf('-----BEGIN CERTIFICATE')), key: text }
}

/** The error of a client that trusts `ca` and reaches a server with this certificate as `host`; undefined if it connects. */
async function errorOfClient(pair: KeyPair, ca: string, host: string): Promise<string | undefined> {
  const server = createServer(pair).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const named = /[:\d]$/.test(host) ? { host } : { host: '127.0.0.1', servername: host }
  const socket = connect({ ...named, port, ca })
  try {
    await once(socket, 'secureConnect')
    return undefined
  } catch (error) {
    return String(error)
  } finally {
    socket.destroy()
    server.close()
  }
}

test('the authority of a user is created once, and only the user can read it', async (t) => {
  const { cache, folder, options } = await place(t, ['localhost:40123', '127.0.0.2', '[::1]:1'])
  const first = await openAuthority(options)
  const second = await openAuthority(options)
  assert.equal(first.isKept, true)
  assert.equal(second.caPem, first.caPem)
  assert.equal(await readFile(first.caFile, 'utf8'), first.caPem)
  for (const each of [path.join(cache, 'acrux'), folder]) assert.equal((await stat(each)).mode & 0o777, 0o700, each)
  for (const name of await readdir(folder)) {
    assert.equal((await stat(path.join(folder, name))).mode & 0o777, 0o600, name)
  }
  assert.deepEqual(await readdir(options.runDirectory), [])
})

test('an existing folder that others can read is closed to them', async (t) => {
  const { folder, options } = await place(t)
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o755)
  await openAuthority(options)
  assert.equal((await stat(folder)).mode & 0o777, 0o700)
})

test('processes that start at the same moment agree on one authority', async (t) => {
  const { options } = await place(t)
  const program = `
    const { openAuthority } = await import(${JSON.stringify(new URL('authority.ts', import.meta.url).href)})
    const { caPem } = await openAuthority(${JSON.stringify(options)})
    process.stdout.write(caPem)`
  const start = () => run(process.execPath, ['--input-type=module', '-e', program])
  const outputs = await Promise.all([start(), start(), start()])
  const { caPem } = await openAuthority(options)
  assert.deepEqual(
    outputs.map(({ stdout }) => stdout),
    [caPem, caPem, caPem],
  )
})

test('clients accept its certificates only for localhost and loopback addresses', async (t) => {
  const { folder, options } = await place(t)
  const { caPem } = await openAuthority(options)
  const authority = await keyOf(folder)
  const issue = (dnsNames: readonly string[], addresses: readonly string[]) =>
    issueServerCertificate(authority, { dnsNames, addresses }, Date.now())
  const local = await issue(['localhost', 'contoso.azurecr.localhost'], ['127.0.0.1', '127.9.9.9', '::1'])
  for (const host of ['localhost', 'contoso.azurecr.localhost', '127.0.0.1']) {
    assert.equal(await errorOfClient(local, caPem, host), undefined, host)
  }
  const foreign = await issue(['registry.example.com'], [])
  assert.match((await errorOfClient(foreign, caPem, 'registry.example.com')) ?? '', /permitted subtree/)
  const mixed = await issue(['localhost'], ['192.0.2.1'])
  assert.match((await errorOfClient(mixed, caPem, 'localhost')) ?? '', /permitted subtree/)
  const { stdout } = await run('openssl', ['x509', '-in', path.join(folder, 'ca.pem'), '-noout', '-text'])
  assert.match(stdout, /Name Constraints: critical\n\s+Permitted:\n\s+DNS:localhost\n\s+IP:127.0.0.0\/255.0.0.0\n/)
  assert.match(stdout, /IP:0:0:0:0:0:0:0:1\/FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF/)
})

test('an authority that is about to expire is replaced, and a certificate is renewed', async (t) => {
  const { folder, options } = await place(t)
  const { caPem } = await openAuthority(options)
  const server = await readFile(path.join(folder, 'server.pem'), 'utf8')
  const later = await openAuthority({ ...options, nowMs: options.nowMs + 370 * dayMs })
  assert.equal(later.caPem, caPem)
  assert.notEqual(await readFile(path.join(folder, 'server.pem'), 'utf8'), server)
  const last = await openAuthority({ ...options, nowMs: options.nowMs + 3600 * dayMs })
  assert.notEqual(last.caPem, caPem)
  assert.equal(await readFile(last.caFile, 'utf8'), last.caPem)
})

test('files that are missing, malformed or open to other users are replaced', async (t) => {
  const { folder, options } = await place(t)
  const { caPem, trustStoreFile } = await openAuthority(options)
  await rm(trustStoreFile)
  await writeFile(path.join(folder, 'ca-bundle.pem'), 'other')
  assert.equal((await openAuthority(options)).caPem, caPem)
  assert.ok((await readFile(trustStoreFile)).length > 0)
  await chmod(path.join(folder, 'ca.key'), 0o644)
  const second = await openAuthority(options)
  assert.notEqual(second.caPem, caPem)
  await writeFile(path.join(folder, 'ca.key'), 'malformed', { mode: 0o600 })
  assert.notEqual((await openAuthority(options)).caPem, second.caPem)
})

test('with another host, or without a cache directory, the authority is only for this run', async (t) => {
  const { cache, options } = await place(t, ['registry.example.com:8443', '192.0.2.7'])
  const authority = await openAuthority(options)
  assert.equal(authority.isKept, false)
  assert.equal(path.dirname(authority.caFile), options.runDirectory)
  await assert.rejects(stat(cache))
  const { cert } = await keyOf(options.runDirectory)
  const issued = new X509Certificate(await readFile(path.join(options.runDirectory, 'server.pem')))
  assert.equal(issued.checkIssued(new X509Certificate(cert)), true)
  assert.deepEqual(
    [issued.checkHost('registry.example.com'), issued.checkIP('192.0.2.7')],
    ['registry.example.com', '192.0.2.7'],
  )
  await writeFile(cache, 'a file')
  assert.equal((await openAuthority({ ...options, hosts: [] })).isKept, false)
})

test('an authority of the user signs, if it is one and permits the hosts', async (t) => {
  const { options } = await place(t)
  const file = (name: string) => path.join(options.runDirectory, '..', name)
  const subject = ['-subj', '/CN=company', '-days', '30', '-nodes']
  const create = (type: readonly string[], name: string, ...extensions: readonly string[]) =>
    run('openssl', [
      'req',
      '-x509',
      '-newkey',
      ...type,
      ...subject,
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.pem`),
      ...extensions,
    ])
  const rsa = ['rsa:2048']
  const ec = ['ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1']
  const open = (name: string) =>
    openAuthority({
      ...options,
      nowMs: Date.now(),
      given: { certFile: file(`${name}.pem`), keyFile: file(`${name}.key`) },
    })
  for (const [name, type] of Object.entries({ rsa, ec })) {
    await create(type, name)
    const { caPem, isKept } = await open(name)
    assert.equal(isKept, false)
    assert.equal(caPem, await readFile(file(`${name}.pem`), 'utf8'))
    const text = await readFile(path.join(options.runDirectory, 'server.pem'), 'utf8')
    assert.equal(await errorOfClient({ cert: text, key: text }, caPem, 'localhost'), undefined, name)
  }
  await create(rsa, 'leaf', '-addext', 'basicConstraints=critical,CA:FALSE')
  await assert.rejects(open('leaf'), /is not a certificate authority/)
  await create(rsa, 'other', '-addext', 'nameConstraints=critical,permitted;DNS:example.com')
  await assert.rejects(open('other'), /does not permit localhost/)
  const expired = await issueAuthority(Date.now() - 3700 * dayMs)
  await writeFile(file('old.pem'), expired.cert)
  await writeFile(file('old.key'), expired.key)
  await assert.rejects(open('old'), /is valid from/)
})

test('a server that is started with it uses its certificate, and signs further hosts with it', async (t) => {
  const { options, folder } = await place(t)
  const authority = await openAuthority(options)
  const dataDir = path.join(options.runDirectory, 'data')
  await authority.install(dataDir)
  const source = await createCertificateSource({ dataDir, clock: systemClock, log: createLog('silent') })
  t.after(() => source.close())
  assert.equal(source.authorityPem?.(), authority.caPem)
  assert.equal(
    await readFile(path.join(dataDir, 'tls', 'server.pem'), 'utf8'),
    await readFile(path.join(folder, 'server.pem'), 'utf8'),
  )
  await source.ensureHosts(['127.0.0.9', 'other.localhost'])
  assert.equal(await errorOfClient(source.current(), authority.caPem, 'other.localhost'), undefined)
  await assert.rejects(source.ensureHosts(['registry.example.com']), /does not permit/)
})

test('the bundle has the certificates of the system too', async (t) => {
  const { options } = await place(t)
  const { caPem, caBundleFile } = await openAuthority(options)
  const bundle = await readFile(caBundleFile, 'utf8')
  assert.ok(bundle.endsWith(caPem))
  assert.ok(bundle.split('-----BEGIN CERTIFICATE-----').length > rootCertificates.length / 2)
})

const javaProgram = `
import java.io.FileInputStream;
import java.security.KeyStore;

public class Connect {
  public static void main(String[] arguments) throws Exception {
    for (char[] password : new char[][] { null, "changeit".toCharArray() }) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(new FileInputStream(System.getProperty("javax.net.ssl.trustStore")), password);
      System.out.println(store.isCertificateEntry("acrux") + " " + store.isCertificateEntry("system-1"));
    }
    new java.net.URL(arguments[0]).openStream().close();
  }
}`

const noJava = await run('java', ['-version']).then(
  () => false,
  () => 'Java is not installed',
)

test('Java trusts the store, with and without a password', { skip: noJava }, async (t) => {
  const { options, folder } = await place(t)
  const { trustStoreFile } = await openAuthority(options)
  const text = await readFile(path.join(folder, 'server.pem'), 'utf8')
  const server = createServer({ cert: text, key: text }, (_request, response) => response.end('ok'))
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const program = path.join(options.runDirectory, 'Connect.java')
  await writeFile(program, javaProgram)
  const url = `https://localhost:${(server.address() as AddressInfo).port}/`
  const { stdout } = await run('java', [`-Djavax.net.ssl.trustStore=${trustStoreFile}`, program, url])
  assert.deepEqual(stdout.trim().split('\n'), ['true true', 'true true'])
})
