import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import type { Abilities } from '../portal-host/index.ts'
import { CallerBudget } from '../platform/limits/caller-budget.ts'
import { ask, openPortal, portalCookie, portalHost, sendOverSocket, signIn } from '../../testing/compose/test-portal.ts'
import { tokensOf } from '../../testing/compose/test-routes.ts'

const acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d'
const repositoryReader = 'b93aa761-3e63-49ed-ac28-beffa264f7ac'
const readerRole = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
const hostile = '<!doctype html><script>alert(1)</script>'

/** Pushes an image manifest whose configuration is an HTML document. */
async function pushHostile(portal: Awaited<ReturnType<typeof openPortal>>): Promise<string> {
  const { first } = portal
  const basic = Buffer.from(`${first.servicePrincipal.appId}:${first.servicePrincipal.password}`).toString('base64')
  const headers = { host: first.loginServer, authorization: `Basic ${basic}` }
  const digest = `sha256:${hash('sha256', hostile)}`
  const uploaded = await sendOverSocket(portal, {
    method: 'POST',
    path: `/v2/team/app/blobs/uploads/?digest=${digest}`,
    headers: { ...headers, 'content-type': 'application/octet-stream' },
    body: hostile,
  })
  assert.equal(uploaded, 201)
  const descriptor = { mediaType: 'text/html', digest, size: hostile.length }
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor,
    layers: [descriptor],
    annotations: { 'org.opencontainers.image.title': hostile },
  }
  const put = await sendOverSocket(portal, {
    method: 'PUT',
    path: '/v2/team/app/manifests/1',
    headers: { ...headers, 'content-type': manifest.mediaType },
    body: JSON.stringify(manifest),
  })
  assert.equal(put, 201)
  return digest
}

const tagsPath = ({ first }: { readonly first: { readonly loginServer: string } }) =>
  `registry/${first.loginServer}/acr/v1/team/app/_tags`

test('each person reads through the portal what the surfaces allow them, and nothing else', async (t) => {
  const portal = await openPortal(t)
  await pushHostile(portal)
  const reader = await portal.createPerson('reader')
  const nobody = await portal.createPerson('nobody')
  await portal.assign(reader.id, acrPull)
  await portal.assign(reader.id, readerRole)
  await signIn(reader)
  await signIn(nobody)
  const version = '?api-version=2023-07-01'
  // prettier-ignore
  const cases = [
    ['GET',    `arm${portal.registryPath}${version}`,        200, 403],
    ['DELETE', `arm${portal.registryPath}${version}`,        403, 403],
    ['GET',    tagsPath(portal),                             200, 403],
    ['DELETE', `${tagsPath(portal)}/1`,                      401, 403],
    ['GET',    'graph/me',                                   200, 200],
    ['POST',   'graph/users',                                403, 403],
  ] as const
  for (const [method, path, asReader, asNobody] of cases) {
    const sent = method === 'POST' ? { payload: {} } : {}
    const statuses = [reader, nobody].map(
      async ({ browser }) => (await ask(portal, browser, { method, path, ...sent })).statusCode,
    )
    assert.deepEqual(await Promise.all(statuses), [asReader, asNobody], `${method} ${path}`)
  }
  const list = await ask(portal, nobody.browser, {
    path: `arm/subscriptions/${portal.first.subscriptionId}/resources?api-version=2021-04-01`,
  })
  assert.equal(list.body.includes(portal.first.registry), false)
})

test('a permission counts from the next request on, when it is given and when it is revoked', async (t) => {
  const portal = await openPortal(t)
  await pushHostile(portal)
  const person = await portal.createPerson('alice')
  await signIn(person)
  const status = async () => (await ask(portal, person.browser, { path: tagsPath(portal) })).statusCode
  assert.equal(await status(), 403)
  await portal.assign(person.id, acrPull)
  assert.equal(await status(), 200)
  const url = `${portal.registryPath}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01`
  const { value } = (await portal.asOwner('GET', url)).json<{
    value: { id: string; properties: { principalId: string } }[]
  }>()
  const assignment = value.find(({ properties }) => properties.principalId === person.id)
  await portal.asOwner('DELETE', `${assignment?.id}?api-version=2022-04-01`)
  assert.ok([401, 403].includes(await status()))
})

