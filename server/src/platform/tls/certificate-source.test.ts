import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { createLog } from '../log/log.ts'
import { until } from '../../../testing/platform/test-patience.ts'
import { type CertificateSource, type CertificateSourceOptions, createCertificateSource } from './certificate-source.ts'
import { issueAuthority, issueServerCertificate } from './issue.ts'
import { CertificateError, type KeyPair } from './key-pair.ts'

const run = promisify(execFile)
const dayMs = 86_400_000
const newYear = Date.UTC(2030, 0, 1)

let directory = ''
let nowMs = newYear
let logged: string[] = []
const clock = { now: () => nowMs }
const log = createLog('info', { write: (line) => void logged.push(line) })
const opened: CertificateSource[] = []

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'acrux-tls-'))
})
beforeEach(() => {
  nowMs = newYear
})
after(async () => {
  await Promise.all(opened.map((source) => source.close()))
  await rm(directory, { recursive: true })
})

type Files = { readonly certFile?: string; readonly keyFile?: string }

type Given = Files & Pick<CertificateSourceOptions, 'hosts' | 'hostsWherePermitted' | 'renewAuthority'>

async function open(name: string, given: Given = {}): Promise<CertificateSource> {
  const dataDir = join(directory, name)
  const source = await createCertificateSource({ dataDir, ...given, clock, log, checkEverySeconds: 0.2 })
  opened.push(source)
  return source
}

function linesAbout(file: string): string[] {
  return logged.filter((line) => line.includes(`"certFile":"${file}"`))
}

function leafOf(source: CertificateSource): X509Certificate {
  return new X509Certificate(source.current().cert)
}

function nextChange(source: CertificateSource): Promise<KeyPair> {
  return new Promise((resolve) => {
    const stop = source.onChange((pair) => {
      stop()
      resolve(pair)
    })
  })
}

/** Replaces a file atomically, so that no process reads a partial file. */
async function replace(file: string, by: string): Promise<void> {
  await copyFile(by, `${file}.new`)
  await rename(`${file}.new`, file)
}

