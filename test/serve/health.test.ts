import assert from 'node:assert/strict'
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../harness/free-port.ts'
import { request } from '../harness/http.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { freePlace, runAcrux } from './acrux.ts'
import { askHost } from './ask-host.ts'
import { listeningPorts } from './listening-ports.ts'

test('`/healthz` and `/readyz` answer 200 without credentials, for any host', async () => {
  await using server = await startServer()
  for (const path of ['/healthz', '/readyz']) {
    for (const host of [server.firstRun.loginServer, 'somewhere.example.com']) {
      const answer = await askHost(server, host, path)
      assert.equal(answer.status, 200, `${path} at ${host}`)
      const { components, ...rest } = JSON.parse(answer.text) as { components?: unknown }
      assert.deepEqual(rest, { status: 'ok' })
      assert.equal(components !== undefined, path === '/readyz', `${path} at ${host}`)
    }
  }
})

test('`/readyz` names every component with its state and a sentence', async () => {
  await using server = await startServer()
  const answer = await request({ url: `${server.baseUrl}/readyz`, caFile: server.caFile })
  const { components } = JSON.parse(answer.text()) as {
    components: readonly { name: string; state: string; message: string }[]
  }
  const names = components.map(({ name }) => name)
  for (const name of ['server', 'database-writer', 'database', 'blob-store', 'signing-keys']) {
    assert.ok(names.includes(name), name)
  }
  for (const { name, state, message, ...rest } of components) {
    assert.equal(state, 'ok', name)
    assert.deepEqual(rest, {}, name)
    assert.match(message, /^[A-Z].*\.$/, name)
  }
})

test('`/readyz` answers 503 when the blob store cannot be read, and 200 when it can be again', async () => {
  await using server = await startServer()
  const blobs = join(server.dataDir, 'blobs')
  const away = `${blobs}-away`
  const ready = async () => (await request({ url: `${server.baseUrl}/readyz`, caFile: server.caFile })).status
  await rename(blobs, away)
  await until('the server is unavailable', async () => (await ready()) === 503)
  assert.equal((await request({ url: `${server.baseUrl}/healthz`, caFile: server.caFile })).status, 200)
  await rename(away, blobs)
  await until('the server is available', async () => (await ready()) === 200)
})

test('Metrics on an address that is not loopback require a bearer token', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'acrux-metrics-'))
  t.after(() => rm(directory, { recursive: true }))
  const token = 'Zm9yLXRoZS1zY3JhcGVyLW9ubHk='
  const tokenFile = join(directory, 'token')
  await writeFile(tokenFile, `${token}\n`, { mode: 0o600 })
  const port = await freePort()
  await using _server = await startServer({
    args: ['--metrics-listen', `0.0.0.0:${port}`, '--metrics-token-file', tokenFile],
  })
  const scrape = async (authorization?: string) =>
    request({
      url: `http://127.0.0.1:${port}/metrics`,
      ...(authorization !== undefined && { headers: { authorization } }),
    })
  for (const authorization of [undefined, 'Bearer', `Bearer ${token}x`, `Bearer ${token.slice(1)}`, `Basic ${token}`]) {
    const answer = await scrape(authorization)
    assert.equal(answer.status, 401, String(authorization))
    assert.match(String(answer.headers['www-authenticate']), /^Bearer/)
    assert.equal(answer.text(), '')
  }
  const answer = await scrape(`Bearer ${token}`)
  assert.equal(answer.status, 200)
  assert.match(answer.text(), /^acrux_database_writer_stuck_seconds 0$/m)
})

test('Metrics off loopback without a token, or with an unusable one, end the start with code 2', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'acrux-metrics-'))
  t.after(() => rm(directory, { recursive: true }))
  using place = await freePlace()
  const metrics = ['--metrics-listen', `0.0.0.0:${await freePort()}`]
  const without = await runAcrux(['serve', ...place.args, ...metrics])
  assert.equal(without.code, 2)
  assert.match(without.stderr, /require a bearer token: also set metricsTokenFile/)
  for (const [content, mode, why] of [
    ['short\n', 0o600, /contains no bearer token/],
    ['two lines of 16 or\nmore characters\n', 0o600, /contains no bearer token/],
    ['Zm9yLXRoZS1zY3JhcGVyLW9ubHk=', 0o644, /can be accessed by other users/],
  ] as const) {
    const tokenFile = join(directory, 'token')
    await writeFile(tokenFile, content)
    await chmod(tokenFile, mode)
    const finished = await runAcrux(['serve', ...place.args, ...metrics, '--metrics-token-file', tokenFile])
    assert.equal(finished.code, 2, finished.stderr)
    assert.match(finished.stderr, why)
  }
})

test('Metrics are off by default: the process listens on one port, and serves none there', async () => {
  await using server = await startServer()
  assert.deepEqual(await listeningPorts(server.pid), [server.port])
  const answer = await request({ url: `${server.baseUrl}/metrics`, caFile: server.caFile })
  assert.equal(answer.status, 404)
})

test('Metrics have a listener of their own, which serves nothing else and shows nothing of who asked for what', async () => {
  const port = await freePort()
  await using server = await startServer({ args: ['--metrics-listen', `127.0.0.1:${port}`] })
  const secretPath = '/v2/some-secret-project/tags/list'
  await request({ url: `${server.baseUrl}${secretPath}`, caFile: server.caFile })
  const metrics = await request({ url: `http://127.0.0.1:${port}/metrics` })
  assert.equal(metrics.status, 200)
  assert.match(String(metrics.headers['content-type']), /^text\/plain/)
  assert.match(metrics.text(), /^process_resident_memory_bytes \d+/m)
  assert.match(metrics.text(), /^acrux_http_requests_total\{.*\} \d+/m)
  assert.equal(metrics.text().includes('some-secret-project'), false)
  for (const path of ['/', '/v2/', '/healthz']) {
    assert.equal((await request({ url: `http://127.0.0.1:${port}${path}` })).status, 404)
  }
  assert.equal((await request({ url: `${server.baseUrl}/metrics`, caFile: server.caFile })).status, 404)
})
