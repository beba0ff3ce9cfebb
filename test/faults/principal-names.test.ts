import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { arm, createServicePrincipal, enableAdmin, expectStatus, graph, registryId } from '../harness/arm.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { askAccessToken, basic, get, nullGuid, pushImage } from '../harness/registry.ts'
import { createScopedToken } from '../harness/scoped-tokens.ts'
import { startServer } from '../harness/server.ts'
import { askByPassword, askIdentity, tokensOf } from '../rights/tokens.ts'
import { partsOf } from './forged-token.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { loginServer, registry, servicePrincipal, owner, tenantId } = server.firstRun
const pull = 'repository:team/app:pull'
await pushImage(server, 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))
const admin = await enableAdmin(server)
const scoped = await createScopedToken(server, 'nightly', '_repositories_pull')

async function assertProvesNobody(username: string, password: string, what: string): Promise<void> {
  const ways = [
    await get(server, '/v2/', basic(username, password)),
    await get(server, '/v2/team/app/manifests/1', basic(username, password)),
    await askAccessToken(server, { username, password }, [pull]),
    await askByPassword(server, { username, password }, pull),
  ]
  for (const answer of ways) assert.equal(answer.status, 401, `${what}: ${answer.text()}`)
}

/** Names of others: the admin account, the bearer of a token, another principal. */
const takenNames = [
  registry,
  registry.toUpperCase(),
  nullGuid,
  'admin',
  '<token>',
  '$oauthtoken',
  servicePrincipal.appId,
  scoped.username,
  owner.userPrincipalName,
  tenantId,
  loginServer,
  'scanner-x',
  'robot$x',
]

test('fault 31: a principal is identified by its id, not by its name', async () => {
  for (const name of takenNames) {
    const named = await createServicePrincipal(server, name)
    for (const username of [name, name.toLowerCase(), named.objectId, named.applicationObjectId]) {
      await assertProvesNobody(username, named.password, `${username} of a principal called ${name}`)
    }
    assert.equal((await askIdentity(server, named)).status, 200)
  }
})

test('fault 31: no application takes the id of another, of the null GUID or of the registry', async () => {
  for (const appId of [nullGuid, registry, servicePrincipal.appId, 'admin']) {
    const made = await graph(server, 'POST', '/applications', { displayName: 'x', appId, id: appId })
    assert.ok(made.status === 201 || made.status === 400, made.text())
    if (made.status === 201) assert.notEqual(stringAt(made.json(), 'appId'), appId)
    const twin = await graph(server, 'POST', '/servicePrincipals', { appId })
    assert.ok([400, 404, 409].includes(twin.status), `a service principal of ${appId}: ${twin.status} ${twin.text()}`)
  }
  const uris = [nullGuid, registry, servicePrincipal.appId, `api://${servicePrincipal.appId}`, loginServer]
  for (const uri of uris) {
    const made = await graph(server, 'POST', '/applications', { displayName: 'with a URI', identifierUris: [uri] })
    assert.ok(made.status === 201 || made.status === 400, made.text())
    if (made.status !== 201) continue
    const added = await graph(server, 'POST', `/applications/${stringAt(made.json(), 'id')}/addPassword`, {})
    await assertProvesNobody(uri, stringAt(expectStatus(added, 200).json(), 'secretText'), uri)
  }
})

test('fault 31: no registry has the name of a principal, and a name in another case is the same registry', async () => {
  for (const name of [
    nullGuid,
    servicePrincipal.appId,
    'a-b-c-d-e',
    'admin$',
    '_registry',
    'abc',
    'a'.repeat(51),
    'ünïcode',
    '',
  ]) {
    const body = { location: 'local', sku: { name: 'Basic' }, properties: { adminUserEnabled: true } }
    const made = await arm(server, 'PUT', registryId(server, encodeURIComponent(name)), body)
    assert.ok([400, 404, 405].includes(made.status), `${name}: ${made.status}`)
  }
  const other = registry === registry.toUpperCase() ? registry.toLowerCase() : registry.toUpperCase()
  const again = await arm(server, 'GET', registryId(server, other))
  assert.equal(again.status, 200)
  assert.equal(stringAt(again.json(), 'properties', 'loginServer'), loginServer)
})

