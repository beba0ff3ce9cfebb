import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { armToken, createServicePrincipal, registryId } from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { basic, digestOf, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertBounded } from './memory.ts'
import { openSocket, openWire, statusOf, type Header } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { loginServer: service, servicePrincipal, tenantId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const image = await pushImage(server, 'team/app', '1', owner)
const { config, layers, mediaType } = image
const limit = 4 * 1024 * 1024

async function put(body: string | Buffer, reference = 'odd', type: string = mediaType): Promise<HttpResponse> {
  const headers = [['Content-Type', type] as const]
  const target = `/v2/team/app/manifests/${reference}`
  return wire.send({ method: 'PUT', target, authorization: owner, headers, body })
}

/** A right manifest of exactly so many bytes. */
function manifestOf(sizeBytes: number): Buffer {
  const text = JSON.stringify({ schemaVersion: 2, mediaType, config, layers, annotations: { pad: '' } })
  return Buffer.from(text.replace('"pad":""', `"pad":"${'x'.repeat(sizeBytes - text.length)}"`))
}

test('fault 44: a manifest of 4 MiB is taken, and one of a byte more is too large', async () => {
  const largest = manifestOf(limit)
  assert.equal(largest.length, limit)
  assert.equal((await put(largest, 'largest')).status, 201)
  const read = await wire.send({ target: '/v2/team/app/manifests/largest', authorization: owner })
  assert.deepEqual(read.body, largest)
  for (const reference of ['larger', digestOf(manifestOf(limit + 1))]) {
    const denied = await put(manifestOf(limit + 1), reference)
    assert.equal(denied.status, 413, denied.text())
    assert.match(stringAt(denied.json(), 'errors', 0, 'code'), /^[A-Z_]+$/)
  }
  assert.equal((await wire.send({ target: '/v2/team/app/manifests/larger', authorization: owner })).status, 404)
})

/** Sends a body that never ends, in chunks, and returns what came back, and how much was sent until then. */
async function sendWithoutEnd(
  method: string,
  target: string,
  headers: readonly Header[],
): Promise<{ status: number | undefined; sent: number }> {
  const socket = await openSocket(server)
  const lines = headers.map(([name, value]) => `${name}: ${value}`)
  socket.write(
    [`${method} ${target} HTTP/1.1`, `Host: ${service}`, ...lines, 'Transfer-Encoding: chunked', '', ''].join('\r\n'),
  )
  const heard = { text: '', isClosed: false }
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    heard.text += text
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    heard.isClosed = true
  })
  const chunk = `10000\r\n${' '.repeat(0x1_00_00)}\r\n`
  let sent = 0
  while (!heard.isClosed && !heard.text.includes('\r\n\r\n') && sent < 128 * 1024 * 1024) {
    socket.write(chunk)
    while (socket.writableNeedDrain && !heard.isClosed && heard.text === '') await sleep(1)
    sent += 0x1_00_00
  }
  socket.destroy()
  return { status: statusOf(heard.text), sent }
}

test('fault 44: a body without an end is denied while it is being sent, on every surface', async () => {
  const forArm = `Bearer ${await armToken(server)}`
  const forGraph = `Bearer ${await armToken(server, servicePrincipal, `${server.baseUrl}/graph//.default`)}`
  const json = (authorization: string): Header[] => [
    ['Authorization', authorization],
    ['Content-Type', 'application/json'],
  ]
  const form: Header[] = [['Content-Type', 'application/x-www-form-urlencoded']]
  const version = '?api-version=2025-03-01-preview'
  const targets: readonly (readonly [string, string, Header[]])[] = [
    [
      'PUT',
      '/v2/team/app/manifests/endless',
      [
        ['Authorization', owner],
        ['Content-Type', mediaType],
      ],
    ],
    ['PATCH', '/acr/v1/team%2Fapp', json(owner)],
    ['POST', '/oauth2/token', form],
    ['POST', '/oauth2/exchange', form],
    ['POST', `/${tenantId}/oauth2/v2.0/token`, form],
    ['POST', '/sign-in/password', form],
    ['PATCH', `${registryId(server)}${version}`, json(forArm)],
    ['POST', `${registryId(server)}/regenerateCredential${version}`, json(forArm)],
    ['POST', '/graph/v1.0/applications', json(forGraph)],
  ]
  await assertBounded(server, { milliseconds: 30_000, mebibytes: 120 }, async () => {
    for (const [method, target, headers] of targets) {
      const { status, sent } = await sendWithoutEnd(method, target, headers)
      // Entra answers everything that is wrong with a token request with 400, and so do pages. [RFC 6749 §5.2]
      const isOfProvider = target.startsWith(`/${tenantId}/`) || target.startsWith('/sign-in/')
      assert.ok(status === 413 || (isOfProvider && status === 400), `${method} ${target}: ${status}`)
      assert.ok(sent < 64 * 1024 * 1024, `${method} ${target}: ${sent} bytes were taken`)
    }
  })
  assert.equal((await wire.send({ target: '/v2/team/app/manifests/1', authorization: owner })).status, 200)
})