test('the session has the name of a registry, also for a person without a role', async (t) => {
  const portal = await openPortal(t)
  const nobody = await portal.createPerson('nobody')
  await signIn(nobody)
  const registryOf = async (query: string) =>
    (await ask(portal, nobody.browser, { path: `session?${query}` })).json<{ registry?: unknown }>().registry
  const { loginServer, registry: name } = portal.first
  assert.deepEqual(await registryOf(`loginServer=${loginServer}`), { name, loginServer })
  assert.deepEqual(await registryOf(`registry=${name.toUpperCase()}`), { name, loginServer })
  for (const unknown of ['unknown.example', 'no%20host', '']) {
    for (const by of ['loginServer', 'registry']) assert.equal(await registryOf(`${by}=${unknown}`), null, unknown)
  }
  assert.equal((await ask(portal, nobody.browser, { path: 'session' })).body.includes('"registry"'), false)
})

test('the abilities of a person are what the surfaces allow', async (t) => {
  const portal = await openPortal(t)
  const { loginServer, registry: name } = portal.first
  const people = { puller: acrPull, reader: readerRole, nobody: undefined }
  const abilitiesOf = async (who: keyof typeof people) => {
    const person = await portal.createPerson(who)
    const role = people[who]
    if (role !== undefined) await portal.assign(person.id, role)
    await signIn(person)
    const { registry, registries, ...server } = (
      await ask(portal, person.browser, { path: `abilities?registry=${name}` })
    ).json<Abilities>()
    const views = Object.entries(registry ?? {}).flatMap(([view, isUsable]) => (isUsable ? [view] : []))
    const usable = registries.usable.map((each) => [each.name, each.loginServer])
    const without = (await ask(portal, person.browser, { path: 'abilities' })).json<Abilities>()
    assert.deepEqual(without, { registries, ...server }, who)
    return { views, usable, create: registries.create, ...server }
  }
  const none = { people: false, groups: false, applications: false, machines: false, providers: false }
  const own = [[name, loginServer]]
  const some = { usable: own, create: false, directory: none, server: false }
  assert.deepEqual(await abilitiesOf('nobody'), { ...some, views: [], usable: [] })
  assert.deepEqual(await abilitiesOf('puller'), { ...some, views: ['repositories'] })
  const { views, ...rest } = await abilitiesOf('reader')
  assert.deepEqual(rest, some)
  assert.deepEqual(
    new Set(views),
    new Set(['repositories', 'overview', 'access', 'rules', 'webhooks', 'audit', 'settings', 'credentials']),
  )
  const unknown = await portal.createPerson('other')
  await signIn(unknown)
  assert.equal(
    'registry' in (await ask(portal, unknown.browser, { path: 'abilities?registry=none' })).json<object>(),
    false,
  )
})

test('the person of each request pays for the verification of the session', async (t) => {
  const portal = await openPortal(t)
  const person = await portal.createPerson('alice')
  await signIn(person)
  const { mock } = t.mock.method(CallerBudget.prototype, 'charge')
  for (const path of ['session', 'graph/me']) {
    mock.resetCalls()
    assert.equal((await ask(portal, person.browser, { path })).statusCode, 200)
    const charges = mock.calls.filter(({ arguments: [chargedMs] }) => chargedMs === 0.5)
    const payers = charges.map(({ this: payer }) => (payer instanceof CallerBudget ? payer.key : ''))
    assert.deepEqual(payers, [`directory:${person.id}`], path)
  }
})

