import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http, { type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, beforeEach, test } from 'node:test'
import { buffer } from 'node:stream/consumers'
import { LatestEntries, type RecordedRequest } from '../records/recorded-requests.ts'
import { parseFault } from './fault.ts'
import { FaultSet } from './fault-set.ts'
import { createInterceptor } from './interceptor.ts'

const faults = new FaultSet()
const requests = new LatestEntries<RecordedRequest>()
const clock = { now: () => Date.UTC(2027, 0, 1) }
const content = Buffer.alloc(200_000, 'layer')

/** Answers a download with `content`, and an upload with the digest of its body. */
async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const headers = ['x-ms-correlation-request-id', `id-${request.url}`, 'content-type', 'text/plain']
  const body = await buffer(request)
  if (request.method === 'GET') {
    response.writeHead(200, [...headers, 'content-length', String(content.byteLength)])
    // In two pieces.
    response.write(content.subarray(0, 3))
    response.end(content.subarray(3))
  } else {
    response.writeHead(201, headers)
    response.end(`${body.byteLength} ${createHash('sha256').update(body).digest('hex')}`)
  }
}

const surface: RequestListener = (request, response) => {
  answer(request, response).catch(() => response.destroy())
}

const server = http.createServer(createInterceptor({ faults, requests, clock })(surface))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
after(() => {
  server.closeAllConnections()
  server.close()
})

beforeEach(() => {
  faults.restore([])
  requests.clear()
})

function set(document: unknown): void {
  faults.add(parseFault(document))
}

type Answer = { readonly status: number; readonly headers: Headers; readonly body: Buffer }

async function send(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(origin + path, init)
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) }
}

const blob = '/v2/team/app/blobs/sha256:0'
const upload: RequestInit = { method: 'PATCH', body: content }
const uploaded = `${content.byteLength} ${createHash('sha256').update(content).digest('hex')}`

/** The code of the error with which a request fails. */
async function failureOf(sent: Promise<unknown>): Promise<string> {
  try {
    await sent
  } catch (error) {
    const { cause } = error as { readonly cause?: { readonly code?: string } }
    return cause?.code ?? String(error)
  }
  return 'none'
}

test('a request without a fault is recorded with the id of its response, and without its query', async () => {
  const { body } = await send(`${blob}?token=secret`, { headers: { authorization: `Basic ${btoa('device:secret')}` } })
  assert.ok(body.equals(content))
  assert.deepEqual(requests.after(undefined), [
    { id: `id-${blob}?token=secret`, method: 'GET', path: blob, status: 200, principal: 'device', fault: null },
  ])
})

// prettier-ignore
const formats: readonly (readonly [string, string, string])[] = [
  [blob,                                '{"errors":[{"code":"TOOMANYREQUESTS","message":', 'the registry'],
  ['/oauth2/token',                     '{"errors":[{"code":"TOOMANYREQUESTS","message":', 'the token service'],
  ['/oauth2/exchange',                  '{"errors":[{"code":"TOOMANYREQUESTS","message":', 'the exchange'],
  ['/subscriptions/x',                  '{"error":{"code":"TooManyRequests","message":',   'ARM'],
  ['/graph/v1.0/me',                    '{"error":{"code":"TooManyRequests","message":',   'Graph'],
  ['/organizations/oauth2/v2.0/token',  '{"error":"temporarily_unavailable",',             'the identity provider'],
]

for (const [path, start, title] of formats) {
  test(`${title} answers a status in its own format, with the time to wait`, async () => {
    set({ times: 1, then: { status: 429, retryAfterSeconds: 7 } })
    const { status, headers, body } = await send(path)
    assert.equal(status, 429)
    assert.equal(headers.get('retry-after'), '7')
    assert.ok(body.toString().startsWith(start), body.toString())
    assert.equal((await send(path)).status, 200)
    const [faulty, other] = requests.after(undefined)
    assert.deepEqual(
      [faulty?.status, faulty?.fault, faulty?.id],
      [429, 'fault-' + faulty?.fault?.slice(6), headers.get('x-ms-correlation-request-id')],
    )
    assert.deepEqual([other?.status, other?.fault], [200, null])
  })
}

