import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { makeImage, pull, push } from '../clients/az/podman.ts'
import { examplesOf, readDocument, root } from '../clients/lib/examples.ts'
import { clientHome, mustRun, requireClient, requireRoot, run } from '../harness/clients.ts'
import { freePort } from '../harness/free-port.ts'
import { request } from '../harness/http.ts'
import { at, stringAt } from '../harness/json.ts'
import { atProcessEnd } from '../harness/process-end.ts'
import { mainFile } from '../harness/program.ts'
import { tempDir, type TempDir } from '../harness/temp-dir.ts'
import { until } from '../harness/until.ts'
import { freePlace, readyLine, startAcrux } from './acrux.ts'

const page = readDocument('docs/how-to/reverse-proxy.md')

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

async function checkProxy(t: TestContext, name: keyof typeof proxies): Promise<void> {
  if (!requireClient(t, name, 'podman', 'openssl') || !requireRoot(t)) return
  using dir = tempDir(name)
  const { cert, key } = await makeCertificate(dir)
  const port = await freePort()
  const host = `localhost:${port}`
  using place = await freePlace()
  await using server = await startAcrux([...place.args, '--http', '--behind-proxy', '127.0.0.1', '--public-host', host])
  assert.equal(readyLine(server), `https://${host}`)
  const example = examplesOf(page, name)
    .replaceAll('127.0.0.1:5443', `127.0.0.1:${place.port}`)
    .replaceAll('/etc/acrux/tls.pem', cert)
    .replaceAll('/etc/acrux/tls.key', key)
  const { config, args } = proxies[name](dir.path, example, port)
  writeFileSync(join(dir.path, 'config'), config)
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir.path, XDG_DATA_HOME: dir.path, XDG_CONFIG_HOME: dir.path }
  const proxy = spawn(name, args, { env, cwd: dir.path, stdio: ['ignore', 'ignore', 'pipe'] })
  const forget = atProcessEnd(() => proxy.kill('SIGKILL'))
  let said = ''
  proxy.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  try {
    const ask = () => request({ url: `https://${host}/v2/`, caFile: cert })
    await until(`${name} answers`, async () => {
      assert.equal(proxy.exitCode, null, said)
      return (await ask().catch(() => undefined)) !== undefined
    })
    const answer = await ask()
    assert.equal(answer.status, 401, said)
    assert.equal(
      answer.headers['www-authenticate'],
      `Bearer realm="https://${host}/oauth2/token",service="${host}"`,
      'the challenge names the public host and https',
    )

    using home = clientHome(cert)
    const firstRun: unknown = JSON.parse(readFileSync(join(place.dataDir, 'first-run.json'), 'utf8'))
    const appId = stringAt(firstRun, 'servicePrincipal', 'appId')
    const password = stringAt(firstRun, 'servicePrincipal', 'password')
    await mustRun('podman', ['login', '-u', appId, '--password-stdin', host], { env: home.env, input: password })
    await makeImage(home, 'localhost/proxied:1', 'x'.repeat(3 * 1024 * 1024))
    const digest = await push(home, 'localhost/proxied:1', `${host}/proxied:1`)
    assert.equal(await pull(home, `${host}/proxied:1`), digest)

    const forged = { 'x-forwarded-for': '203.0.113.9', authorization: 'Basic bm9ib2R5Om5vdGhpbmc=' }
    await request({ url: `https://${host}/v2/`, caFile: cert, headers: forged })
    const exported = await mustRun(process.execPath, [mainFile, 'audit', 'export', '--data-dir', place.dataDir], {
      env: home.env,
    })
    const addresses = exported.stdout
      .trim()
      .split('\n')
      .map((line) => at(JSON.parse(line), 'remoteAddress'))
    assert.ok(addresses.includes('127.0.0.1'))
    assert.ok(!addresses.includes('203.0.113.9'), 'a client cannot choose its address')
  } finally {
    const ended = once(proxy, 'exit')
    if (proxy.exitCode === null && proxy.kill('SIGTERM')) await ended
    forget()
  }
}

test('the nginx configuration of the how-to page serves pushes and pulls', (t) => checkProxy(t, 'nginx'))

test('the Caddy configuration of the how-to page serves pushes and pulls', (t) => checkProxy(t, 'caddy'))

test('the page has the settings that the configurations need', () => {
  assert.match(page, /^behindProxy: \[127\.0\.0\.1\]/m)
  assert.match(readFileSync(join(root, 'docs/reference/configuration.md'), 'utf8'), /^### behindProxy$/m)
})
