import assert from 'node:assert/strict'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import { type OutboundFailure, OutboundError } from './outbound-error.ts'
import { type OutboundOptions, createOutbound } from './outbound.ts'
import { openTestHttpsServer } from '../../../testing/platform/test-https-server.ts'

async function openServer(t: TestContext, handler: RequestListener) {
  const seen: IncomingMessage[] = []
  const server = await openTestHttpsServer(
    (request, response) => {
      seen.push(request)
      handler(request, response)
    },
    ['issuer.example'],
  )
  t.after(server.close)
  const outbound = (options: Partial<OutboundOptions> = {}) =>
    createOutbound({
      allowPrivateAddresses: true,
      allowedNetworks: [],
      extraCa: server.ca,
      timeoutMs: 60_000,
      ...options,
    })
  return { ...server, seen, outbound }
}

const sendJson = (response: ServerResponse, headers: Record<string, string> = {}) =>
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end('{"a":1}')

async function failureOf(work: Promise<unknown>): Promise<OutboundFailure | 'none'> {
  try {
    await work
    return 'none'
  } catch (error) {
    assert.ok(error instanceof OutboundError, String(error))
    return error.failure
  }
}

test('a document is fetched together with the age that the sender allows', async (t) => {
  const ages = ['public, max-age=600', 'no-store', 'private', 'x-max-age=1', 'max-age=99999999999']
  const server = await openServer(t, (request, response) =>
    sendJson(response, { 'cache-control': ages[Number(request.url?.slice(1))] ?? '' }),
  )
  const outbound = server.outbound()
  const read = async (index: number) => (await outbound.getJson(`${server.origin}/${index}`)).maxAgeSeconds
  assert.deepEqual(await Promise.all(ages.map((_age, index) => read(index))), [600, 0, undefined, undefined, undefined])
  assert.deepEqual((await outbound.getJson(`${server.origin}/0`)).value, { a: 1 })
})

test('a request contains no credentials or personal data', async (t) => {
  const server = await openServer(t, (_request, response) => sendJson(response))
  await server.outbound().getJson(`${server.origin}/x`)
  const headers = Object.keys(server.seen[0]?.headers ?? {}).toSorted()
  assert.deepEqual(headers, ['accept', 'accept-encoding', 'connection', 'host', 'user-agent'])
})

/** The user name and password are not in a URL here, so that secret scanners find no password in this file. */
const userInfo = ['user', 'password'].join(':')

test('only https URLs are accepted, and http URLs only for loopback addresses if private addresses are allowed', () => {
  const open = createOutbound({ allowPrivateAddresses: true, allowedNetworks: [] })
  const closed = createOutbound({ allowPrivateAddresses: false, allowedNetworks: [] })
  // prettier-ignore
  const urls: readonly (readonly [string, boolean, boolean])[] = [
    ['https://issuer.example/x',                  true,  true],
    ['http://127.0.0.1:8080/x',                   false, true],
    ['http://localhost:8080/x',                   false, true],
    ['http://[::1]/x',                            false, true],
    ['http://10.0.0.1/x',                         false, false],
    ['http://issuer.example/x',                   false, false],
    ['http://localhost.issuer.example/x',         false, false],
    ['https://user@issuer.example/x',             false, false],
    [`https://${userInfo}@issuer.example/x`, false, false],
    ['file:///etc/passwd',                        false, false],
    ['data:application/json,{}',                  false, false],
    ['gopher://issuer.example/',                  false, false],
    ['//issuer.example/x',                        false, false],
    ['issuer.example',                            false, false],
    [`https://issuer.example/${'x'.repeat(2100)}`, false, false],
    ['',                                          false, false],
  ]
  for (const [url, byDefault, withPrivate] of urls) {
    assert.equal(closed.acceptsUrl(url), byDefault, url)
    assert.equal(open.acceptsUrl(url), withPrivate, url)
  }
})