test('fault 44: a secret, a lock or a registry that is described at length is denied', async () => {
  const long = 'x'.repeat(2 * 1024 * 1024)
  const plain = await createServicePrincipal(server, 'plain')
  const forGraph = `Bearer ${await armToken(server, servicePrincipal, `${server.baseUrl}/graph//.default`)}`
  const forArm = `Bearer ${await armToken(server)}`
  const sent: readonly (readonly [string, string, string, unknown])[] = [
    [
      'POST',
      `/graph/v1.0/applications/${plain.applicationObjectId}/addPassword`,
      forGraph,
      { passwordCredential: { displayName: long } },
    ],
    ['POST', '/graph/v1.0/applications', forGraph, { displayName: long }],
    ['PATCH', '/acr/v1/team%2Fapp', owner, { writeEnabled: true, note: long }],
    ['PATCH', `${registryId(server)}?api-version=2025-03-01-preview`, forArm, { tags: { long } }],
  ]
  for (const [method, target, authorization, body] of sent) {
    const headers = [['Content-Type', 'application/json'] as const]
    const answer = await wire.send({ method, target, authorization, headers, body: JSON.stringify(body) })
    assert.equal(answer.status, 413, `${method} ${target}: ${answer.text().slice(0, 200)}`)
  }
})

const nested = (depth: number, open: string, close: string): string => open.repeat(depth) + close.repeat(depth)
const whole = (extra: string): string =>
  `{"schemaVersion":2,"mediaType":"${mediaType}","config":${JSON.stringify(config)},"layers":${JSON.stringify(layers)},${extra}}`
const layerWith = (fields: string): string =>
  whole('"x":1').replace(JSON.stringify(layers), `[{"mediaType":"a/b","digest":"${layers[0]?.digest}",${fields}}]`)
const many = Array.from({ length: 60_000 }, () => '{"a":1}').join(',')

/** JSON that a careless reader dies of, with whether it may be taken at all. */
const odd: Record<string, { body: string | Buffer; mayBeTaken: boolean }> = {
  'arrays 10,000 deep': { body: whole(`"x":${nested(10_000, '[', ']')}`), mayBeTaken: false },
  'objects 10,000 deep': {
    body: whole(`"x":${nested(10_000, '{"a":', '').replace(/$/, '1')}${'}'.repeat(10_000)}`),
    mayBeTaken: false,
  },
  'nothing but brackets': { body: '['.repeat(2_000_000), mayBeTaken: false },
  'a million elements': { body: whole(`"x":[${'1,'.repeat(999_999)}1]`), mayBeTaken: true },
  'a million layers that are none': {
    body: whole('"y":1').replace(JSON.stringify(layers), `[${'1,'.repeat(999_999)}1]`),
    mayBeTaken: false,
  },
  'very many layers without a digest': {
    body: whole('"y":1').replace(JSON.stringify(layers), `[${many}]`),
    mayBeTaken: false,
  },
  'a prototype': { body: whole('"__proto__":{"digest":"x"}'), mayBeTaken: true },
  'annotations with a prototype': { body: whole('"annotations":{"__proto__":"x"}'), mayBeTaken: true },
  'annotations with a constructor': {
    body: whole('"annotations":{"constructor":"x","toString":"y"}'),
    mayBeTaken: true,
  },
  'annotations that are no text': { body: whole('"annotations":{"a":1}'), mayBeTaken: false },
  'annotations that are a list': { body: whole('"annotations":[]'), mayBeTaken: false },
  'a size of NaN': { body: layerWith('"size":NaN'), mayBeTaken: false },
  'a size of minus one': { body: layerWith('"size":-1'), mayBeTaken: false },
  'half a size': { body: layerWith('"size":0.5'), mayBeTaken: false },
  'a size in an exponent': { body: layerWith('"size":1e400'), mayBeTaken: false },
  'a size beyond all numbers': { body: layerWith(`"size":${'9'.repeat(400)}`), mayBeTaken: false },
  'a size beyond exact numbers': { body: layerWith('"size":9007199254740993'), mayBeTaken: false },
  'a size in words': { body: layerWith('"size":"5"'), mayBeTaken: false },
  'a size of null': { body: layerWith('"size":null'), mayBeTaken: false },
  'no size': { body: layerWith('"x":1'), mayBeTaken: false },
  'a digest that is a list': {
    body: whole('"subject":{"mediaType":"a/b","digest":["x"],"size":1}'),
    mayBeTaken: false,
  },
  'a lone surrogate that is written out': { body: whole('"annotations":{"a":"\\ud800"}'), mayBeTaken: true },
  'a lone surrogate in a type': { body: whole('"artifactType":"\\ud800"'), mayBeTaken: false },
  'bytes that are no UTF-8': {
    body: Buffer.concat([
      Buffer.from(whole('"x":"a').slice(0, -1)),
      Buffer.from([0xed, 0xa0, 0x80, 0xff]),
      Buffer.from('"}'),
    ]),
    mayBeTaken: false,
  },
  'UTF-16': { body: Buffer.from(whole('"x":1'), 'utf16le'), mayBeTaken: false },
  'a NUL in an annotation': { body: whole('"annotations":{"a\\u0000":"\\u0000"}'), mayBeTaken: true },
  'a very long key': { body: whole(`"${'k'.repeat(1_000_000)}":1`), mayBeTaken: true },
  'a very long artifact type': { body: whole(`"artifactType":"${'a'.repeat(100_000)}"`), mayBeTaken: false },
  nothing: { body: '', mayBeTaken: false },
  'only blanks': { body: ' '.repeat(1_000_000), mayBeTaken: false },
}

