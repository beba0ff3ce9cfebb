import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { armToken, registryId } from '../harness/arm.ts'
import { basic } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { exchangeBytes, openWire, statusOf } from './wire.ts'

const server = await startServer({ args: ['--log-level', 'error'] })
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { loginServer: service, servicePrincipal, tenantId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const guid = '3b9fdb7b-d30c-4d8a-8f9a-1f2e3d4c5b6a'

test('fault 53: a request that is no HTTP, or breaks off, is answered with a 4xx or not at all', async () => {
  const head = `Host: ${service}\r\nAuthorization: ${owner}\r\n`
  const broken = [
    '\r\n\r\n',
    'GET\r\n\r\n',
    'GET /v2/\r\n\r\n',
    `GET /v2/ HTTP/0.9\r\n${head}\r\n`,
    `GET /v2/ HTTP/2.0\r\n${head}\r\n`,
    'GET /v2/ HTTP/1.1\r\n\r\n',
    `GET /v2/ HTTP/1.1\r\nHost: ${service}\r\nHost: evil.example.com\r\n\r\n`,
    `GET http://evil.example.com/v2/ HTTP/1.1\r\n${head}\r\n`,
    `GET https://${service}/v2/ HTTP/1.1\r\n${head}\r\n`,
    `GET //evil.example.com/v2/ HTTP/1.1\r\n${head}\r\n`,
    `GET v2/ HTTP/1.1\r\n${head}\r\n`,
    `GET * HTTP/1.1\r\n${head}\r\n`,
    `OPTIONS * HTTP/1.1\r\n${head}\r\n`,
    `CONNECT evil.example.com:443 HTTP/1.1\r\n${head}\r\n`,
    `CONNECT /v2/ HTTP/1.1\r\n${head}\r\n`,
    `M-SEARCH /v2/ HTTP/1.1\r\n${head}\r\n`,
    `UPLOAD /v2/ HTTP/1.1\r\n${head}\r\n`,
    `GET /v2/\u0000 HTTP/1.1\r\n${head}\r\n`,
    `GET /v2/\u00ff\u00fe HTTP/1.1\r\n${head}\r\n`,
    `GET /v2/ x HTTP/1.1\r\n${head}\r\n`,
    `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${head}\r\n`,
    `GET /v2/ HTTP/1.1\r\n${head}X: ${'a'.repeat(100_000)}\r\n\r\n`,
    `GET /v2/ HTTP/1.1\r\n${head}${'X: a\r\n'.repeat(3000)}\r\n`,
    `GET /v2/ HTTP/1.1\r\n${head}X Y: a\r\n\r\n`,
    `GET /v2/ HTTP/1.1\r\n${head}X: a\r\n b\r\n\r\n`,
    `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${head}Content-Length: -1\r\n\r\n`,
    `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${head}Content-Length: 1e3\r\n\r\n`,
    `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${head}Content-Length: 99999999999999999999\r\n\r\nx`,
    `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxx`,
    `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n`,
    `PATCH /v2/team/app/blobs/uploads/${guid} HTTP/1.1\r\n${head}Content-Length: 100\r\n\r\nx`,
    `GET /v2/ HTTP/1.1\r\n${head}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    `GET /v2/ HTTP/1.1\r\n${head}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n\r\n`,
    `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${head}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`,
    `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${head}Expect: nonsense\r\nContent-Length: 2\r\n\r\n{}`,
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ]
  for (const bytes of broken) {
    const status = statusOf(await exchangeBytes(server, Buffer.from(bytes, 'latin1'), 150))
    assert.ok(status === undefined || status < 500, `${status}: ${JSON.stringify(bytes.slice(0, 120))}`)
  }
  assert.equal((await wire.send({ target: '/v2/', authorization: owner })).status, 200)
})

test('fault 53: what a client sent wrongly is denied, and is logged as no failure of the server', async () => {
  const forArm = `Bearer ${await armToken(server)}`
  const forGraph = `Bearer ${await armToken(server, servicePrincipal, `${server.baseUrl}/graph//.default`)}`
  const said = server.output().length
  const targets: readonly (readonly [method: string, target: string, authorization: string | undefined])[] = [
    ['POST', '/oauth2/token', undefined],
    ['POST', '/oauth2/exchange', undefined],
    ['POST', `/${tenantId}/oauth2/v2.0/token`, undefined],
    ['PATCH', `${registryId(server)}?api-version=2025-03-01-preview`, forArm],
    ['POST', '/graph/v1.0/applications', forGraph],
    ['PATCH', '/acr/v1/team%2Fapp', owner],
    ['PUT', '/v2/team/app/manifests/1', owner],
  ]
  const types = ['application/x-www-form-urlencoded', 'application/json', 'text/plain', 'x', '']
  const bodies = ['%', 'a=%zz', 'a=%ff', 'a=b&'.repeat(500), '{', '\u0000', '[]', 'x'.repeat(2_000_000)]
  for (const [method, target, authorization] of targets) {
    for (const type of types) {
      for (const body of bodies) {
        const headers = [['Content-Type', type] as const]
        const { status } = await wire.send({ method, target, authorization, headers, body })
        assert.ok(status >= 400 && status < 500, `${method} ${target} ${type} ${body.slice(0, 20)}: ${status}`)
      }
    }
  }
  const failures = server
    .output()
    .slice(said)
    .split('\n')
    .filter((line) => line.startsWith('{'))
  assert.deepEqual(failures.slice(0, 2), [], `${failures.length} lines`)
})
