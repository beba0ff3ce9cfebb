import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { createLog } from '../../platform/log/log.ts'
import { conflict } from './errors.ts'
import { listenForControl } from './listener.ts'
import { type Route, noContent, ok } from './route.ts'

const token = 'the-token-of-this-test'

async function open<Context>(t: TestContext, routes: readonly Route<Context>[], context: Context) {
  const log = createLog('silent')
  const address = { host: '127.0.0.1', port: 0 }
  const listener = await listenForControl({ address, token, routes, context, log })
  t.after(() => listener.close())
  const { port } = listener.address
  type Options = { readonly body?: string; readonly bearer?: string }
  const ask = async (method: string, path: string, { body, bearer = token }: Options = {}) => {
    const headers = { Authorization: `Bearer ${bearer}` }
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers,
      body: body ?? null,
    })
    return { status: response.status, text: await response.text(), headers: response.headers }
  }
  return { ask, port }
}

const echo: Route<null> = {
  id: 'echo',
  method: 'POST',
  path: '/_acrux/echo/:name',
  body: 'text',
  handle: (_, { params, query, text }) => ok({ ...params, query: query.get('q'), text }),
}

/** Rejects a stream at its first byte. */
const rejecting: Route<null> = {
  id: 'reject',
  method: 'POST',
  path: '/_acrux/reject',
  body: 'stream',
  handle: async (_, { request }) => {
    await request[Symbol.asyncIterator]().next()
    throw conflict('It does not fit.')
  },
}

const routes: readonly Route<null>[] = [
  echo,
  { id: 'open', method: 'GET', path: '/_acrux/open', isOpen: true, handle: () => ok('open') },
  { id: 'nothing', method: 'DELETE', path: '/_acrux/echo/:name', handle: () => noContent },
  {
    id: 'stream',
    method: 'GET',
    path: '/_acrux/stream',
    handle: () => ({ status: 200, contentType: 'text/plain', stream: Readable.from(['a', 'b']) }),
  },
  {
    id: 'conflict',
    method: 'GET',
    path: '/_acrux/conflict',
    handle: () => {
      throw conflict('It does not fit.')
    },
  },
  {
    id: 'defect',
    method: 'GET',
    path: '/_acrux/defect',
    handle: () => {
      throw new Error('a secret of the code')
    },
  },
]

test('a route gets its parameters, query and text, and answers a document, a stream or nothing', async (t) => {
  const { ask } = await open(t, routes, null)
  const { status, text, headers } = await ask('POST', '/_acrux/echo/a%2Fb?q=1', { body: 'täxt' })
  assert.deepEqual([status, JSON.parse(text)], [200, { name: 'a/b', query: '1', text: 'täxt' }])
  assert.equal(headers.get('cache-control'), 'no-store')
  assert.deepEqual(
    [(await ask('DELETE', '/_acrux/echo/a')).status, (await ask('GET', '/_acrux/stream')).text],
    [204, 'ab'],
  )
})

const errors = [
  { what: 'another path', method: 'GET', path: '/_acrux/none', status: 404, code: 'NotFound' },
  { what: 'another method', method: 'PUT', path: '/_acrux/echo/a', status: 404, code: 'NotFound' },
  { what: 'an empty path', method: 'GET', path: '//', status: 404, code: 'NotFound' },
  { what: 'a malformed path', method: 'DELETE', path: '/_acrux/echo/%ff', status: 400, code: 'InvalidRequest' },
  { what: 'an error of the handler', method: 'GET', path: '/_acrux/conflict', status: 409, code: 'Conflict' },
  { what: 'a defect', method: 'GET', path: '/_acrux/defect', status: 500, code: 'InternalError' },
] as const

for (const { what, method, path, status, code } of errors) {
  test(`${what} is answered with ${status}`, async (t) => {
    const { ask } = await open(t, routes, null)
    const answer = await ask(method, path)
    const { error } = JSON.parse(answer.text) as { readonly error: { readonly code: string; readonly message: string } }
    assert.deepEqual([answer.status, error.code], [status, code])
    assert.ok(!error.message.includes('secret'))
  })
}

test('a body that is too large is rejected', async (t) => {
  const { ask } = await open(t, routes, null)
  assert.equal((await ask('POST', '/_acrux/echo/a', { body: 'x'.repeat(16 * 1024 * 1024 + 1) })).status, 400)
})

/** Sends a body without a look at the response, which is read afterwards, as many clients do. */
async function sendAll(path: string, body: Buffer, port: number, bearer: string) {
  const socket = connect(port, '127.0.0.1')
  const head = `POST ${path} HTTP/1.1\r\nHost: control\r\nAuthorization: Bearer ${bearer}\r\nConnection: close\r\n`
  socket.pause().write(`${head}Content-Length: ${body.byteLength}\r\n\r\n`)
  await new Promise((resolve, reject) => {
    socket.once('error', reject).write(body, resolve)
  })
  return (await buffer(socket)).toString()
}

for (const [what, path, bearer, status] of [
  ['a text that is too large', '/_acrux/echo/a', token, 400],
  ['a stream that the handler rejects', '/_acrux/reject', token, 409],
  ['an upload without a route', '/_acrux/none', token, 404],
  ['an upload with a wrong token', '/_acrux/echo/a', 'wrong', 401],
] as const) {
  test(`${what} is read to its end, so that the client gets the response`, async (t) => {
    const { port } = await open(t, [...routes, rejecting], null)
    const response = await sendAll(path, Buffer.alloc(20 * 1024 * 1024), port, bearer)
    assert.match(response, new RegExp(`^HTTP/1.1 ${status} `))
  })
}

test('a health check may ask for the head of a response', async (t) => {
  const { ask } = await open(t, routes, null)
  for (const path of ['/_acrux/open', '/_acrux/stream']) {
    const { status, text } = await ask('HEAD', path)
    assert.deepEqual([status, text], [200, ''], path)
  }
})

test('a wrong token is denied before the route is known, except for open routes', async (t) => {
  const { ask } = await open(t, routes, null)
  for (const bearer of ['wrong', `${token}x`, token.toUpperCase()]) {
    const { status, headers } = await ask('GET', '/_acrux/none', { bearer })
    assert.deepEqual([status, headers.get('www-authenticate')], [401, 'Bearer'])
  }
  assert.equal((await ask('GET', '/_acrux/open', { bearer: 'wrong' })).status, 200)
})

test('calls run one after another, and a failed one does not stop the next', async (t) => {
  const running: string[] = []
  const slow: Route<string[]> = {
    id: 'slow',
    method: 'POST',
    path: '/_acrux/slow/:name',
    handle: async (log, { params: { name = '' } }) => {
      log.push(`${name} begins`)
      await new Promise((resolve) => setTimeout(resolve, 20))
      log.push(`${name} ends`)
      if (name === 'a') throw new Error('it fails')
      return noContent
    },
  }
  const { ask } = await open(t, [slow], running)
  const first = ask('POST', '/_acrux/slow/a')
  await new Promise((resolve) => setTimeout(resolve, 10))
  await Promise.all([first, ask('POST', '/_acrux/slow/b')])
  assert.deepEqual(running, ['a begins', 'a ends', 'b begins', 'b ends'])
})