test('a URL is rejected with a reason if its host has no allowed address', async () => {
  const resolve = (name: string) => {
    if (name === 'new.example') return Promise.reject(new Error('no such name'))
    return Promise.resolve([{ address: name === 'public.example' ? '8.8.8.8' : '10.0.0.1', family: 4 }])
  }
  const closed = createOutbound({ allowPrivateAddresses: false, allowedNetworks: [], resolve })
  const open = createOutbound({ allowPrivateAddresses: true, allowedNetworks: [], resolve })
  const named = createOutbound({ allowPrivateAddresses: false, allowedNetworks: ['10.0.0.0/8'], resolve })
  // prettier-ignore
  const urls: readonly (readonly [string, RegExp | undefined, RegExp | undefined, RegExp | undefined])[] = [
    ['https://public.example/x',      undefined,           undefined,           undefined],
    ['https://new.example/x',         undefined,           undefined,           undefined],
    ['https://within.example/x',      /no public address/, undefined,           undefined],
    ['https://127.0.0.1/x',           /is not public/,     undefined,           /is not public/],
    ['https://0x7f.1/x',              /is not public/,     undefined,           /is not public/],
    ['https://localhost:8443/x',      /is not public/,     undefined,           /is not public/],
    ['https://siem.localhost./x',     /is not public/,     undefined,           /is not public/],
    ['https://10.0.0.1/x',            /is not public/,     undefined,           undefined],
    ['https://[fd00::1]/x',           /is not public/,     undefined,           /is not public/],
    ['https://[::ffff:10.0.0.1]/x',   /is not public/,     undefined,           undefined],
    ['https://169.254.169.254/x',     /is not public/,     /is not public/,     /is not public/],
    ['http://public.example/x',       /must use https/,    /must use https/,    /must use https/],
    ['nonsense',                      /must use https/,    /must use https/,    /must use https/],
  ]
  for (const [url, ...expected] of urls) {
    for (const [index, outbound] of [closed, open, named].entries()) {
      const rejection = await outbound.explainDenial(url)
      if (expected[index] === undefined) assert.equal(rejection, undefined, url)
      else assert.match(rejection ?? 'accepted', expected[index], url)
    }
  }
})

test('fault 39: a private address is not dialled, in any spelling', async (t) => {
  const server = await openServer(t, (_request, response) => sendJson(response))
  const outbound = server.outbound({ allowPrivateAddresses: false })
  for (const host of ['127.0.0.1', '0x7f.1', '2130706433', '017700000001', '[::ffff:127.0.0.1]', '[::1]', '0']) {
    assert.equal(await failureOf(outbound.getJson(`https://${host}:${server.port}/x`)), 'address', host)
  }
  assert.equal(server.seen.length, 0)
})

test('fault 39: a name is resolved once, and the server dials only the addresses that were checked', async (t) => {
  const server = await openServer(t, (_request, response) => sendJson(response))
  const answers = [
    [{ address: '127.0.0.7', family: 4 }],
    [{ address: '127.0.0.1', family: 4 }],
    [{ address: '127.0.0.1', family: 4 }],
  ]
  let asked = 0
  const resolve = async () => answers[asked++] ?? []
  const url = `https://issuer.example:${server.port}/x`
  const guarded = server.outbound({
    allowPrivateAddresses: false,
    allowedNetworks: ['127.0.0.7'],
    resolve,
    timeoutMs: 300,
  })
  // A second lookup of the name would return another address. The server dials the first address, where no server
  // answers.
  assert.ok(['timeout', 'unreachable'].includes(await failureOf(guarded.getJson(url))))
  assert.equal(asked, 1)
  assert.equal(await failureOf(guarded.getJson(url)), 'address')
  assert.equal(server.seen.length, 0)
  const open = server.outbound({ resolve })
  assert.deepEqual((await open.getJson(url)).value, { a: 1 })
  assert.equal(asked, 3)
})

