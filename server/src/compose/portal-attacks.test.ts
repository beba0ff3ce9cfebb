import assert from 'node:assert/strict'
import { createServer, request as sendRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { requestListener } from '../platform/http/raw-surface.ts'
import {
  type PortalServer,
  addSecondFactor,
  ask,
  fromPortal,
  openPortal,
  portalCookie,
  portalHost,
  portalOrigin,
  signIn,
  statusOf,
} from '../../testing/compose/test-portal.ts'
import { methodsOf } from '../../testing/compose/test-routes.ts'

const owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'
const directoryOwner = '62e90394-69f5-4237-9190-012177145e10'
const acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d'
const version = 'api-version=2022-04-01'

const providers = ['Authorization', 'ContainerRegistry', 'HybridCompute', 'ManagedIdentity', 'Resources']

/** The routes that need no step-up although they may change something, by the reason in the route table. */
const without: Readonly<Record<string, readonly string[]>> = {
  'no: the request grants no access and adds no content': [
    'graph.applications.create',
    'graph.groups.create',
    'graph.servicePrincipals.create',
    'management.resourceGroups.patch',
    'management.resourceGroups.put',
  ],
  'no: the request only reads data': [
    'graph.applications.testToken',
    'graph.batch',
    ...['directoryObjects', 'groups', 'me', 'servicePrincipals', 'users'].flatMap((collection) => [
      `graph.${collection}.checkMemberGroups`,
      `graph.${collection}.getMemberGroups`,
    ]),
    'graph.directoryObjects.getByIds',
    'management.batch',
    ...providers.map((provider) => `management.providers.register.Microsoft.${provider}`),
    'management.registries.checkName',
    'management.registries.checkNetworkAccess',
    'management.server.settings',
  ],
  'no: the request only ends a session or revokes access': [
    'graph.oauth2PermissionGrants.delete',
    'management.imports.delete',
    'portal.session.signOut',
  ],
  'no: the request requires the password': ['graph.me.changePassword'],
  'no: the request starts work that deletes no content': ['management.scrub.start'],
}

test('every route that the portal reaches and that changes something needs step-up, or states why it does not', async (t) => {
  const { server } = await openPortal(t)
  const reached = server.routes.filter(({ id }) => /^(?:management|graph|registry|portal\.session)\./.test(id))
  for (const route of reached) {
    const changes = methodsOf(route).some((name) => name !== 'GET' && name !== 'HEAD')
    assert.equal(route.stepUp !== undefined, changes && route.denies !== true, route.id)
  }
  const excused = reached.filter(({ stepUp }) => typeof stepUp === 'string')
  const found = Map.groupBy(excused, ({ stepUp }) => String(stepUp))
  const ids = [...found].map(([why, routes]) => [why, routes.map(({ id }) => id).toSorted()] as const)
  const expected = Object.entries(without).map(([why, routes]) => [why, routes.toSorted()])
  assert.deepEqual(Object.fromEntries(ids), Object.fromEntries(expected))
})

test('no spelling of a dangerous request, and no changed sign-in, avoids the second authentication', async (t) => {
  const portal = await openPortal(t)
  const alice = await portal.createPerson('alice')
  await portal.assign(alice.id, owner)
  const role = { principalId: alice.id, roleDefinitionId: directoryOwner, directoryScopeId: '/' }
  const added = await portal.asOwner('POST', '/graph/v1.0/roleManagement/directory/roleAssignments', role)
  assert.equal(added.statusCode, 201, added.body)
  await signIn(alice)
  const confirm = await addSecondFactor(portal, alice)
  await signIn(alice)
  assert.equal(await statusOf(portal, alice.browser), 200)
  portal.time.nowMs += 11 * 60_000
  const credentials = `arm${portal.registryPath}/listCredentials`
  const login = `session/registry-login?loginServer=${encodeURIComponent(portal.first.loginServer)}`
  // prettier-ignore
  const requests = [
    ['POST',   `${credentials}?${version}`],
    ['POST',   `${credentials.toUpperCase().replace('ARM/SUBSCRIPTIONS', 'arm/subscriptions')}?${version}`],
    ['POST',   `${credentials}/?${version}`],
    ['POST',   `${credentials.replace('list', '%6c%69st')}?${version}`],
    ['POST',   `${credentials}?${version}&x=/y`],
    ['DELETE', `registry/${portal.first.loginServer}/acr/v1/team/app`],
    ['PATCH',  `registry/${portal.first.loginServer}/acr/v1/team/app`],
    ['PUT',    `registry/${portal.first.loginServer}/v2/team/app/manifests/prod`],
    ['POST',   `arm${portal.registryPath}/importImage?${version}`],
    ['PUT',    `arm${portal.registryPath}/providers/Acrux.Server/quotas/x?${version}`],
    ['POST',   'graph/me/revokeSignInSessions'],
    ['POST',   `graph/users/${alice.id}/revokeSignInSessions`],
    ['DELETE', `graph/users/${alice.id}/signInSessions/x`],
    ['POST',   'session/sign-out-everywhere'],
    ['DELETE', `graph/users/${alice.id}`],
    ['DELETE', `graph/directoryObjects/${alice.id}`],
    ['POST',   login],
  ] as const
  const answers = async () => {
    const found: string[] = []
    for (const [method, path] of requests) {
      const { body, statusCode } = await ask(portal, alice.browser, { method, path })
      found.push(/"code":"(StepUpRequired)"/.exec(body)?.[1] ?? String(statusCode))
    }
    return found
  }
  const denied = requests.map(() => 'StepUpRequired')
  assert.deepEqual(await answers(), denied)
  const withdrawal = `arm/subscriptions/${portal.first.subscriptionId}/providers/Acrux.Server/withdrawSigningKeys`
  const forbidden = await ask(portal, alice.browser, { method: 'POST', path: `${withdrawal}?${version}` })
  assert.equal(forbidden.statusCode, 403)
  assert.match(forbidden.body, /AuthorizationFailed/, 'what she may not do is denied without a second authentication')
  for (const headers of [{ 'x-http-method-override': 'POST' }, { 'x-http-method': 'POST' }]) {
    const { statusCode } = await ask(portal, alice.browser, { path: `${credentials}?${version}`, headers })
    assert.ok(statusCode >= 400, 'no header replaces the method')
  }

  const started = await portal.app.inject({
    url: `/portal/sign-in?kind=fresh&person=${alice.id}`,
    headers: { host: portalHost },
  })
  alice.browser.cookies.set(
    ...(/^([^=]+)=([^;]+)/.exec(String(started.headers['set-cookie']))?.slice(1, 3) as [string, string]),
  )
  const authorize = new URL(String(started.headers.location), portalOrigin)
  assert.equal(authorize.searchParams.get('prompt'), 'login')
  authorize.searchParams.delete('prompt')
  const session = alice.browser.cookies.get(portalCookie)
  await alice.browser.get(`${authorize.pathname}${authorize.search}`)
  assert.notEqual(alice.browser.cookies.get(portalCookie), session, 'the person was signed in without a question')
  assert.deepEqual(await answers(), denied)

  await confirm()
  const { statusCode, body } = await ask(portal, alice.browser, { method: 'POST', path: login })
  assert.equal(statusCode, 200, body)
})

test('a sign-in that another site starts does not end the session', async (t) => {
  const portal = await openPortal(t)
  const alice = await portal.createPerson('alice')
  await signIn(alice)
  const cookie = [...alice.browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const start = (site: string | undefined) =>
    portal.app.inject({
      url: '/portal/sign-in?return=/portal/search',
      headers: { host: portalHost, cookie, ...(site !== undefined && { 'sec-fetch-site': site }) },
    })
  for (const site of ['cross-site', 'same-site']) {
    const { headers, statusCode } = await start(site)
    assert.equal(statusCode, 303)
    assert.equal(headers.location, '/portal/search')
    assert.equal(headers['set-cookie'], undefined)
  }
  for (const site of ['same-origin', 'none', undefined]) {
    assert.match(String((await start(site)).headers.location), /^\/organizations\/oauth2\/v2\.0\/authorize\?/)
  }
  assert.equal(await statusOf(portal, alice.browser), 200)
})

/** Sends a request over a connection, with the available part of the body, and waits only for the response. */
async function sendRaw(
  t: TestContext,
  { app }: PortalServer,
  request: { readonly method: string; readonly path: string; readonly headers: Readonly<Record<string, string>> },
): Promise<{ readonly status: number; readonly headers: NodeJS.Dict<string | string[]> }> {
  await app.ready()
  const listener = createServer(requestListener(app))
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  t.after(() => listener.close())
  const { port } = listener.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const sent = sendRequest({ ...request, port, host: '127.0.0.1', agent: false }, (answer) => {
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers })
      sent.destroy()
      listener.closeAllConnections()
    })
    sent.on('error', reject).flushHeaders()
    if (request.headers['content-length'] === undefined) sent.end()
  })
}