describe('a certificate that the server creates', () => {
  test('a first certificate is for this machine, and its authority is different in each installation', async () => {
    const [one, two] = [await open('one'), await open('two')]
    const leaf = leafOf(one)
    assert.equal(leaf.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
    assert.ok(leaf.validToDate.getTime() - leaf.validFromDate.getTime() <= 397 * dayMs)
    const [ca, other] = [await authorityOf(one), await authorityOf(two)]
    assert.ok(ca.ca && ca.validToDate.getTime() - nowMs > 3640 * dayMs)
    assert.notEqual(ca.subject, other.subject)
    assert.ok(!leaf.verify(other.publicKey))
    for (const [file, mode] of Object.entries({ 'ca.pem': 0o644, 'ca.key': 0o600, 'server.pem': 0o600 })) {
      assert.equal((await stat(join(directory, 'one', 'tls', file))).mode & 0o777, mode, file)
    }
    assert.doesNotMatch(one.current().cert, /PRIVATE KEY/)
    assert.doesNotMatch(await readFile(join(directory, 'one', 'tls', 'ca.pem'), 'utf8'), /PRIVATE KEY/)
  })

  test('a certificate is the same after a restart, and a restart does not load the code that issues certificates', async () => {
    const first = await open('restart', { hosts: ['registry.example.com', '*.azurecr.localhost'] })
    await first.ensureHosts(['registry.example.com:5443', '*.azurecr.localhost:5443'])
    await first.close()
    const module = new URL('certificate-source.ts', import.meta.url).href
    const logModule = new URL('../log/log.ts', import.meta.url).href
    const script = `
      import { createCertificateSource } from ${JSON.stringify(module)}
      import { createLog } from ${JSON.stringify(logModule)}
      const clock = { now: () => ${nowMs} }
      const dataDir = ${JSON.stringify(join(directory, 'restart'))}
      const source = await createCertificateSource({ dataDir, clock, log: createLog('silent') })
      await source.ensureHosts(['registry.example.com', 'contoso.azurecr.localhost'])
      await source.close()
      process.stdout.write(JSON.stringify({ cert: source.current().cert, loaded: typeof Reflect.getMetadata }))`
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script])
    assert.deepEqual(JSON.parse(stdout), { cert: first.current().cert, loaded: 'undefined' })
  })

  test('a certificate is extended only once by missing hosts, and keeps its other hosts', async () => {
    const source = await open('extended', { hosts: ['example.com'], hostsWherePermitted: ['192.0.2.7'] })
    const change = nextChange(source)
    await Promise.all([source.ensureHosts(['Registry.example.com:5443']), source.ensureHosts(['a.example.com'])])
    await change
    const leaf = leafOf(source)
    for (const host of ['registry.example.com', 'a.example.com', 'localhost']) assert.ok(leaf.checkHost(host), host)
    assert.ok(leaf.checkIP('192.0.2.7'))
    const before = source.current().cert
    await source.ensureHosts(['registry.example.com'])
    assert.equal(source.current().cert, before)
    await assert.rejects(source.ensureHosts(['no host']), CertificateError)
    await source.close()
    nowMs = newYear + 380 * dayMs
    const later = await open('extended')
    nowMs = newYear
    assert.notEqual(later.current().cert, before)
    const names = leafOf(later).subjectAltName?.split(', ') ?? []
    assert.equal(new Set(names).size, names.length, 'no host is named twice')
    assert.ok(leafOf(later).checkHost('registry.example.com'))
  })

  test('a certificate is renewed by the same authority when fewer than thirty days are left', async () => {
    const source = await open('renewed')
    const [old, ca] = [leafOf(source), await authorityOf(source)]
    const change = nextChange(source)
    nowMs = old.validToDate.getTime() - 29 * dayMs
    await change
    const leaf = leafOf(source)
    assert.ok(leaf.validToDate.getTime() - nowMs > 390 * dayMs)
    assert.ok(leaf.verify(ca.publicKey))
    await source.close()
    nowMs = newYear
  })

  test('a certificate expires no later than its authority, and the server warns before the authority expires and replaces it afterwards', async () => {
    const source = await open('outlived')
    const ca = await authorityOf(source)
    await source.close()
    nowMs = ca.validToDate.getTime() - 100 * dayMs
    const late = await open('outlived')
    assert.equal(leafOf(late).validTo, ca.validTo)
    await late.close()
    logged = []
    nowMs = ca.validToDate.getTime() - 10 * dayMs
    const last = await open('outlived')
    await last.close()
    assert.equal((await authorityOf(last)).fingerprint256, ca.fingerprint256)
    assert.equal(last.current().cert, late.current().cert, 'a new certificate would end no later')
    const warnings = logged.filter((line) => line.includes('authority expires soon'))
    // The log also contains warnings of the sources in other tests, which use the same clock.
    assert.equal(warnings.filter((line) => line.includes(`"caFile":"${last.caFile}"`)).length, 1)
    assert.equal(last.authorityExpiresAtMs?.(), ca.validToDate.getTime())
    nowMs = ca.validToDate.getTime() + dayMs
    const heir = await open('outlived')
    const successor = await authorityOf(heir)
    nowMs = newYear
    assert.notEqual(successor.subject, ca.subject)
    assert.match(logged.join(''), new RegExp(`"fingerprint":"${successor.fingerprint256}"`))
    assert.ok(leafOf(heir).verify(successor.publicKey))
  })

  test('if an authority is not valid yet, its certificate is served with a warning at each start until a new authority is requested', async () => {
    const yearMs = 365 * dayMs
    nowMs = newYear + yearMs
    const early = await open('early')
    await early.close()
    nowMs = newYear
    for (let start = 0; start < 2; start += 1) {
      logged = []
      const source = await open('early')
      await source.close()
      const warnings = logged.filter((line) => line.includes('/early/') && line.includes('authority is not valid yet'))
      assert.equal(warnings.length, 1, logged.join(''))
      assert.match(warnings[0] ?? '', /"now":"2030-01-01T00:00:00.000Z".*set the clock.*--renew-ca/)
      assert.equal((await authorityOf(source)).fingerprint256, (await authorityOf(early)).fingerprint256)
    }
    logged = []
    const renewed = await open('early', { renewAuthority: true })
    await renewed.close()
    assert.ok((await authorityOf(renewed)).validFromDate.getTime() <= nowMs)
    assert.ok(leafOf(renewed).validFromDate.getTime() <= nowMs)
    assert.ok(!logged.some((line) => line.includes('/early/') && line.includes('is not valid yet')))
  })

  test('a certificate covers only hosts that its authority permits, until a new authority is requested', async () => {
    const hosts = ['registry.example.com:5443', '*.azurecr.localhost', '[2001:db8::7]:443']
    const source = await open('constrained', { hosts })
    const ca = await authorityOf(source)
    for (const outside of ['example.com', 'otherregistry.example.com', '192.0.2.7', '2001:db8::8']) {
      await assert.rejects(source.ensureHosts([outside]), (error: unknown) => {
        assert.ok(error instanceof CertificateError)
        assert.match(error.message, /does not permit/)
        assert.match(error.nextStep, /--renew-ca/)
        return true
      })
    }
    const before = source.current().cert
    logged = []
    await source.ensureHosts(hosts, ['192.0.2.7'])
    await source.ensureHosts(hosts, ['192.0.2.7'])
    assert.equal(source.current().cert, before)
    assert.equal(logged.filter((line) => line.includes('does not cover these hosts, because')).length, 1)
    await source.close()
    const moved = ['registry.example.net', '*.azurecr.localhost']
    await assert.rejects(open('constrained', { hosts: moved }), /does not permit registry\.example\.net/)
    assert.equal((await authorityOf(source)).fingerprint256, ca.fingerprint256)
    const renewed = await open('constrained', { hosts: moved, renewAuthority: true })
    await renewed.close()
    const successor = await authorityOf(renewed)
    assert.notEqual(successor.fingerprint256, ca.fingerprint256)
    assert.equal(renewed.renewedAuthority, successor.fingerprint256)
    const leaf = leafOf(renewed)
    assert.ok(leaf.verify(successor.publicKey) && leaf.checkHost('registry.example.net'))
    assert.equal(leaf.checkHost('registry.example.com'), undefined, 'the old host is not carried over')
    assert.equal((await open('constrained', { hosts: moved })).renewedAuthority, undefined)
    assert.equal((await authorityOf(renewed)).fingerprint256, successor.fingerprint256)
  })

  test('a certificate can cover any host if its authority is old and has no constraints, and the server keeps this authority', async () => {
    const tls = join(directory, 'before', 'tls')
    await mkdir(tls, { recursive: true })
    const { cert, key } = await issueAuthority(nowMs)
    await writeFile(join(tls, 'ca.key'), key + cert, { mode: 0o600 })
    const source = await open('before', { hosts: ['registry.example.com'] })
    await source.ensureHosts(['registry.example.net'], ['192.0.2.7'])
    assert.ok(leafOf(source).checkHost('registry.example.net') && leafOf(source).checkIP('192.0.2.7'))
    assert.equal((await authorityOf(source)).fingerprint256, new X509Certificate(cert).fingerprint256)
  })

  test('a certificate is restored from partial files, but a missing or malformed key of the authority causes an error', async () => {
    const tls = join(directory, 'crash', 'tls')
    const source = await open('crash')
    await source.close()
    const ca = await authorityOf(source)
    await rm(join(tls, 'ca.pem'))
    await writeFile(join(tls, 'server.pem'), source.current().cert)
    const again = await open('crash')
    await again.close()
    assert.equal((await authorityOf(again)).fingerprint256, ca.fingerprint256)
    assert.ok(leafOf(again).verify(ca.publicKey))
    await chmod(join(tls, 'ca.key'), 0o644)
    await assert.rejects(open('crash'), /can be accessed by other users/)
    await rm(join(tls, 'ca.key'))
    await assert.rejects(open('crash'), /is missing/)
    await writeFile(join(tls, 'ca.key'), 'garbage', { mode: 0o600 })
    await assert.rejects(open('crash'), CertificateError)
  })
})