test('only a request of a page of the portal is answered', async (t) => {
  const portal = await openPortal(t)
  const person = await portal.createPerson('alice')
  await signIn(person)
  // prettier-ignore
  const denied: readonly (readonly [headers: Readonly<Record<string, string | undefined>>, why: string])[] = [
    [{ 'x-acrux-portal': undefined }, 'a form or a link cannot add the header'],
    [{ 'x-acrux-portal': '2' }, 'another value'],
    [{ 'sec-fetch-site': undefined }, 'not a current browser'],
    [{ 'sec-fetch-site': 'cross-site' }, 'another site'],
    [{ 'sec-fetch-site': 'same-site' }, 'another host of the same site, such as that of a registry'],
    [{ 'sec-fetch-site': 'none' }, 'an address that was typed'],
    [{ 'sec-fetch-mode': 'navigate' }, 'a navigation'],
    [{ 'sec-fetch-dest': 'iframe' }, 'a frame'],
    [{ 'sec-fetch-dest': 'image' }, 'an image'],
    [{ origin: 'https://evil.example' }, 'another origin'],
    [{ origin: 'null' }, 'a sandboxed page'],
  ]
  for (const path of ['session', 'arm/subscriptions?api-version=2022-12-01', tagsPath(portal)]) {
    for (const [headers, why] of denied) {
      const { statusCode, body } = await ask(portal, person.browser, { path, headers })
      assert.equal(statusCode, 403, why)
      assert.match(body, /ForeignRequest/, why)
    }
  }
  const bearer = await tokensOf(
    portal.server,
    portal.first,
    portal.first.servicePrincipal.appId,
    portal.first.servicePrincipal.password,
  )
  const headers = { cookie: undefined, authorization: `Bearer ${bearer.arm}` }
  assert.equal(
    (await ask(portal, person.browser, { path: 'arm/subscriptions?api-version=2022-12-01', headers })).statusCode,
    401,
  )
})