test('a challenge names the token service and the access that the route needs', async () => {
  set({ then: { challenge: 'invalid_token' } })
  const { host } = new URL(origin)
  const bearer = `Bearer realm="${origin}/oauth2/token",service="${host}"`
  // prettier-ignore
  const expected = [
    ['GET',   blob,                           `${bearer},scope="repository:team/app:pull",error="invalid_token"`],
    ['POST',  '/v2/team/app/blobs/uploads/',  `${bearer},scope="repository:team/app:pull,push",error="invalid_token"`],
    ['GET',   '/v2/_catalog',                 `${bearer},scope="registry:catalog:*",error="invalid_token"`],
    ['GET',   '/v2/',                         `${bearer},error="invalid_token"`],
    ['GET',   '/subscriptions/x',             `Bearer authorization_uri="${origin}/organizations/", error="invalid_token"`],
  ] as const
  for (const [method, path, challenge] of expected) {
    const { status, headers } = await send(path, { method })
    assert.equal(status, 401)
    assert.equal(headers.get('www-authenticate'), challenge)
  }
})

test('an upload that is answered with a status keeps its connection', async () => {
  set({ times: 1, then: { status: 503 } })
  assert.equal((await send(blob, upload)).status, 503)
  assert.equal((await send(blob, upload)).body.toString(), uploaded)
})

test('a delay comes before the surface', async () => {
  set({ times: 1, then: { delayMs: 300 } })
  const begunMs = performance.now()
  assert.equal((await send(blob, upload)).body.toString(), uploaded)
  assert.ok(performance.now() - begunMs >= 290)
})

test('a form is read ahead for its principal, and the surface reads it again', async () => {
  set({ match: { principal: 'ada' }, times: 1, then: { status: 500 } })
  const form = (username: string) => ({ method: 'POST', body: new URLSearchParams({ username, password: 'p' }) })
  assert.equal((await send('/organizations/oauth2/v2.0/token', form('bob'))).status, 201)
  assert.equal((await send('/organizations/oauth2/v2.0/token', form('ada'))).status, 500)
  assert.match((await send('/organizations/oauth2/v2.0/token', form('ada'))).body.toString(), /^23 /)
})

for (const [title, init] of [
  ['download', {}],
  ['upload', upload],
] as const) {
  test(`the ${title} has the speed that a fault allows, and is complete`, async () => {
    set({ times: 1, then: { bytesPerSecond: 400_000 } })
    const begunMs = performance.now()
    const { body } = await send(blob, init)
    assert.ok(performance.now() - begunMs >= 350)
    assert.equal(title === 'download' ? body.equals(content) : body.toString() === uploaded, true)
  })

  test(`the ${title} that is cut after some bytes ends its connection`, async () => {
    set({ times: 1, then: { cutAfterBytes: 70_000 } })
    assert.notEqual(await failureOf(send(blob, init)), 'none')
    assert.equal((await send(blob, init)).status, title === 'download' ? 200 : 201)
  })

  test(`the ${title} that stalls ends only when its client does`, async () => {
    set({ times: 1, then: { stallAfterBytes: 70_000 } })
    const signal = AbortSignal.timeout(500)
    await assert.rejects(send(blob, { ...init, signal }), { name: 'TimeoutError' })
    assert.equal((await send(blob, init)).status, title === 'download' ? 200 : 201)
  })
}

test('a response that is cut or stalls after its head has no byte of its body', async () => {
  set({ times: 1, then: { cutAfterBytes: 0 } })
  const request = http.get(origin + blob, { agent: false })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  assert.equal(response.statusCode, 200)
  await assert.rejects(buffer(response), { code: 'ECONNRESET' })
})

test('a small response is not cut by a larger number of bytes', async () => {
  set({ times: 1, then: { cutAfterBytes: 1_000_000 } })
  assert.ok((await send(blob)).body.equals(content))
})

test('a reset connection has no response', async () => {
  set({ times: 1, then: { reset: true } })
  assert.equal(await failureOf(send(blob)), 'ECONNRESET')
  const [recorded] = requests.after(undefined)
  assert.deepEqual([recorded?.status, recorded?.method], [null, 'GET'])
})

test('a corrupt body differs in one byte, and the bytes of the server stay the same', async () => {
  set({ times: 1, then: { corrupt: true } })
  const { body } = await send(blob)
  const changed = [...body.keys()].filter((index) => body[index] !== content[index])
  assert.deepEqual([body.byteLength, changed], [content.byteLength, [2]])
  assert.ok((await send(blob)).body.equals(content))
})

test('a client that disconnects during a delay is recorded without a response', async () => {
  set({ then: { delayMs: 200 } })
  for (let count = 0; count < 20; count += 1) {
    await assert.rejects(send(blob, { signal: AbortSignal.timeout(10) }))
  }
  assert.equal(
    requests.after(undefined).every(({ status }) => status === null),
    true,
  )
})
