import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../harness/free-port.ts'
import { request } from '../harness/http.ts'
import { startNameServer } from '../harness/name-server.ts'
import { atProcessEnd } from '../harness/process-end.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { until } from '../harness/until.ts'
import { watchOver } from '../harness/watchdog.ts'

const run = promisify(execFile)

/** An ACME provider. */
export interface Pebble extends AsyncDisposable {
  /** The URL of its directory. */
  readonly directory: string
  /** The PEM file of the authority of the provider's own HTTPS. */
  readonly caFile: string
  /** The root that issues certificates, in PEM. */
  root(): Promise<string>
  /** Everything that it has logged. */
  output(): string
}

export interface PebbleOptions {
  /** Where it verifies hosts by TLS-ALPN-01, in place of port 443. */
  readonly tlsPort?: number
  /** Where it verifies hosts by HTTP-01, in place of port 80. */
  readonly httpPort?: number
  readonly validitySeconds?: number
  /** The keys for external account binding, which is then required: base64url by key id. */
  readonly externalKeys?: Readonly<Record<string, string>>
  /** Whether a name exists; all names do by default. */
  readonly isKnown?: (name: string) => boolean
}

/** Starts Pebble, the ACME server for tests, in which every name is one of 127.0.0.1. It rejects a part of the nonces, and verifies a host at every order. */
export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(tempDir('pebble'))
  const at = (name: string): string => join(folder.path, name)
  const names = stack.use(await startNameServer(options.isKnown ?? (() => true)))
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '1']
  const subject = ['-subj', '/CN=pebble', '-addext', 'subjectAltName=IP:127.0.0.1']
  await run('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', at('key.pem'), '-out', at('cert.pem')])
  const [port, managementPort] = [await freePort(), await freePort()]
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${managementPort}`,
    certificate: at('cert.pem'),
    privateKey: at('key.pem'),
    httpPort: options.httpPort ?? 9,
    tlsPort: options.tlsPort ?? 9,
    ocspResponderURL: '',
    externalAccountBindingRequired: options.externalKeys !== undefined,
    externalAccountMACKeys: options.externalKeys ?? {},
    retryAfter: { authz: 1, order: 1 },
    certificateValidityPeriod: options.validitySeconds ?? 86_400,
  }
  await writeFile(at('pebble.json'), JSON.stringify({ pebble }))
  const child = spawn('pebble', ['-config', at('pebble.json'), '-dnsserver', names.address], {
    env: {
      PATH: process.env['PATH'] ?? '',
      PEBBLE_VA_NOSLEEP: '1',
      PEBBLE_WFE_NONCEREJECT: '20',
      PEBBLE_AUTHZREUSE: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const forget = atProcessEnd(() => child.kill('SIGKILL'))
  const callOff = child.pid === undefined ? () => undefined : watchOver(child.pid)
  const ended = once(child, 'exit')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  stack.defer(async () => {
    child.kill('SIGKILL')
    await ended
    callOff()
    forget()
  })
  const caFile = at('cert.pem')
  const directory = `https://127.0.0.1:${port}/dir`
  await until('Pebble listens', async () => {
    if (child.exitCode !== null) throw new Error(`pebble ended:\n${output}`)
    return request({ url: directory, caFile }).then(
      ({ status }) => status === 200,
      () => false,
    )
  })
  const whole = stack.move()
  return {
    directory,
    caFile,
    root: async () => (await request({ url: `https://127.0.0.1:${managementPort}/roots/0`, caFile })).text(),
    output: () => output,
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  }
}