test('fault 44: a manifest that is odd JSON is rejected, or kept to the last byte, in bounded time and memory', async () => {
  await assertBounded(server, { milliseconds: 30_000, mebibytes: 250 }, async () => {
    for (const [what, { body, mayBeTaken }] of Object.entries(odd)) {
      const answer = await put(body)
      if (answer.status === 201 && mayBeTaken) {
        const read = await wire.send({ target: '/v2/team/app/manifests/odd', authorization: owner })
        assert.deepEqual(read.body, Buffer.from(body), what)
        const properties = await wire.send({ target: '/acr/v1/team%2Fapp/_manifests', authorization: owner })
        assert.equal(properties.status, 200, what)
      } else assert.equal(answer.status, 400, `${what}: ${answer.status} ${answer.text().slice(0, 200)}`)
    }
  })
})

test('fault 44: a configuration that is odd JSON does not keep its image from being pushed, nor hurt the server', async () => {
  const bodies = [
    nested(50_000, '[', ']'),
    '{"architecture":{"x":1},"os":["linux"]}',
    'null',
    '',
    '{"architecture":"\\u0000"}',
    '{"__proto__":{"os":"x"}}',
  ]
  for (const body of [...bodies, `{"architecture":"${'a'.repeat(100_000)}"}`]) {
    const bytes = Buffer.from(body)
    const digest = digestOf(bytes)
    const target = `/v2/team/app/blobs/uploads/?digest=${digest}`
    assert.equal((await wire.send({ method: 'POST', target, authorization: owner, body: bytes })).status, 201)
    const oddConfig = { ...config, digest, size: bytes.length }
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config: oddConfig, layers })
    assert.equal((await put(manifest)).status, 201, body.slice(0, 40))
    const properties = await wire.send({ target: '/acr/v1/team%2Fapp/_manifests', authorization: owner })
    assert.equal(properties.status, 200)
  }
})

test('fault 44: odd JSON is denied by the other surfaces as well', async () => {
  const forArm = `Bearer ${await armToken(server)}`
  const forGraph = `Bearer ${await armToken(server, servicePrincipal, `${server.baseUrl}/graph//.default`)}`
  const targets: readonly (readonly [string, string, string])[] = [
    ['PATCH', '/acr/v1/team%2Fapp', owner],
    ['PATCH', `${registryId(server)}?api-version=2025-03-01-preview`, forArm],
    ['POST', '/graph/v1.0/applications', forGraph],
  ]
  const bodies = [
    nested(10_000, '[', ']'),
    `{"properties":${nested(100_000, '[', ']')}}`,
    `{"displayName":${nested(10_000, '{"a":', '').replace(/$/, '1')}${'}'.repeat(10_000)}}`,
    `[${'1,'.repeat(200_000)}1]`,
    '{"displayName":"\\ud800"}',
    '{"displayName":"\\u0000"}',
    '{"properties":{"adminUserEnabled":1e999}}',
    '\ufeff{"writeEnabled":5}',
  ]
  for (const [method, target, authorization] of targets) {
    for (const body of bodies) {
      const headers = [['Content-Type', 'application/json'] as const]
      const answer = await wire.send({ method, target, authorization, headers, body })
      assert.ok(answer.status < 500, `${method} ${target} ${body.slice(0, 40)}: ${answer.status}`)
    }
  }
})

test('fault 44: the digest of what is kept is that of what was sent, by either algorithm', async () => {
  const bytes = manifestOf(5000)
  for (const [algorithm, reference] of [
    ['sha256', digestOf(bytes)],
    ['sha512', `sha512:${createHash('sha512').update(bytes).digest('hex')}`],
  ] as const) {
    assert.equal((await put(bytes, reference)).status, 201, algorithm)
    assert.equal((await put(Buffer.concat([bytes, Buffer.from(' ')]), reference)).status, 400, algorithm)
    const read = await wire.send({ target: `/v2/team/app/manifests/${reference}`, authorization: owner })
    assert.deepEqual(read.body, bytes)
  }
})
