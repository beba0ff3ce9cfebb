import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CallerBudget } from '../limits/caller-budget.ts'
import { currentWork, runDeferred } from '../process/authorized-work.ts'
import { createLog } from '../log/log.ts'
import { createApp } from './app.ts'
import { acceptForms } from './form-body.ts'
import { type Route, mountSurface } from './surface.ts'
import { serveForTest } from '../../../testing/platform/test-socket.ts'

class Rejection extends Error {
  readonly status: number
  constructor(status: number) {
    super(`rejected with ${status}`)
    this.status = status
  }
}

/** The duration of the serialization of a large response, and of a slow authorization, in these tests. */
const occupiedMs = 20

function busyFor(milliseconds: number): string {
  const endMs = performance.now() + milliseconds
  while (performance.now() < endMs);
  return 'large'
}

type Caller = { readonly name: string }

async function open(t: TestContext) {
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  const handled: string[] = []
  const routes: readonly Route<'public' | 'known', Caller>[] = [
    {
      id: 'x.open',
      method: 'GET',
      path: '/x/open',
      need: 'public',
      cost: 'small',
      handle: ({ caller }) => ({ caller: caller.name }),
    },
    {
      id: 'x.large',
      method: 'GET',
      path: '/x/large',
      need: 'public',
      cost: 'list',
      handle: () => ({ toJSON: () => busyFor(occupiedMs) }),
    },
    {
      id: 'x.decided',
      method: 'GET',
      path: '/x/decided',
      need: 'public',
      cost: 'small',
      handle: () => ({}),
    },
    {
      id: 'x.thing',
      method: 'POST',
      path: '/x/things/:name',
      need: 'known',
      cost: 'change',
      handle: ({ caller, params, request }) => {
        handled.push(params['name'] ?? '')
        return { caller: caller.name, ...params, form: request.body instanceof Map }
      },
    },
  ]
  mountSurface(
    app,
    {
      name: 'x',
      routes,
      territory: ['/x/*'],
      authority: 'none',
      authorize: async (need, request): Promise<Caller> => {
        if (request.url === '/x/decided') busyFor(occupiedMs)
        if (need === 'public') return { name: 'anybody' }
        if (request.headers.authorization !== 'yes') throw new Rejection(401)
        return { name: 'somebody' }
      },
      renderError: (error, _request, reply) =>
        reply.code(error instanceof Rejection ? error.status : 400).send({ x: error instanceof Rejection }),
      notFound: () => new Rejection(404),
    },
    acceptForms,
  )
  return { app, handled, ...(await serveForTest(t, app)) }
}

test('no spelling of a path reaches a handler without authorization', async (t) => {
  const { app, handled } = await open(t)
  for (const url of [
    '/x/things/a',
    '/X/THINGS/a',
    '//x//things//a',
    '/x/things/a/',
    '/x/things/%61',
    '/%78/things/a',
    '/x/things/a?authorization=yes',
  ]) {
    const answer = await app.inject({ method: 'POST', url })
    assert.equal(answer.statusCode, 401, url)
    assert.equal(answer.body, '{"x":true}', url)
  }
  assert.deepEqual(handled, [])
  const admitted = await app.inject({ method: 'POST', url: '/x/things/a%2Fb', headers: { authorization: 'yes' } })
  assert.deepEqual(admitted.json(), { caller: 'somebody', name: 'a/b', form: false })
})

test('the caller pays for the authorization of its request and for the serialization of the response', async (t) => {
  const { mock } = t.mock.method(CallerBudget.prototype, 'charge')
  const { app } = await open(t)
  for (const path of ['/x/large', '/x/decided']) {
    mock.resetCalls()
    assert.equal((await app.inject(path)).statusCode, 200)
    const charges = mock.calls.map(({ arguments: [chargedMs] }) => chargedMs)
    assert.ok(Math.max(...charges) >= occupiedMs, `${path}: ${charges.join()}`)
  }
})

test('only a route with `defers` can start work that continues after its response', async (t) => {
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  const started: string[] = []
  const common = { method: 'POST', need: 'public', cost: 'change' } as const
  const handle: Route<'public', undefined>['handle'] = ({ request }) => runDeferred(() => started.push(request.url))
  mountSurface<'public', undefined>(app, {
    name: 'x',
    routes: [
      { ...common, id: 'x.defers', path: '/x/defers', defers: true, handle },
      { ...common, id: 'x.ends', path: '/x/ends', handle },
    ],
    territory: [],
    authority: { authorityRevision: () => Promise.resolve(1), knownRevision: () => 1 },
    authorize: () => Promise.resolve(undefined),
    renderError: (_error, _request, reply) => reply.code(500).send(),
    notFound: () => new Rejection(404),
  })
  t.after(() => app.close())
  assert.equal((await app.inject({ method: 'POST', url: '/x/defers' })).statusCode, 200)
  assert.equal((await app.inject({ method: 'POST', url: '/x/ends' })).statusCode, 500)
  assert.deepEqual(started, ['/x/defers'])
})

