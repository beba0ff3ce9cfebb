import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { checkServerIdentity, connect } from 'node:tls'
import { promisify } from 'node:util'
import { systemClock } from '../process/clock.ts'
import { createLog } from '../log/log.ts'
import { sortHosts } from './certificate-hosts.ts'
import { type CertificateSource, createCertificateSource } from './certificate-source.ts'
import { issueServerCertificate } from './issue.ts'
import { requireUsablePair } from './key-pair.ts'

const run = promisify(execFile)
const hosts = ['registry.example.com', '*.azurecr.localhost']
const names = ['localhost', '127.0.0.1', '::1', 'registry.example.com', 'contoso.azurecr.localhost']

/** Not every machine has all verifiers. The result is the reason why a test is skipped. */
function missing(command: string): string | false {
  try {
    execFileSync(command, command === 'openssl' ? ['version'] : ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return `${command} is not installed`
  }
}

describe('the certificate that the server creates', () => {
  let directory = ''
  let source: CertificateSource
  let caFile = ''
  let port = 0
  const server = createServer((_request, response) => response.end('hello'))

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'acrux-tls-strict-'))
    source = await createCertificateSource({ dataDir: directory, clock: systemClock, log: createLog('silent'), hosts })
    source.onChange((pair) => server.setSecureContext(pair))
    server.setSecureContext(source.current())
    caFile = source.caFile ?? ''
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    port = typeof address === 'object' && address !== null ? address.port : 0
    await source.ensureHosts(['registry.example.com', '*.azurecr.localhost'])
  })
  after(async () => {
    await source.close()
    await new Promise((resolve) => server.close(resolve))
    await rm(directory, { recursive: true })
  })

  test(
    'openssl verify -x509_strict accepts the certificate of the server for each host',
    { skip: missing('openssl') },
    async () => {
      const leaf = join(directory, 'leaf.pem')
      await writeFile(leaf, source.current().cert)
      for (const name of names) {
        const host = /[:\d]$/.test(name) ? '-verify_ip' : '-verify_hostname'
        const options = ['-x509_strict', '-check_ss_sig', '-purpose', 'sslserver', '-auth_level', '2', host, name]
        const { stdout } = await run('openssl', ['verify', ...options, '-CAfile', caFile, leaf])
        assert.match(stdout, /leaf.pem: OK/)
      }
      const wrong = ['verify', '-x509_strict', '-verify_hostname', 'other.example.com', '-CAfile', caFile, leaf]
      await assert.rejects(run('openssl', wrong), /hostname mismatch/)
    },
  )

  test(
    'the certificate has the extensions and the critical flags that RFC 5280 requires',
    { skip: missing('openssl') },
    async () => {
      const ca = (await run('openssl', ['x509', '-in', caFile, '-noout', '-text'])).stdout
      assert.match(ca, /Basic Constraints: critical\s+CA:TRUE, pathlen:0/)
      assert.match(ca, /Key Usage: critical\s+Certificate Sign, CRL Sign/)
      assert.match(ca, /Subject Key Identifier/)
      const permitted = ['azurecr.localhost', 'localhost', 'registry.example.com'].map((name) => `DNS:${name}`)
      for (const address of ['127.0.0.1/255.255.255.255', `0:0:0:0:0:0:0:1/${'FFFF:'.repeat(8).slice(0, -1)}`]) {
        permitted.push(`IP:${address}`)
      }
      const constraints = /Name Constraints: critical\s+Permitted:\n((?:\s+(?:DNS|IP):.*\n)+)/.exec(ca)?.[1] ?? ''
      assert.deepEqual(
        constraints
          .split('\n')
          .map((line) => line.trim())
          .filter(Boolean)
          .toSorted(),
        permitted.toSorted(),
      )
      const leafFile = join(directory, 'leaf-text.pem')
      await writeFile(leafFile, source.current().cert)
      const leaf = (await run('openssl', ['x509', '-in', leafFile, '-noout', '-text'])).stdout
      assert.match(leaf, /Basic Constraints: critical\s+CA:FALSE/)
      assert.match(leaf, /Key Usage: critical\s+Digital Signature\n/)
      assert.match(leaf, /Extended Key Usage:\s+TLS Web Server Authentication\n/)
      assert.match(leaf, /Subject Key Identifier/)
      assert.match(leaf, /Authority Key Identifier/)
    },
  )

  test('Python with VERIFY_X509_STRICT accepts the certificate', { skip: missing('python3') }, async () => {
    const script = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
for host in sys.argv[3:]:
    with socket.create_connection(("127.0.0.1", int(sys.argv[2])), 5) as plain:
        with context.wrap_socket(plain, server_hostname=host) as secure:
            print(host, secure.version())`
    const { stdout } = await run('python3', ['-c', script, caFile, String(port), ...names])
    assert.equal(stdout.trim().split('\n').length, names.length)
  })

  test('curl accepts the certificate', { skip: missing('curl') }, async () => {
    for (const name of names.filter((host) => host !== '::1')) {
      const options = ['-sS', '--max-time', '5', '--noproxy', '*', '--cacert', caFile]
      const { stdout } = await run('curl', [
        ...options,
        '--resolve',
        `${name}:${port}:127.0.0.1`,
        `https://${name}:${port}`,
      ])
      assert.equal(stdout, 'hello')
    }
  })

  test('Node accepts the certificate, but rejects it for other hosts and with other authorities', async () => {
    const ca = await readFile(caFile)
    for (const name of names) await handshake({ ca, servername: /[:\d]$/.test(name) ? '' : name, host: name })
    await assert.rejects(handshake({ ca, servername: 'other.example.com', host: 'other.example.com' }), /altnames/)
    await assert.rejects(
      handshake({ ca, servername: 'a.b.azurecr.localhost', host: 'a.b.azurecr.localhost' }),
      /altnames/,
    )
    await assert.rejects(handshake({ ca: undefined, servername: 'localhost', host: 'localhost' }), /certificate/)
  })

  test('a new certificate replaces the old certificate on open listeners at the next handshake', async () => {
    const ca = await readFile(caFile)
    await assert.rejects(handshake({ ca, servername: 'new.registry.example.com', host: 'new.registry.example.com' }), {
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
    await source.ensureHosts(['new.registry.example.com'])
    await handshake({ ca, servername: 'new.registry.example.com', host: 'new.registry.example.com' })
    await new Promise<void>((resolve, reject) => {
      const request = get({ host: '127.0.0.1', port, ca, agent: false }, (response) => {
        response.resume().on('end', () => resolve())
      })
      request.on('error', reject)
    })
  })

  describe('for a host that the authority may not sign for', () => {
    const outside = ['other.example.com', 'xregistry.example.com', '192.0.2.7', '2001:db8::1']
    const forger = createServer((_request, response) => response.end('forged'))
    let forgedPort = 0
    let leafFile = ''

    before(async () => {
      const ca = await readFile(join(directory, 'tls', 'ca.key'), 'utf8')
      const forged = await issueServerCertificate(
        requireUsablePair({ cert: ca, key: ca }, 'ca.key', 'ca.key'),
        { dnsNames: outside.slice(0, 2), addresses: outside.slice(2) },
        systemClock.now(),
      )
      leafFile = join(directory, 'forged.pem')
      await writeFile(leafFile, forged.cert)
      forger.setSecureContext(forged)
      await new Promise<void>((resolve) => forger.listen(0, '127.0.0.1', resolve))
      const address = forger.address()
      forgedPort = typeof address === 'object' && address !== null ? address.port : 0
    })
    after(() => new Promise((resolve) => forger.close(resolve)))

    test(
      'openssl rejects a certificate for a host that the authority does not permit',
      { skip: missing('openssl') },
      async () => {
        await assert.rejects(run('openssl', ['verify', '-CAfile', caFile, leafFile]), /permitted subtree violation/)
      },
    )

    test(
      'openssl rejects a certificate for each host that the authority does not permit',
      { skip: missing('openssl') },
      async () => {
        const ca = await readFile(join(directory, 'tls', 'ca.key'), 'utf8')
        const authority = requireUsablePair({ cert: ca, key: ca }, 'ca.key', 'ca.key')
        for (const host of outside) {
          const one = sortHosts([host])
          await writeFile(leafFile, (await issueServerCertificate(authority, one, systemClock.now())).cert)
          await assert.rejects(
            run('openssl', ['verify', '-CAfile', caFile, leafFile]),
            /permitted subtree violation/,
            host,
          )
        }
      },
    )

    test(
      'Python rejects a certificate for a host that the authority does not permit',
      { skip: missing('python3') },
      async () => {
        const script = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
with socket.create_connection(("127.0.0.1", int(sys.argv[2])), 5) as plain:
    context.wrap_socket(plain, server_hostname=sys.argv[3])`
        const rejected = run('python3', ['-c', script, caFile, String(forgedPort), 'other.example.com'])
        await assert.rejects(rejected, /permitted subtree violation/)
      },
    )

    test(
      'curl rejects a certificate for a host that the authority does not permit',
      { skip: missing('curl') },
      async () => {
        const name = 'other.example.com'
        const options = ['-sS', '--max-time', '5', '--noproxy', '*', '--cacert', caFile]
        const to = ['--resolve', `${name}:${forgedPort}:127.0.0.1`, `https://${name}:${forgedPort}`]
        await assert.rejects(run('curl', [...options, ...to]), { code: 60 })
      },
    )

    test('Node rejects a certificate for a host that the authority does not permit', async () => {
      const ca = await readFile(caFile)
      const rejected = new Promise((resolve, reject) => {
        const socket = connect({ port: forgedPort, host: '127.0.0.1', ca, servername: 'other.example.com' })
        socket.once('secureConnect', () => resolve(socket.destroy()))
        socket.once('error', reject)
      })
      await assert.rejects(rejected, /permitted subtree violation/)
    })
  })

  /** Performs a handshake with the server and checks the certificate for `host`. */
  function handshake(options: { ca: Buffer | undefined; servername: string; host: string }): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        port,
        host: '127.0.0.1',
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        servername: options.servername,
        checkServerIdentity: (_name, certificate) => checkServerIdentity(options.host, certificate),
      })
      socket.once('secureConnect', () => {
        socket.end()
        resolve()
      })
      socket.once('error', reject)
    })
  }
})
