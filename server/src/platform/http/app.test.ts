import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createLog } from '../log/log.ts'
import { createApp, requestOrigin } from './app.ts'
import { serveForTest } from '../../../testing/platform/test-socket.ts'

type LogLine = Readonly<Record<string, unknown>> & {
  readonly id?: string
  readonly err?: { readonly message: string; readonly stack: string }
}

async function open(t: TestContext, trustedProxies: readonly string[] = []) {
  const lines: string[] = []
  const app = createApp({ log: createLog('debug', { write: (line) => void lines.push(line) }), trustedProxies })
  app.get('/origin', (request) => ({ ...requestOrigin(request), host: request.host }))
  app.get('/fails', () => {
    throw new Error('the password is hunter2', { cause: new Error('the disk is full') })
  })
  app.get('/rejects', () => {
    throw Object.assign(new Error('a secret reason'), { statusCode: 409 })
  })
  app.get('/taken-over', (_request, reply) => {
    reply.hijack()
    reply.raw.end('raw')
  })
  t.after(() => app.close())
  const parsed = () => lines.map((line) => JSON.parse(line) as LogLine)
  return { app, lines, parsed }
}

const get = (app: FastifyInstance, url: string, headers: Readonly<Record<string, string>> = {}) =>
  app.inject({ method: 'GET', url, headers: { host: 'one.example', ...headers } })

test('every response has the correlation id of its log line, and the response contains the id of the client only if the id is harmless', async (t) => {
  const { app, parsed } = await open(t)
  const ids = new Set<unknown>()
  for (const path of ['/origin', '/nothing', '/fails', '/taken-over']) {
    const { headers } = await get(app, path, {
      'x-ms-client-request-id': 'abc-1',
      'request-id': 'mine',
      'x-request-id': 'mine',
    })
    const id = headers['x-ms-correlation-request-id']
    if (path !== '/taken-over') {
      assert.match(String(id), /^[0-9a-f-]{36}$/, path)
      assert.equal(headers['x-ms-request-id'], id)
      assert.equal(headers['x-ms-client-request-id'], 'abc-1')
      assert.equal(headers['x-content-type-options'], 'nosniff')
      ids.add(id)
    }
  }
  const logged = new Set<unknown>(parsed().map(({ id }) => id))
  for (const id of ids) assert.ok(logged.has(id))
  for (const hostile of ['a b', 'a"b', '<script>', 'x'.repeat(65), '']) {
    const { headers } = await get(app, '/origin', { 'x-ms-client-request-id': hostile })
    assert.equal(headers['x-ms-client-request-id'], undefined, hostile)
  }
})

test('the server sends the HSTS header for every host except localhost', async (t) => {
  const { app } = await open(t)
  const told = async (host: string) => (await get(app, '/origin', { host })).headers['strict-transport-security']
  for (const host of ['one.example', 'one.example:8443', '192.0.2.1', 'localhost.example', 'notlocalhost']) {
    assert.equal(await told(host), 'max-age=31536000', host)
  }
  for (const host of ['localhost', 'localhost:5443', 'LocalHost:1', 'contoso.azurecr.localhost:5443']) {
    assert.equal(await told(host), undefined, host)
  }
})

test('each request has one log line, and the line does not contain the query', async (t) => {
  const { app, lines, parsed } = await open(t)
  for (const url of ['/origin?access_token=canary', '/nothing?canary', '/taken-over?x=canary', '/fails?canary']) {
    await get(app, url, { authorization: 'Bearer canary', cookie: 'canary' })
  }
  assert.doesNotMatch(lines.join(''), /canary/)
  const requests = parsed().filter(({ method }) => method === 'GET')
  assert.deepEqual(
    requests.map(({ path, status }) => [path, status]),
    [
      ['/origin', 200],
      ['/nothing', 404],
      ['/taken-over', 200],
      ['/fails', 500],
    ],
  )
})

test('the response to a failed request contains no reason, and the log contains the failure once, with its causes', async (t) => {
  const { app, parsed } = await open(t)
  const answer = await get(app, '/fails')
  assert.equal(answer.statusCode, 500)
  assert.doesNotMatch(answer.body, /hunter2|disk/)
  const errors = parsed().filter(({ level }) => level === 50)
  assert.equal(errors.length, 1)
  assert.equal(errors[0]?.['id'], answer.headers['x-ms-correlation-request-id'])
  assert.match(errors[0]?.err?.stack ?? '', /the disk is full/)
  const rejected = await get(app, '/rejects')
  assert.equal(rejected.statusCode, 409)
  assert.doesNotMatch(rejected.body, /secret/)
  assert.equal(parsed().filter(({ level }) => level === 50).length, 1, 'a rejection is no failure')
})

test('a URL that cannot be decoded or an unusual method causes a 4xx status', async (t) => {
  const { app, parsed } = await open(t)
  const { say } = await serveForTest(t, app)
  for (const target of ['/%', '/%zz', '/a%', '/%c3%28']) {
    const answer = await say(`GET ${target} HTTP/1.1\r\nHost: one.example\r\nConnection: close\r\n\r\n`)
    assert.match(answer, /^HTTP\/1\.1 40[04] /, target)
    const [, id] = /x-ms-correlation-request-id: ([0-9a-f-]{36})\r\n/.exec(answer) ?? []
    assert.ok(id !== undefined, target)
    assert.ok(
      parsed().some((line) => line.id === id && line['path'] === target),
      `${target} is in the log`,
    )
  }
  for (const method of ['TRACE', 'PROPFIND', 'QUERY', 'LINK', 'M-SEARCH', 'OPTIONS']) {
    const answer = await say(`${method} /origin HTTP/1.1\r\nHost: one.example\r\nConnection: close\r\n\r\n`)
    assert.match(answer, /^HTTP\/1\.1 40[04] /, method)
    assert.doesNotMatch(answer, /FST_/, method)
  }
})

test('fault 52: forwarded headers are trusted only from listed proxies, from the right, and malformed headers are harmless', async (t) => {
  const forwarded = {
    'x-forwarded-for': '203.0.113.9, 198.51.100.7',
    'x-forwarded-host': 'two.example',
    'x-forwarded-proto': 'https',
  }
  type Seen = { remoteAddress: string; host: string }
  const strangers = await open(t)
  const seen = (await get(strangers.app, '/origin', forwarded)).json<Seen>()
  assert.deepEqual([seen.remoteAddress, seen.host], ['127.0.0.1', 'one.example'])
  const { app } = await open(t, ['127.0.0.0/8'])
  const trusted = (await get(app, '/origin', forwarded)).json<Seen>()
  assert.deepEqual(
    [trusted.remoteAddress, trusted.host],
    ['198.51.100.7', 'two.example'],
    'not the one that the client wrote',
  )
  for (const odd of [
    '',
    ',',
    ',,,',
    'x',
    '127.0.0.1, x',
    `${'1.2.3.4,'.repeat(1000)}9`,
    '::1',
    '[::1]:80',
    '"',
    '1.2.3.4:5',
  ]) {
    const answer = await get(app, '/origin', {
      'x-forwarded-for': odd,
      'x-forwarded-host': odd,
      'x-forwarded-proto': odd,
    })
    assert.equal(answer.statusCode, 200, odd.slice(0, 20))
  }
})

test('a log line is short, even if a client sends long values', async (t) => {
  const { app, lines } = await open(t)
  await get(app, `/${'x'.repeat(10_000)}`, { host: 'h'.repeat(10_000), 'user-agent': 'u'.repeat(10_000) })
  assert.equal(lines.length, 1)
  assert.ok((lines[0] ?? '').length < 2000)
})