test('if a permission is revoked before the response, the caller is denied unless the request has changed or started something', async (t) => {
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  let [revision, isRevoked] = [1, false]
  const common = { need: 'public', cost: 'small' } as const
  const revoke = () => {
    revision += 1
    isRevoked = true
  }
  mountSurface<'public', undefined>(app, {
    name: 'x',
    routes: [
      {
        ...common,
        id: 'x.read',
        method: 'GET',
        path: '/x/read',
        handle: async () => {
          revoke()
          return { secret: 'x' }
        },
      },
      {
        ...common,
        id: 'x.change',
        method: 'POST',
        path: '/x/change',
        handle: async () => {
          currentWork()?.keepResult()
          revoke()
          return { done: true }
        },
      },
      {
        ...common,
        id: 'x.start',
        method: 'POST',
        path: '/x/start',
        defers: true,
        handle: async () => {
          runDeferred(() => undefined)
          revoke()
          return { done: true }
        },
      },
    ],
    territory: [],
    authority: { authorityRevision: () => Promise.resolve(revision), knownRevision: () => revision },
    authorize: async () => {
      if (isRevoked) throw new Rejection(403)
    },
    renderError: (error, _request, reply) => reply.code(error instanceof Rejection ? error.status : 500).send({}),
    notFound: () => new Rejection(404),
  })
  t.after(() => app.close())
  const read = await app.inject('/x/read')
  assert.deepEqual([read.statusCode, read.body], [403, '{}'])
  for (const url of ['/x/change', '/x/start']) {
    isRevoked = false
    assert.equal((await app.inject({ method: 'POST', url })).statusCode, 200, url)
  }
})

test('a caller is denied before the body is read', async (t) => {
  const { connect } = await open(t)
  const socket = await connect()
  const type = 'Content-Type: application/x-www-form-urlencoded\r\n'
  socket.write(`POST /x/things/a HTTP/1.1\r\nHost: one.example\r\n${type}Content-Length: 900000\r\n\r\na=`)
  await socket.until('401')
  socket.destroy()
})

test('a surface answers all other paths below its paths with its own "not found", for any method', async (t) => {
  const { app } = await open(t)
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
    for (const url of ['/x/nothing', '/x/things', '/x/things/a/b', '/x/things/a%00', '/x/%2e%2e/y']) {
      const answer = await app.inject({ method, url, headers: { authorization: 'no' } })
      if (url === '/x/things/a%00' && method === 'POST') assert.equal(answer.statusCode, 401)
      else assert.equal(answer.statusCode, 404, `${method} ${url}`)
    }
  }
  assert.equal(
    (await app.inject({ method: 'HEAD', url: '/x/open' })).statusCode,
    404,
    'there is no HEAD that nobody wrote',
  )
  assert.equal((await app.inject({ method: 'GET', url: '/y' })).json<{ error: unknown }>().error !== undefined, true)
})

test('fault 41: a body is parsed as a form only with the content type of a form', async (t) => {
  const { app, handled } = await open(t)
  const send = (type: string | undefined, payload: string) =>
    app.inject({
      method: 'POST',
      url: '/x/things/a',
      headers: { authorization: 'yes', ...(type === undefined ? {} : { 'content-type': type }) },
      payload,
    })
  const form = 'application/x-www-form-urlencoded'
  for (const type of [form, form.toUpperCase(), `${form}; charset=utf-8`, `${form}\t`, `${form} ;x=y`]) {
    assert.deepEqual((await send(type, 'a=1')).json(), { caller: 'somebody', name: 'a', form: true }, type)
  }
  handled.length = 0
  const others = [
    'application/json',
    'text/plain',
    `${form}x`,
    `x${form}`,
    `${form}, application/json`,
    'multipart/form-data; boundary=x',
    '',
    undefined,
  ]
  for (const type of others) {
    assert.equal((await send(type, '{"a":1}')).statusCode, 400, type ?? 'none')
  }
  for (const malformed of ['a=%', 'a=%zz', '%ff=1', 'a&'.repeat(200)]) {
    assert.equal((await send(form, malformed)).statusCode, 400, malformed.slice(0, 10))
  }
  assert.deepEqual(handled, [], 'none of them came to the handler')
})