test('the portal is at the public host only', async (t) => {
  const { app } = await openPortal(t)
  const get = (url: string, host: string) => app.inject({ url, headers: { host } })
  const root = await get('/', portalHost)
  assert.equal(root.statusCode, 302)
  assert.equal(root.headers.location, '/portal/')
  assert.equal((await get('/portal/sign-in', 'LOCALHOST:5443')).statusCode, 303)
  for (const url of ['/', '/portal/', '/portal/sign-in', '/portal/signed-in', '/portal/assets/x.js']) {
    const { statusCode, headers, body } = await get(url, 'contoso.localhost:5443')
    assert.equal(statusCode, 404, url)
    assert.equal(headers['set-cookie'], undefined)
    assert.match(body, /The portal is at https:\/\/localhost:5443\/portal\//)
  }
  const session = await app.inject({
    url: '/portal/api/session',
    headers: { host: 'contoso.localhost:5443', cookie: `${portalCookie}=${'x'.repeat(43)}` },
  })
  assert.equal(session.statusCode, 401)
})

test('looking at an image is no pull, and leaves an event', async (t) => {
  const portal = await openPortal(t)
  await pushHostile(portal)
  const person = await portal.createPerson('alice')
  await portal.assign(person.id, acrPull)
  await signIn(person)
  const { loginServer } = portal.first
  const manifest = await ask(portal, person.browser, { path: `registry/${loginServer}/v2/team/app/manifests/1` })
  assert.equal(manifest.statusCode, 200)
  const listed = await ask(portal, person.browser, { path: tagsPath(portal) })
  assert.equal(listed.json<{ tags: readonly { lastPullTime?: string }[] }>().tags[0]?.lastPullTime, undefined)
  const filter = encodeURIComponent("action eq 'manifest.view'")
  const url = `/subscriptions/${portal.first.subscriptionId}/providers/Acrux.Server/auditEvents?api-version=2024-11-01&$filter=${filter}`
  const { value } = (await portal.asOwner('GET', url)).json<{ value: readonly object[] }>()
  assert.equal(value.length, 1, JSON.stringify(value))
})

test('a session continues when the role assignment mode of a registry is switched', async (t) => {
  const portal = await openPortal(t)
  await pushHostile(portal)
  const reader = await portal.createPerson('reader')
  await portal.assign(reader.id, acrPull)
  await portal.assign(reader.id, repositoryReader)
  await signIn(reader)
  const path = tagsPath(portal)
  assert.equal((await ask(portal, reader.browser, { path })).statusCode, 200)
  for (const roleAssignmentMode of ['AbacRepositoryPermissions', 'LegacyRegistryPermissions']) {
    await portal.asOwner('PATCH', `${portal.registryPath}?api-version=2025-11-01`, {
      properties: { roleAssignmentMode },
    })
    const answer = await ask(portal, reader.browser, { path })
    assert.equal(answer.statusCode, 200, `${roleAssignmentMode}: ${answer.body}`)
  }
})

test('what others have pushed is sent as data that no browser runs', async (t) => {
  const portal = await openPortal(t)
  const digest = await pushHostile(portal)
  const person = await portal.createPerson('alice')
  await portal.assign(person.id, acrPull)
  await signIn(person)
  const registry = `registry/${portal.first.loginServer}`
  for (const path of [
    `${registry}/v2/team/app/blobs/${digest}`,
    `${registry}/v2/team/app/manifests/1`,
    tagsPath(portal),
  ]) {
    const answer = await ask(portal, person.browser, { path })
    assert.equal(answer.statusCode, 200, answer.body)
    const policy = String(answer.headers['content-security-policy']).split('; ')
    assert.ok(policy.includes('sandbox') && policy.includes("default-src 'none'"), policy.join())
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    assert.equal(answer.headers['cross-origin-resource-policy'], 'same-origin')
    assert.equal(answer.headers['set-cookie'], undefined)
  }
})

test('a body is limited, and its size is known before it is read', async (t) => {
  const portal = await openPortal(t)
  const person = await portal.createPerson('alice')
  await signIn(person)
  const send = (headers: Record<string, string>) =>
    ask(portal, person.browser, {
      method: 'PATCH',
      path: `arm${portal.registryPath}?api-version=2023-07-01`,
      headers,
      payload: '{}',
    })
  assert.equal((await send({ 'content-length': String(4 * 1024 * 1024 + 1) })).statusCode, 413)
  assert.equal((await send({ 'transfer-encoding': 'chunked' })).statusCode, 411)
})

test('a person gets a login of a registry on which they have a role, and it ends with the session', async (t) => {
  const portal = await openPortal(t)
  await pushHostile(portal)
  const person = await portal.createPerson('alice')
  await signIn(person)
  const { loginServer } = portal.first
  const login = (name: string) =>
    ask(portal, person.browser, {
      method: 'POST',
      path: `session/registry-login?loginServer=${encodeURIComponent(name)}`,
    })
  assert.equal((await login(loginServer)).statusCode, 403)
  assert.equal((await login('other.example')).statusCode, 403)
  assert.equal((await login('not a host')).statusCode, 404)
  await portal.assign(person.id, acrPull)
  const answer = await login(loginServer)
  assert.equal(answer.statusCode, 200, answer.body)
  const { username, password } = answer.json<{ username: string; password: string }>()
  assert.equal(username, '00000000-0000-0000-0000-000000000000')
  const tokenStatus = async () => {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    const url = `/oauth2/token?service=${loginServer}&scope=repository:team/app:pull`
    return (await portal.app.inject({ url, headers: { host: loginServer, authorization } })).statusCode
  }
  assert.equal(await tokenStatus(), 200)
  await ask(portal, person.browser, { method: 'POST', path: 'session/sign-out' })
  assert.equal(await tokenStatus(), 401)
})

test('a session continues after the signing keys were withdrawn, with new tokens', async (t) => {
  const portal = await openPortal(t)
  await pushHostile(portal)
  const person = await portal.createPerson('alice')
  await portal.assign(person.id, acrPull)
  await signIn(person)
  const paths = ['session', 'arm/subscriptions?api-version=2022-12-01', 'graph/me', tagsPath(portal)]
  const statuses = async () => {
    const found: number[] = []
    for (const path of paths) found.push((await ask(portal, person.browser, { path })).statusCode)
    return found
  }
  assert.deepEqual(await statuses(), [200, 200, 200, 200])
  const { subscriptionId } = portal.first
  await portal.asOwner(
    'POST',
    `/subscriptions/${subscriptionId}/providers/Acrux.Server/withdrawSigningKeys?api-version=2024-11-01`,
  )
  assert.deepEqual(await statuses(), [200, 200, 200, 200])
})