describe('a configured certificate', () => {
  async function files(name: string, hosts: readonly string[]): Promise<Required<Files> & { pair: KeyPair }> {
    const pair = await newPair(hosts)
    const [certFile, keyFile] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)]
    await writeFile(certFile, pair.cert)
    await writeFile(keyFile, pair.key)
    return { certFile, keyFile, pair }
  }

  test('a configured certificate is served unchanged, without an authority of the server, and with a warning if a host is missing', async () => {
    const { certFile, keyFile, pair } = await files('configured', ['a.example.com'])
    const source = await open('unused', { certFile, keyFile })
    assert.deepEqual(source.current(), pair)
    assert.equal(source.caFile, undefined)
    logged = []
    await source.ensureHosts(['a.example.com', 'b.example.com'])
    assert.match(linesAbout(certFile).join(''), /"missing":\["b.example.com"\]/)
    await assert.rejects(stat(join(directory, 'unused', 'tls')), { code: 'ENOENT' })
  })

  test('a configured certificate is reloaded when both files have changed, and the old certificate is used while they do not match', async () => {
    const { certFile, keyFile, pair } = await files('changing', ['a.example.com'])
    const next = await files('next', ['a.example.com'])
    const source = await open('unused', { certFile, keyFile })
    logged = []
    await replace(certFile, next.certFile)
    await until('a line of the log about the certificate', () => linesAbout(certFile).length > 0)
    assert.match(linesAbout(certFile).join(''), /does not belong to the first certificate/)
    // The timer of this process is due after two further checks of the files. The change below is therefore read after
    // both checks.
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.deepEqual(source.current(), pair)
    const change = nextChange(source)
    await replace(keyFile, next.keyFile)
    assert.deepEqual(await change, next.pair)
    assert.equal(linesAbout(certFile).filter((line) => line.includes('"level":40')).length, 1, 'it warns once')
    assert.deepEqual(source.current(), next.pair)
    assert.doesNotMatch(logged.join(''), /PRIVATE KEY/)
  })

  test('a configured certificate that has expired is served with a warning', async () => {
    const { certFile, keyFile } = await files('expired', ['a.example.com'])
    logged = []
    nowMs = newYear + 500 * dayMs
    await open('unused', { certFile, keyFile })
    await until('a line of the log about the certificate', () => linesAbout(certFile).length > 0)
    nowMs = newYear
    assert.match(linesAbout(certFile).join(''), /expired on/)
  })

  test('a configured certificate that is not valid yet is served with a warning', async () => {
    const { certFile, keyFile } = await files('later', ['a.example.com'])
    logged = []
    nowMs = newYear - 10 * dayMs
    await open('unused', { certFile, keyFile })
    await until('a line of the log about the certificate', () => linesAbout(certFile).length > 0)
    nowMs = newYear
    assert.match(linesAbout(certFile).join(''), /is not valid before .*set the clock/)
  })

  test('an unusable configured certificate aborts the start with the reason and the next step', async () => {
    const { certFile, keyFile } = await files('good', ['a.example.com'])
    const other = await files('other', ['a.example.com'])
    const absent = join(directory, 'absent')
    const encrypted = join(directory, 'encrypted.key')
    await run('openssl', ['ec', '-in', keyFile, '-aes256', '-passout', 'pass:x', '-out', encrypted])
    const faults: readonly (readonly [Files, RegExp])[] = [
      [{ certFile: absent, keyFile }, /absent cannot be read: the path does not exist/],
      [{ certFile, keyFile: absent }, /absent cannot be read: the path does not exist/],
      [{ certFile: directory, keyFile }, /is not a PEM file/],
      [{ certFile: keyFile, keyFile }, /good.key contains no certificate/],
      [{ certFile, keyFile: certFile }, /good.pem contains no private key/],
      [{ certFile, keyFile: other.keyFile }, /does not belong to the first certificate/],
      [{ certFile, keyFile: encrypted }, /is encrypted/],
      [{ certFile }, /must be set together/],
      [{ keyFile }, /must be set together/],
    ]
    for (const [given, message] of faults) {
      await assert.rejects(open('unused', given), (error: unknown) => {
        assert.ok(error instanceof CertificateError)
        assert.match(error.message, message)
        return true
      })
    }
  })
})

async function authorityOf(source: CertificateSource): Promise<X509Certificate> {
  return new X509Certificate(await readFile(source.caFile ?? ''))
}

async function newPair(dnsNames: readonly string[]): Promise<KeyPair> {
  return issueServerCertificate(await issueAuthority(nowMs), { dnsNames, addresses: [] }, nowMs)
}