test('an answer is never stored by the browser, for any headers of the surface', async (t) => {
  const portal = await openPortal(t)
  const alice = await portal.createPerson('alice')
  await portal.assign(alice.id, acrPull)
  await signIn(alice)
  const cookie = [...alice.browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const { loginServer } = portal.first
  // prettier-ignore
  const paths = [
    'session', 'nothing', `arm/subscriptions?${version}`, 'arm/openapi.json', `arm/subscriptions/%20?${version}`, 'graph/me',
    `registry/${loginServer}/v2/_catalog`, `registry/${loginServer}/v2/none/tags/list`, `registry/other.example/v2/_catalog`,
  ]
  for (const path of paths) {
    const request = { method: 'GET', path: `/portal/api/${path}`, headers: { host: portalHost, cookie, ...fromPortal } }
    const { headers } = await sendRaw(t, portal, request)
    assert.equal(headers['cache-control'], 'no-store', path)
    assert.equal(headers['x-content-type-options'], 'nosniff', path)
    assert.equal(headers['content-security-policy'], "default-src 'none'; frame-ancestors 'none'; sandbox", path)
    for (const name of ['set-cookie', 'access-control-allow-origin', 'location', 'refresh']) {
      assert.equal(headers[name], undefined, `${name} of ${path}`)
    }
  }
})

test('a body that arrives slowly, or never, delays neither a denial nor a sign-out', async (t) => {
  const portal = await openPortal(t)
  const alice = await portal.createPerson('alice')
  await signIn(alice)
  const cookie = `${portalCookie}=${alice.browser.cookies.get(portalCookie)}`
  const headers = { host: portalHost, 'content-length': '1000000', ...fromPortal }
  // prettier-ignore
  const requests = [
    [401, 'session/sign-out', {}],
    [403, 'session/sign-out', { cookie, 'sec-fetch-site': 'cross-site' }],
    [404, 'arm/oauth2/exchange', { cookie }],
    [413, `arm/subscriptions?${version}`, { cookie, 'content-length': '4194305' }],
    [204, 'session/sign-out', { cookie }],
  ] as const
  for (const [expected, path, more] of requests) {
    const request = { method: 'POST', path: `/portal/api/${path}`, headers: { ...headers, ...more } }
    assert.equal((await sendRaw(t, portal, request)).status, expected, path)
  }
})
