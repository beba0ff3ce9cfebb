import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import type { FirstRun } from '@acrux/contract'
import type { InjectOptions } from 'fastify'
import { type Composition, compose } from './compose.ts'
import { loadConfiguration } from './platform/configuration/configuration.ts'
import type { RouteDescription } from './platform/http/surface.ts'
import { createLog } from './platform/log.ts'

type Method = NonNullable<InjectOptions['method']>

async function openServer(t: TestContext): Promise<{ server: Composition; first: FirstRun }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-routes-'))
  const configuration = await loadConfiguration({
    flags: { dataDir: path.join(directory, 'data'), publicHost: 'localhost:5443' },
    env: {},
  })
  const server = await compose(configuration, createLog('silent'))
  t.after(async () => {
    await server.close()
    await rm(directory, { recursive: true })
  })
  if (server.firstRun === undefined) throw new Error('a new data directory makes a first run')
  return { server, first: server.firstRun.content }
}

/** A path of the route with something in every place of it. */
function examplePath(route: RouteDescription, first: FirstRun): string {
  const values: Readonly<Record<string, string>> = {
    tenant: first.tenantId,
    subscription: first.subscriptionId,
    subscriptionId: first.subscriptionId,
    group: first.resourceGroup,
    resourceGroup: first.resourceGroup,
    registry: first.registry,
    repository: 'team/app',
    reference: '1',
    digest: `sha256:${'a'.repeat(64)}`,
    tag: '1',
    id: '99999999-9999-4999-8999-999999999999',
  }
  const filled = route.path.replaceAll(
    /:([A-Za-z]+)(?:\([^)]*\))?|\{([A-Za-z]+)\}|<([A-Za-z]+)>/g,
    (_match, ...names: (string | undefined)[]) => values[names.find((name) => name !== undefined) ?? ''] ?? 'x1x1x1',
  )
  return `${filled}${filled.includes('?') ? '&' : '?'}api-version=2024-11-01`
}

function methodsOf({ method }: RouteDescription): Method[] {
  return [method].flat()
}

const isPublic = ({ need }: RouteDescription) => JSON.stringify(need).includes('public')
const provesItself = ({ need }: RouteDescription) => JSON.stringify(need).includes('credential-in-request')

/** Whether the route is a page for whoever is signed in in a browser; no header stands in for that. */
const isPage = ({ need }: RouteDescription) => need === 'browser-session'

const isWalked = (route: RouteDescription) => !isPublic(route) && !provesItself(route) && !isPage(route)

/** Whether the route lets every principal in, and shows each what it may see. */
const showsOwn = ({ need }: RouteDescription) => /signed-in|visible|self/.test(JSON.stringify(need))

/** A list that is not refused holds nothing of what others have. */
async function assertShowsNothing(
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

test('every surface is in the walk, and no two routes share an id', async (t) => {
  const { server } = await openServer(t)
  const ids = server.routes.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
  assert.ok(ids.length > 60, `${ids.length} routes`)
  for (const route of server.routes) assert.notEqual(route.need, undefined, route.id)
})

test('every route that is not public refuses whoever has no credential, or a bad one', async (t) => {
  const { server, first } = await openServer(t)
  const bad = [
    undefined,
    'Bearer x.y.z',
    `Basic ${Buffer.from(`${first.servicePrincipal.appId}:wrong`).toString('base64')}`,
    `Basic ${Buffer.from(`${first.registry}:${first.registry}`).toString('base64')}`,
    'Negotiate abc',
  ]
  let walked = 0
  for (const route of server.routes.filter(isWalked)) {
    for (const method of methodsOf(route)) {
      for (const authorization of bad) {
        const status = await statusOf(server, method, examplePath(route, first), authorization)
        assert.equal(status, 401, `${route.id} ${method} ${authorization ?? 'without credentials'}`)
        walked += 1
      }
    }
  }
  assert.ok(walked > 200, `${walked} requests`)
})

test('every page of an account sends whoever has no session to sign in, and takes no form from them', async (t) => {
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

test('every route that is not public refuses a valid principal that has no right', async (t) => {
  const { server, first } = await openServer(t)
  const owner = await tokensOf(server, first, first.servicePrincipal.appId, first.servicePrincipal.password)
  const stranger = await makeStranger(server, first, owner.graph)
  const mine = await tokensOf(server, first, stranger.appId, stranger.secret)
  const basic = `Basic ${Buffer.from(`${stranger.appId}:${stranger.secret}`).toString('base64')}`
  for (const route of server.routes.filter(isWalked)) {
    const authorization = credentialFor(route, mine, basic)
    if (showsOwn(route)) {
      await assertShowsNothing(server, route, first, authorization)
      continue
    }
    for (const method of methodsOf(route)) {
      const status = await statusOf(server, method, examplePath(route, first), authorization)
      assert.ok(status === 401 || status === 403, `${route.id} ${method} gave ${status}`)
    }
  }
})

type Tokens = { readonly arm: string; readonly graph: string }

function credentialFor({ path: routePath }: RouteDescription, tokens: Tokens, basic: string): string {
  if (routePath.startsWith('/v2') || routePath.startsWith('/acr')) return basic
  return `Bearer ${routePath.startsWith('/graph') ? tokens.graph : tokens.arm}`
}

async function tokensOf({ app }: Composition, first: FirstRun, appId: string, secret: string): Promise<Tokens> {
  const get = async (scope: string) => {
    const form = { grant_type: 'client_credentials', client_id: appId, client_secret: secret, scope }
    const answer = await app.inject({
      method: 'POST',
      url: `/${first.tenantId}/oauth2/v2.0/token`,
      headers: { host: 'localhost:5443', 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams(form).toString(),
    })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<{ access_token: string }>().access_token
  }
  return {
    arm: await get('https://management.core.windows.net//.default'),
    graph: await get('https://localhost:5443/graph//.default'),
  }
}

async function makeStranger(
  { app }: Composition,
  _first: FirstRun,
  token: string,
): Promise<{ appId: string; secret: string }> {
  const post = async (url: string, payload: object) => {
    const headers = { host: 'localhost:5443', authorization: `Bearer ${token}` }
    const answer = await app.inject({ method: 'POST', url: `/graph/v1.0/${url}`, headers, payload })
    assert.ok(answer.statusCode < 300, answer.body)
    return answer.json<{ id: string; appId: string; secretText: string }>()
  }
  const application = await post('applications', { displayName: 'stranger' })
  const { secretText } = await post(`applications/${application.id}/addPassword`, { passwordCredential: {} })
  await post('servicePrincipals', { appId: application.appId })
  return { appId: application.appId, secret: secretText }
}
