import assert from 'node:assert/strict'
import { test } from 'node:test'
import { request, type HttpResponse } from '../harness/http.ts'
import { until } from '../harness/until.ts'
import { freePlace, readyLine, runAcrux, startAcrux, type Started } from './acrux.ts'

test('HTTP is served on loopback addresses, and the challenge then names an http realm', async () => {
  using place = await freePlace()
  await using server = await startAcrux([...place.args, '--http'])
  assert.equal(readyLine(server), `http://localhost:${place.port}`)
  const answer = await request({ url: `http://localhost:${place.port}/v2/` })
  assert.equal(answer.status, 401)
  assert.equal(
    answer.headers['www-authenticate'],
    `Bearer realm="http://localhost:${place.port}/oauth2/token",service="localhost:${place.port}"`,
  )
})

test('HTTP on any other address is rejected, unless a proxy is named', async () => {
  using place = await freePlace()
  const args = ['--data-dir', place.dataDir, '--listen', `0.0.0.0:${place.port}`, '--http']
  const rejected = await runAcrux(['serve', ...args])
  assert.equal(rejected.code, 2)
  assert.match(rejected.stderr, /behindProxy/)
  const proxied = [...args, '--behind-proxy', '127.0.0.1', '--public-host', 'registry.example.com']
  await using server = await startAcrux(proxied)
  assert.equal(readyLine(server), 'https://registry.example.com')
})

test('HTTP together with a certificate is rejected, and so is a proxy range that includes every address', async () => {
  using place = await freePlace()
  const withCertificate = await runAcrux([
    'serve',
    ...place.args,
    '--http',
    '--tls-cert',
    'a.pem',
    '--tls-key',
    'a.key',
  ])
  assert.equal(withCertificate.code, 2)
  for (const everybody of ['0.0.0.0/0', '::/0']) {
    const rejected = await runAcrux(['serve', ...place.args, '--http', '--behind-proxy', everybody])
    assert.equal(rejected.code, 2, everybody)
  }
})

/** The address that the log names as the one a request came from. */
async function loggedSource(server: Started, answer: HttpResponse): Promise<string | undefined> {
  const id = String(answer.headers['x-ms-correlation-request-id'])
  const line = (): string | undefined =>
    server
      .stderr()
      .split('\n')
      .find((one) => one.includes(id) && one.endsWith('}'))
  await until(`a line of the log with the id ${id}`, () => line() !== undefined)
  return /"from":"([^"]*)"/.exec(line() ?? '')?.[1]
}

const forwarded = { 'x-forwarded-for': '198.51.100.9, 203.0.113.7', 'x-forwarded-proto': 'https' }

test('`X-Forwarded-For` is believed from a proxy that is named, and only as far as that proxy saw', async () => {
  using place = await freePlace()
  const args = [...place.args, '--http', '--behind-proxy', '127.0.0.1', '--public-host', 'registry.example.com']
  await using server = await startAcrux(args)
  const url = `http://127.0.0.1:${place.port}/v2/`
  const headers = { host: 'registry.example.com', ...forwarded }
  const answer = await request({ url, headers })
  assert.equal(answer.status, 401)
  assert.match(String(answer.headers['www-authenticate']), /^Bearer realm="https:\/\/registry\.example\.com\//)
  assert.equal(await loggedSource(server, answer), '203.0.113.7')
})

test('`X-Forwarded-*` from other addresses is ignored, and `X-Forwarded-Host` from all', async () => {
  using place = await freePlace()
  const args = [...place.args, '--http', '--behind-proxy', '192.0.2.0/24', '--public-host', 'registry.example.com']
  await using server = await startAcrux(args)
  const url = `http://127.0.0.1:${place.port}/v2/`
  const answer = await request({ url, headers: { host: 'registry.example.com', ...forwarded } })
  assert.equal(await loggedSource(server, answer), '127.0.0.1')
  const stolen = { host: 'evil.example.net', 'x-forwarded-host': 'registry.example.com' }
  assert.equal((await request({ url, headers: stolen })).status, 404)
})