test('fault 31: no scoped token takes the name of the registry, a GUID, or another in another case', async () => {
  const parent = registryId(server)
  const properties = { scopeMapId: `${parent}/scopeMaps/_repositories_admin` }
  const denied = [
    registry,
    registry.toUpperCase(),
    nullGuid,
    servicePrincipal.appId,
    tenantId,
    randomUUID().toUpperCase(),
  ]
  for (const name of [...denied, 'a_b_c', 'token$', 'with%20blank', 'a'.repeat(51), 'abc']) {
    const made = await arm(server, 'PUT', `${parent}/tokens/${encodeURIComponent(name)}`, { properties })
    assert.equal(made.status, 400, `${name}: ${made.text()}`)
  }
  const again = await arm(server, 'PUT', `${parent}/tokens/${scoped.username.toUpperCase()}`, { properties })
  assert.equal(again.status, 200, 'it is the token that is there')
  assert.equal(listAt((await arm(server, 'GET', `${parent}/tokens`)).json(), 'value').length, 1)
})

test('fault 31: a scoped token called admin is no admin, and one called like an application is none', async () => {
  const likeName = await createServicePrincipal(server, 'named-alike')
  for (const name of ['admin', 'named-alike', 'scanner-x']) {
    const token = await createScopedToken(server, name, '_repositories_pull')
    assert.equal((await get(server, '/v2/team/app/manifests/1', basic(name, token.password))).status, 200)
    assert.equal((await get(server, '/v2/_catalog', basic(name, token.password))).status, 401)
    for (const other of [admin.password, likeName.password, servicePrincipal.password, scoped.password]) {
      await assertProvesNobody(name, other, name)
    }
    await assertProvesNobody(likeName.appId, token.password, name)
  }
})

test('fault 31: each secret authenticates only its own kind of principal', async () => {
  const tokens = await tokensOf(server, servicePrincipal, [pull])
  const { appId, password } = servicePrincipal
  const crossed: readonly (readonly [string, string])[] = [
    [registry, password],
    [scoped.username, password],
    [scoped.username, admin.password],
    [scoped.username, owner.password],
    [registry, scoped.password],
    [nullGuid, scoped.password],
    [appId, scoped.password],
    ['admin', scoped.password],
    ['', scoped.password],
    [`${scoped.username} `, scoped.password],
    [`${registry}/${scoped.username}`, scoped.password],
    [`${scoped.username}@${loginServer}`, scoped.password],
    [scoped.username, tokens.refresh],
    [scoped.username, tokens.access],
    [nullGuid, password],
    [owner.userPrincipalName, password],
    [appId, admin.password],
    [nullGuid, admin.password],
    ['admin', admin.password],
    [owner.userPrincipalName, admin.password],
    [registry, owner.password],
    [appId, owner.password],
    [nullGuid, owner.password],
    [registry, tokens.refresh],
    [appId, tokens.refresh],
    [registry, tokens.access],
    [appId, tokens.access],
    [nullGuid, tokens.identity],
    ['<token>', tokens.refresh],
    ['', tokens.refresh],
    [`${appId} `, password],
    [`${appId}:`, password],
    [`${registry}:`, admin.password],
    [`${registry}@${loginServer}`, admin.password],
    [loginServer, admin.password],
    [randomUUID(), password],
  ]
  for (const [username, secret] of crossed) {
    if (username === '') {
      assert.equal((await askAccessToken(server, { username, password: secret }, [pull])).status, 401)
    } else await assertProvesNobody(username, secret, username)
  }
})

test('fault 31: a token says which kind of principal it is for, and the subject of one is never that of another kind', async () => {
  const named = await createServicePrincipal(server, registry)
  const subjects = new Map<string, string>()
  const remember = async (who: string, username: string, password: string): Promise<void> => {
    const answer = expectStatus(await askAccessToken(server, { username, password }, []), 200)
    const { claims } = partsOf(stringAt(answer.json(), 'access_token'))
    const subject = String(claims['sub'])
    assert.equal(subjects.get(subject), undefined, `${who} has the subject of ${subjects.get(subject)}`)
    subjects.set(subject, who)
  }
  await remember('the admin', registry, admin.password)
  await remember('a scoped token', scoped.username, scoped.password)
  await remember('the owner', servicePrincipal.appId, servicePrincipal.password)
  const body = { displayName: nullGuid }
  const made = expectStatus(await graph(server, 'POST', '/applications', body), 201).json()
  assert.notEqual(at(made, 'appId'), nullGuid)
  const listed = await graph(
    server,
    'GET',
    `/servicePrincipals?$filter=${encodeURIComponent(`appId eq '${named.appId}'`)}`,
  )
  assert.equal(listAt(listed.json(), 'value').length, 1)
})