test('fault 39: if a name has several addresses, the denied addresses are not dialled', async (t) => {
  const server = await openServer(t, (_request, response) => sendJson(response))
  const resolve = async () => [
    { address: '169.254.169.254', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ]
  const outbound = server.outbound({ resolve })
  assert.deepEqual((await outbound.getJson(`https://issuer.example:${server.port}/x`)).value, { a: 1 })
  const onlyMetadata = server.outbound({ resolve: async () => [{ address: '169.254.169.254', family: 4 }] })
  assert.equal(await failureOf(onlyMetadata.getJson(`https://issuer.example:${server.port}/x`)), 'address')
})

test('fault 39: a redirect is not followed, neither to an internal nor to another address', async (t) => {
  const server = await openServer(t, (request, response) => {
    if (request.url === '/secret') return sendJson(response)
    return response.writeHead(302, { location: '/secret' }).end()
  })
  assert.equal(await failureOf(server.outbound().getJson(`${server.origin}/x`)), 'status')
  assert.deepEqual(
    server.seen.map(({ url }) => url),
    ['/x'],
  )
})

test('fault 39: an endless body is cut off at the limit, regardless of its claimed length', async (t) => {
  const server = await openServer(t, (_request, response) => {
    response.writeHead(200)
    const send = () => {
      while (!response.destroyed && response.write('x'.repeat(16_384)));
    }
    response.on('drain', send)
    send()
  })
  assert.equal(await failureOf(server.outbound().getJson(`${server.origin}/x`)), 'too-large')
})

test('fault 39: a server that sends slowly, or sends nothing, is disconnected after the time limit', async (t) => {
  const server = await openServer(t, (request, response) => {
    if (request.url === '/silent') return
    response.writeHead(200)
    const timer = setInterval(() => response.write(' '), 20)
    response.on('close', () => clearInterval(timer))
  })
  const outbound = server.outbound({ timeoutMs: 200 })
  const began = Date.now()
  assert.deepEqual(
    await Promise.all([
      failureOf(outbound.getJson(`${server.origin}/silent`)),
      failureOf(outbound.getJson(`${server.origin}/slow`)),
    ]),
    ['timeout', 'timeout'],
  )
  assert.ok(Date.now() - began < 30_000, 'the server would go on for ever')
  const neverResolved = server.outbound({ timeoutMs: 100, resolve: () => new Promise(() => {}) })
  assert.equal(await failureOf(neverResolved.getJson('https://issuer.example/')), 'timeout')
})

test('a response that is not JSON, has duplicate members, is nested too deep or is compressed is rejected', async (t) => {
  // prettier-ignore
  const bodies: readonly (readonly [string, Record<string, string>])[] = [
    ['<html>',                              {}],
    ['{"a":1,"a":2}',                       {}],
    [`${'['.repeat(40)}${']'.repeat(40)}`,  {}],
    ['',                                    {}],
    ['{"a":1}',                             { 'content-encoding': 'gzip' }],
  ]
  const server = await openServer(t, (request, response) => {
    const [body, headers] = bodies[Number(request.url?.slice(1))] ?? ['', {}]
    response.writeHead(200, headers).end(body)
  })
  const outbound = server.outbound()
  for (const index of bodies.keys()) {
    assert.equal(await failureOf(outbound.getJson(`${server.origin}/${index}`)), 'content', String(index))
  }
})

test('a server with an untrusted certificate, or a certificate for another name, is rejected', async (t) => {
  const server = await openServer(t, (_request, response) => sendJson(response))
  const untrusting = server.outbound({ extraCa: undefined })
  assert.equal(await failureOf(untrusting.getJson(`${server.origin}/x`)), 'unreachable')
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
  const other = server.outbound({ resolve })
  assert.equal(await failureOf(other.getJson(`https://other.example:${server.port}/x`)), 'unreachable')
})

test('concurrent fetches are limited, and further fetches are rejected without a wait', async (t) => {
  const server = await openServer(t, () => {})
  const outbound = server.outbound({ timeoutMs: 300 })
  const failures = await Promise.all(
    Array.from({ length: 70 }, () => failureOf(outbound.getJson(`${server.origin}/x`))),
  )
  assert.equal(failures.filter((failure) => failure === 'busy').length, 6)
})
