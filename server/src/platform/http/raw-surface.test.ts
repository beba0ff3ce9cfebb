import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { createLog } from '../log/log.ts'
import { until } from '../../../testing/platform/test-patience.ts'
import { createApp } from './app.ts'
import { mountRaw } from './raw-surface.ts'
import type { CompletedRequest } from './request-log.ts'
import { serveForTest } from '../../../testing/platform/test-socket.ts'

type Seen = {
  readonly url: string
  readonly correlationId: string
  readonly remoteAddress: string
  readonly agent: string
}

/** Creates a raw surface at `/raw` that returns the values it received, and a Fastify route with a similar path. */
async function open(t: TestContext, trustedProxies: readonly string[] = []) {
  const lines: string[] = []
  const app = createApp({ log: createLog('info', { write: (line) => void lines.push(line) }), trustedProxies })
  const answered: CompletedRequest[] = []
  app.completionListeners.push((one) => void answered.push(one))
  app.get('/rawer', () => ({ own: true }))
  mountRaw(app, {
    name: 'raw',
    paths: ['/raw'],
    methods: ['GET', 'PUT'],
    handle: ({ request, response, origin, commonHeaders }) => {
      const { correlationId, remoteAddress, userAgent: agent } = origin
      response.writeHead(200, [...commonHeaders])
      response.end(JSON.stringify({ url: request.url, correlationId, remoteAddress, agent }))
    },
  })
  const { say } = await serveForTest(t, app)
  const ask = async (target: string, headers = '', method = 'GET') => {
    const answer = await say(
      `${method} ${target} HTTP/1.1\r\nHost: one.example\r\nUser-Agent: test\r\n${headers}Connection: close\r\n\r\n`,
    )
    const json = /\r\n\r\n[^{]*(\{.*\})/s.exec(answer)?.[1] ?? '{}'
    return { answer, status: Number(answer.slice(9, 12)), seen: JSON.parse(json) as Seen }
  }
  const logged = () => lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
  return { ask, logged, lines, answered }
}

/** The first request bypasses Fastify. Fastify routes the other requests. */
const spellings = ['/raw/a?b', '/raw/%61?b', '/RAW/a?b', '//raw/a?b', '/raw?b']

test('a raw surface handles a request the same with and without Fastify: address, headers, log line and metrics', async (t) => {
  const { ask, logged, answered } = await open(t)
  for (const target of spellings) {
    const { answer, status, seen } = await ask(target, 'X-Ms-Client-Request-Id: mine\r\n')
    assert.equal(status, 200, target)
    assert.deepEqual(
      { ...seen, correlationId: '' },
      { url: target, correlationId: '', remoteAddress: '127.0.0.1', agent: 'test' },
    )
    const head = answer.slice(0, answer.indexOf('\r\nDate:'))
    assert.deepEqual(head.split('\r\n').slice(1), [
      `x-ms-correlation-request-id: ${seen.correlationId}`,
      `x-ms-request-id: ${seen.correlationId}`,
      'x-content-type-options: nosniff',
      'strict-transport-security: max-age=31536000',
      'x-ms-client-request-id: mine',
    ])
    const { time, milliseconds, ...line } = logged().find(({ id }) => id === seen.correlationId) ?? {}
    assert.match(String(time), /^\d{4}-/)
    assert.equal(typeof milliseconds, 'number')
    const [path] = target.split('?')
    const { correlationId: id } = seen
    assert.deepEqual(line, { level: 30, id, method: 'GET', path, host: 'one.example', status: 200, from: '127.0.0.1' })
    const metric = answered.find(({ correlationId }) => correlationId === id)
    assert.deepEqual(metric?.route, target === '/raw?b' ? '/raw' : '/raw/*')
  }
  assert.equal(logged().length, spellings.length)
})

test('a raw surface receives only requests below its paths, and only with its methods', async (t) => {
  const { ask } = await open(t)
  assert.match((await ask('/rawer')).answer, /"own":true/)
  assert.equal((await ask('/rawest')).status, 404)
  for (const target of spellings) assert.equal((await ask(target, 'Content-Length: 0\r\n', 'POST')).status, 404, target)
  assert.equal((await ask('/raw/a', 'Content-Length: 0\r\n', 'PUT')).status, 200)
  assert.equal((await ask('/raw/%zz')).status, 400)
})

test('fault 52: a raw surface trusts forwarded headers only from listed proxies, like all other surfaces', async (t) => {
  const forwarded: readonly [header: string, from: string][] = [
    ['203.0.113.9, 198.51.100.7', '198.51.100.7'],
    ['203.0.113.9, 10.1.2.3', '203.0.113.9'],
    ['x', 'x'],
    [',,', '127.0.0.1'],
    ['"}', '"}'],
  ]
  const strangers = await open(t)
  const proxied = await open(t, ['127.0.0.1', '10.0.0.0/8'])
  for (const [header, from] of forwarded) {
    for (const target of spellings) {
      const line = `X-Forwarded-For: ${header}\r\n`
      assert.equal((await strangers.ask(target, line)).seen.remoteAddress, '127.0.0.1')
      const { seen } = await proxied.ask(target, line)
      assert.equal(seen.remoteAddress, from, `${header} at ${target}`)
      assert.equal(proxied.logged().find(({ id }) => id === seen.correlationId)?.['from'], from)
    }
  }
})

test('an aborted response, or a write after the end of a response, does not affect other responses', async (t) => {
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  mountRaw(app, {
    name: 'raw',
    paths: ['/raw'],
    methods: ['GET'],
    handle: ({ request, response }) => {
      response.write('a')
      if (request.url === '/raw/breaks') response.destroy(new Error('broken'))
      else response.end()
      response.write('b')
    },
  })
  const { say } = await serveForTest(t, app)
  assert.doesNotMatch(await say('GET /raw/breaks HTTP/1.1\r\nHost: one.example\r\n\r\n'), /b\r\n/)
  assert.match(await say('GET /raw/ends HTTP/1.1\r\nHost: one.example\r\nConnection: close\r\n\r\n'), /a\r\n0\r\n/)
})

async function* neverEnding(): AsyncGenerator<string> {
  yield 'a'
  await new Promise(() => undefined)
}

test('a request whose client disconnects has one log line: before the answer, during the answer, and in a queue of requests', async (t) => {
  const lines: string[] = []
  const app = createApp({ log: createLog('info', { write: (line) => void lines.push(line) }), trustedProxies: [] })
  mountRaw(app, {
    name: 'raw',
    paths: ['/raw'],
    methods: ['GET', 'PUT'],
    handle: ({ request, response }) => {
      if (request.url?.includes('within')) response.writeHead(200).write('a')
    },
  })
  app.get('/own/before', () => new Promise(() => undefined))
  app.put('/own/body', () => ({}))
  app.get('/own/within', (_request, reply) => reply.send(Readable.from(neverEnding())))
  const { connect, say } = await serveForTest(t, app)
  const sized = (target: string): string =>
    `PUT ${target} HTTP/1.1\r\nHost: one.example\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\nx`
  const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: one.example\r\n\r\n`
  const cases: readonly (readonly [text: string, statuses: Readonly<Record<string, number>>])[] = [
    [get('/raw/before'), { '/raw/before': 499 }],
    [get('/%72aw/before'), { '/%72aw/before': 499 }],
    [sized('/raw/body'), { '/raw/body': 499 }],
    [get('/raw/within'), { '/raw/within': 200 }],
    [get('/own/before'), { '/own/before': 499 }],
    [sized('/own/body'), { '/own/body': 499 }],
    [get('/own/within'), { '/own/within': 200 }],
    [
      get('/raw/within') + get('/raw/next') + get('/own/before'),
      { '/raw/within': 200, '/raw/next': 499, '/own/before': 499 },
    ],
  ]
  const linesNow = () =>
    lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>).filter(({ path }) => path !== '/another')
  /** Sends another request. After the answer to this request, the server has begun all earlier requests. */
  const answerAnother = () => say('GET /another HTTP/1.1\r\nHost: one.example\r\nConnection: close\r\n\r\n')
  for (const [text, statuses] of cases) {
    lines.length = 0
    const socket = await connect()
    socket.write(text)
    await answerAnother()
    assert.deepEqual(linesNow(), [], text)
    socket.destroy()
    await until(text, () => linesNow().length >= Object.keys(statuses).length)
    await answerAnother()
    const logged = linesNow()
    for (const line of logged) assert.partialDeepStrictEqual(line, { level: 30, aborted: true, from: '127.0.0.1' })
    assert.deepEqual(Object.fromEntries(logged.map(({ path, status }) => [path, status])), statuses, text)
    assert.equal(logged.length, Object.keys(statuses).length, text)
  }
})
