import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
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
  return async (method: string, path: string, { body, bearer = token }: { body?: string; bearer?: string } = {}) => {
    const headers = { Authorization: `Bearer ${bearer}` }
    const response = await fetch(`http://127.0.0.1:${listener.address.port}${path}`, {
      method,
      headers,
      body: body ?? null,
    })
    return { status: response.status, text: await response.text(), headers: response.headers }
  }
}

const echo: Route<null> = {
  id: 'echo',
  method: 'POST',
  path: '/_acrux/echo/:name',
  body: 'text',
  handle: (_, { params, query, text }) => ok({ ...params, query: query.get('q'), text }),
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
  const ask = await open(t, routes, null)
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
  { what: 'a malformed path', method: 'DELETE', path: '/_acrux/echo/%ff', status: 400, code: 'InvalidRequest' },
  { what: 'an error of the handler', method: 'GET', path: '/_acrux/conflict', status: 409, code: 'Conflict' },
  { what: 'a defect', method: 'GET', path: '/_acrux/defect', status: 500, code: 'InternalError' },
] as const

for (const { what, method, path, status, code } of errors) {
  test(`${what} is answered with ${status}`, async (t) => {
    const ask = await open(t, routes, null)
    const answer = await ask(method, path)
    const { error } = JSON.parse(answer.text) as { readonly error: { readonly code: string; readonly message: string } }
    assert.deepEqual([answer.status, error.code], [status, code])
    assert.ok(!error.message.includes('secret'))
  })
}

test('a body that is too large is rejected', async (t) => {
  const ask = await open(t, routes, null)
  assert.equal((await ask('POST', '/_acrux/echo/a', { body: 'x'.repeat(16 * 1024 * 1024 + 1) })).status, 400)
})

test('a wrong token is denied before the route is known, except for open routes', async (t) => {
  const ask = await open(t, routes, null)
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
  const ask = await open(t, [slow], running)
  const first = ask('POST', '/_acrux/slow/a')
  await new Promise((resolve) => setTimeout(resolve, 10))
  await Promise.all([first, ask('POST', '/_acrux/slow/b')])
  assert.deepEqual(running, ['a begins', 'a ends', 'b begins', 'b ends'])
})
