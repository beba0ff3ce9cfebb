import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { examplesOf, readDocument } from '../clients/lib/examples.ts'
import { run } from '../harness/clients.ts'
import { freePort } from '../harness/free-port.ts'
import { request } from '../harness/http.ts'
import { atProcessEnd } from '../harness/process-end.ts'
import { tempDir, type TempDir } from '../harness/temp-dir.ts'
import { until } from '../harness/until.ts'

/** The how-to page of reverse proxies. */
export const page = readDocument('docs/how-to/reverse-proxy.md')

/** How the configuration of a proxy is completed to run in a directory, and the command that runs it. */
const proxies = {
  nginx: (dir: string, example: string, port: number) => ({
    config: [
      `pid ${dir}/nginx.pid;`,
      'daemon off;',
      'events {}',
      `error_log ${dir}/error.log;`,
      `http { access_log off;`,
      ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};`),
      example.replace('listen 443', `listen 127.0.0.1:${port}`),
      '}',
    ].join('\n'),
    args: ['-c', join(dir, 'config'), '-e', join(dir, 'error.log'), '-p', dir],
  }),
  caddy: (dir: string, example: string, port: number) => ({
    config: `{\n  admin off\n  auto_https disable_redirects\n  storage file_system ${dir}/caddy\n}\n${example.replace(
      /^.*\{$/m,
      `https://localhost:${port} {`,
    )}`,
    args: ['run', '--adapter', 'caddyfile', '--config', join(dir, 'config')],
  }),
}

/** Makes a certificate for `localhost` that is its own authority. */
async function makeCertificate(dir: TempDir): Promise<{ cert: string; key: string }> {
  const [cert, key] = [join(dir.path, 'tls.pem'), join(dir.path, 'tls.key')]
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const made = await run('openssl', ['req', '-x509', ...algorithm, '-keyout', key, '-out', cert, ...name], {
    env: { PATH: process.env['PATH'] ?? '' },
  })
  assert.equal(made.code, 0, made.stderr)
  return { cert, key }
}

/** A reverse proxy with TLS. Dispose of it, and neither its process nor its files are left. */
export interface ReverseProxy extends AsyncDisposable {
  readonly port: number
  /** The PEM file of its certificate, which is its own authority. */
  readonly caFile: string
  /** What it has written to stderr. */
  said(): string
  /** Waits until it answers. */
  ready(): Promise<void>
}

/** Starts a proxy with the configuration of the page, in front of a server that serves plain HTTP at a port. */
export async function startReverseProxy(name: keyof typeof proxies, serverPort: number): Promise<ReverseProxy> {
  const dir = tempDir(name)
  const { cert, key } = await makeCertificate(dir)
  const port = await freePort()
  const example = examplesOf(page, name)
    .replaceAll('127.0.0.1:5443', `127.0.0.1:${serverPort}`)
    .replaceAll('/etc/acrux/tls.pem', cert)
    .replaceAll('/etc/acrux/tls.key', key)
  const { config, args } = proxies[name](dir.path, example, port)
  writeFileSync(join(dir.path, 'config'), config)
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir.path, XDG_DATA_HOME: dir.path, XDG_CONFIG_HOME: dir.path }
  const proxy = spawn(name, args, { env, cwd: dir.path, stdio: ['ignore', 'ignore', 'pipe'] })
  const forget = atProcessEnd(() => proxy.kill('SIGKILL'))
  let said = ''
  proxy.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  return {
    port,
    caFile: cert,
    said: () => said,
    ready: () =>
      until(`${name} answers`, async () => {
        assert.equal(proxy.exitCode, null, said)
        const url = `https://localhost:${port}/v2/`
        return (await request({ url, caFile: cert }).catch(() => undefined)) !== undefined
      }),
    async [Symbol.asyncDispose]() {
      const ended = once(proxy, 'exit')
      if (proxy.exitCode === null && proxy.kill('SIGTERM')) await ended
      forget()
      dir.remove()
    },
  }
}
