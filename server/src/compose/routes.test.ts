import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FirstRun } from '../operations/index.ts'
import type { Composition } from './compose.ts'
import type { RouteDescription } from '../platform/http/surface.ts'
import { CallerBudget } from '../platform/limits/caller-budget.ts'
import {
  type Method,
  credentialFor,
  examplePath,
  isOfPortal,
  isPage,
  needsCredential,
  makeStranger,
  methodsOf,
  openServer,
  showsOwn,
  tokensOf,
} from '../../testing/compose/test-routes.ts'

/** An allowed list contains no objects of other principals. */
async function assertShowsNothingOfOthers(
  { app }: Composition,
  route: RouteDescription,
  first: FirstRun,
  authorization: string,
): Promise<void> {
  for (const method of methodsOf(route)) {
    const headers = { host: 'localhost:5443', authorization }
    const { statusCode, body } = await app.inject({ method, url: examplePath(route, first), headers })
    assert.ok(statusCode < 500, `${route.id} gave ${statusCode}`)
    for (const secret of [first.servicePrincipal.appId, first.registry]) {
      assert.equal(body.includes(secret), false, `${route.id} shows ${secret}`)
    }
  }
}

async function statusOf({ app }: Composition, method: Method, url: string, authorization?: string): Promise<number> {
  const headers = { host: 'localhost:5443', ...(authorization === undefined ? {} : { authorization }) }
  return (await app.inject({ method, url, headers })).statusCode
}

test('the tables of all surfaces are complete, and no two routes share an id', async (t) => {
  const { server } = await openServer(t)
  const ids = server.routes.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
  assert.ok(ids.length > 60, `${ids.length} routes`)
  for (const route of server.routes) assert.notEqual(route.need, undefined, route.id)
})

test('every route that is not public denies a missing or invalid credential', async (t) => {
  const { server, first } = await openServer(t)
  const bad = [
    undefined,
    'Bearer x.y.z',
    `Basic ${Buffer.from(`${first.servicePrincipal.appId}:wrong`).toString('base64')}`,
    `Basic ${Buffer.from(`${first.registry}:${first.registry}`).toString('base64')}`,
    'Negotiate abc',
  ]
  let requests = 0
  for (const route of server.routes.filter(needsCredential)) {
    for (const method of methodsOf(route)) {
      for (const authorization of bad) {
        const status = await statusOf(server, method, examplePath(route, first), authorization)
        assert.equal(status, 401, `${route.id} ${method} ${authorization ?? 'without credentials'}`)
        requests += 1
      }
    }
  }
  assert.ok(requests > 200, `${requests} requests`)
})

test('every account page redirects a browser without a session to the sign-in, and denies its forms', async (t) => {
  const { server, first } = await openServer(t)
  const { arm } = await tokensOf(server, first, first.servicePrincipal.appId, first.servicePrincipal.password)
  const strangers = [{}, { authorization: `Bearer ${arm}` }, { cookie: `__Host-acrux-session=${'x'.repeat(43)}` }]
  const pages = server.routes.filter(isPage)
  assert.ok(pages.length > 8)
  for (const route of pages) {
    for (const method of methodsOf(route)) {
      for (const stranger of strangers) {
        const headers = { host: 'localhost:5443', 'content-type': 'application/x-www-form-urlencoded', ...stranger }
        const answer = await server.app.inject({ method, url: examplePath(route, first), headers, payload: '' })
        assert.equal(answer.statusCode, method === 'GET' ? 303 : 403, `${route.id} gave ${answer.statusCode}`)
        if (method === 'GET') assert.match(answer.headers.location ?? '', /^\/sign-in\?flow=[\w-]+$/, route.id)
        assert.equal(answer.body.includes(first.owner.userPrincipalName), false, route.id)
      }
    }
  }
})

test('every route of the API of the portal denies a request without a session', async (t) => {
  const { server, first } = await openServer(t)
  const { arm } = await tokensOf(server, first, first.servicePrincipal.appId, first.servicePrincipal.password)
  const strangers = [{}, { authorization: `Bearer ${arm}` }, { cookie: `__Host-acrux-portal=${'x'.repeat(43)}` }]
  const routes = server.routes.filter(isOfPortal)
  assert.ok(routes.length > 6)
  for (const route of routes) {
    for (const method of methodsOf(route)) {
      for (const stranger of strangers) {
        const headers = { host: 'localhost:5443', 'sec-fetch-site': 'same-origin', 'x-acrux-portal': '1', ...stranger }
        const answer = await server.app.inject({ method, url: examplePath(route, first), headers })
        assert.equal(answer.statusCode, 401, `${route.id} ${method}`)
      }
    }
  }
})

test('every list that all principals may read shows no objects of other principals to a principal without permissions', async (t) => {
  const { server, first } = await openServer(t)
  const owner = await tokensOf(server, first, first.servicePrincipal.appId, first.servicePrincipal.password)
  const stranger = await makeStranger(server, first, owner.graph)
  const mine = await tokensOf(server, first, stranger.appId, stranger.secret)
  const basic = `Basic ${Buffer.from(`${stranger.appId}:${stranger.secret}`).toString('base64')}`
  const lists = server.routes.filter((route) => needsCredential(route) && showsOwn(route))
  assert.ok(lists.length > 10, `${lists.length} routes`)
  for (const route of lists) {
    await assertShowsNothingOfOthers(server, route, first, credentialFor(route, mine, basic))
  }
})

test('every route charges its caller, denials and unknown paths included', async (t) => {
  const { server, first } = await openServer(t)
  const charges = [t.mock.method(CallerBudget.prototype, 'charge'), t.mock.method(CallerBudget.prototype, 'leave')]
  const chargedMs = () =>
    charges.flatMap(({ mock }) => mock.calls).reduce((sum, { arguments: [ms] }) => sum + Math.max(0, ms), 0)
  const known = server.routes.flatMap((route) => {
    return methodsOf(route).map((method) => ({ method, url: examplePath(route, first) }))
  })
  const unknown = ['/nowhere', '/%zz', '/v2/x', '/v2/%ff', '/acr/v1/x/x/x', '/oauth2/x', '/graph/x', '/portal/api/x']
  const further = ['/subscriptions/x/x', '/sign-in/x/x', '/account/x', `/${first.tenantId}/x`, '/portal/x']
  const others = [...unknown, ...further].map((url) => ({ method: 'GET' as const, url }))
  for (const { method, url } of [...known, ...others]) {
    for (const { mock } of charges) mock.resetCalls()
    await server.app.inject({ method, url, headers: { host: 'localhost:5443' } })
    assert.ok(chargedMs() > 0, `${method} ${url}`)
  }
})
