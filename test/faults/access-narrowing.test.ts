import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { arm, expectStatus, registryId } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { accessToken, askAccessToken, basic, nullGuid, pushImage, registryUrl } from '../harness/registry.ts'
import { createScopedToken, generatePasswords, type NewScopedToken, putScopeMap } from '../harness/scoped-tokens.ts'
import { startServer } from '../harness/server.ts'
import { grantedBy } from '../rights/tokens.ts'
import { assertDenied } from '../rights/denial.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const { loginServer, servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const read = 'repositories/team/app/content/read'
const write = 'repositories/team/app/content/write'
let token: NewScopedToken

before(async () => {
  await pushImage(server, 'team/app', '1', owner)
  await pushImage(server, 'team/other', '1', owner)
  await putScopeMap(server, 'narrow-map', [read])
  token = await createScopedToken(server, 'nightly', 'narrow-map')
})

async function status(method: string, path: string, authorization: string): Promise<number> {
  const headers = { authorization }
  return (await request({ method, url: `${registryUrl(server)}${path}`, headers, caFile: server.caFile })).status
}

test('fault 10: every link of the chain from a scoped token to an upload is at most as wide as the one before', async () => {
  await putScopeMap(server, 'narrow-map', [read])
  const pull = 'repository:team/app:pull'
  const all = 'repository:team/app:pull,push,delete'
  const first = await accessToken(server, token, [pull])
  const second = await accessToken(server, { username: nullGuid, password: first }, [all, 'repository:team/other:pull'])
  assert.deepEqual(grantedBy(second), { 'repository:team/app': ['pull'] })
  assert.equal(await status('POST', '/v2/team/app/blobs/uploads/', `Bearer ${second}`), 401)
  // The map becomes wider; the tokens that were issued do not.
  await putScopeMap(server, 'narrow-map', [read, write])
  const third = await accessToken(server, { username: nullGuid, password: second }, [all])
  assert.deepEqual(grantedBy(third), { 'repository:team/app': ['pull'] })
  assert.equal(await status('POST', '/v2/team/app/blobs/uploads/', `Bearer ${third}`), 401)
  const wide = `Bearer ${await accessToken(server, token, [all])}`
  const url = `${registryUrl(server)}/v2/team/app/blobs/uploads/`
  const begun = await request({ method: 'POST', url, headers: { authorization: wide }, caFile: server.caFile })
  assert.equal(begun.status, 202)
  // The map becomes narrower: neither the token nor the address of the upload that it began keeps the right.
  await putScopeMap(server, 'narrow-map', [read])
  const location = new URL(begun.headers.location ?? '', registryUrl(server))
  const patched = await request({
    method: 'PATCH',
    url: location,
    headers: { authorization: wide },
    body: 'x',
    caFile: server.caFile,
  })
  assertDenied(patched, { loginServer, scope: 'repository:team/app:pull,push', error: 'insufficient_scope' })
})

test('fault 9: what is issued and what is allowed is what a plain reading of the scope map says', async () => {
  const meanings = { 'content/read': 'pull', 'content/write': 'push', 'content/delete': 'delete' } as const
  const name = fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))
  const pattern = fc.oneof(
    name,
    name.map((text) => `${text}/*`),
    fc.constant('*'),
  )
  const permission = fc.constantFrom('content/read', 'content/write', 'content/delete')
  const map = fc.array(fc.tuple(pattern, permission), { minLength: 1, maxLength: 4 })
  const actions = Object.values(meanings).toSorted()
  const fits = (repository: string, text: string) =>
    text === '*' || (text.endsWith('/*') ? repository.startsWith(text.slice(0, -1)) : repository === text)
  const property = fc.asyncProperty(map, map, name, async (atIssue, atUse, repository) => {
    const allowedBy = (given: typeof atIssue) =>
      actions.filter((action) => given.some(([text, each]) => fits(repository, text) && meanings[each] === action))
    const put = (given: typeof atIssue) =>
      putScopeMap(
        server,
        'narrow-map',
        given.map(([text, each]) => `repositories/${text}/${each}`),
      )
    await put(atIssue)
    const asked = [`repository:${repository}:${actions.join(',')}`]
    const answer = expectStatus(await askAccessToken(server, token, asked), 200).json()
    const issued = stringAt(answer, 'access_token')
    const expected = allowedBy(atIssue)
    assert.deepEqual(grantedBy(issued), expected.length === 0 ? {} : { [`repository:${repository}`]: expected })
    await put(atUse)
    const mayPull = allowedBy(atUse).includes('pull')
    const byToken = await status('GET', `/v2/${repository}/manifests/none`, `Bearer ${issued}`)
    assert.equal(byToken === 401, !(mayPull && expected.includes('pull')), `${repository}: ${byToken}`)
    const byPassword = await status('GET', `/v2/${repository}/manifests/none`, basic(token.username, token.password))
    assert.equal(byPassword === 401, !mayPull, `${repository}: ${byPassword}`)
  })
  await fc.assert(property, { numRuns: 25 })
})

test('fault 11: the status, the scope map and the end of a password each decide when it alone is changed', async () => {
  await putScopeMap(server, 'narrow-map', [read])
  await putScopeMap(server, 'elsewhere', ['repositories/team/other/content/read'])
  const id = `${registryId(server)}/tokens/nightly`
  const mayRead = async (credential = token) =>
    (await status('GET', '/v2/team/app/manifests/1', basic(credential.username, credential.password))) === 200
  assert.equal(await mayRead(), true)
  for (const [changed, restored] of [
    [{ status: 'disabled' }, { status: 'enabled' }],
    [
      { scopeMapId: `${registryId(server)}/scopeMaps/elsewhere` },
      { scopeMapId: `${registryId(server)}/scopeMaps/narrow-map` },
    ],
  ]) {
    expectStatus(await arm(server, 'PATCH', id, { properties: changed }), 200, 201)
    assert.equal(await mayRead(), false, JSON.stringify(changed))
    expectStatus(await arm(server, 'PATCH', id, { properties: restored }), 200, 201)
    assert.equal(await mayRead(), true, JSON.stringify(restored))
  }
  const renewed = await generatePasswords(server, 'nightly')
  assert.equal(await mayRead(), false, 'the password of before')
  assert.equal(await mayRead(renewed), true)
  token = renewed
})

test('fault 35: a wildcard access scope grants what the scope map says, in both modes, and 501 actions are denied', async () => {
  for (const roleAssignmentMode of ['LegacyRegistryPermissions', 'AbacRepositoryPermissions']) {
    expectStatus(await arm(server, 'PATCH', registryId(server), { properties: { roleAssignmentMode } }), 200)
    const admin = await createScopedToken(server, 'everywhere', '_repositories_admin')
    const wide = await accessToken(server, admin, ['repository:*:*'])
    assert.deepEqual(grantedBy(wide)['repository:*']?.includes('pull'), true, roleAssignmentMode)
    const puller = await createScopedToken(server, 'reader', '_repositories_pull')
    assert.deepEqual(grantedBy(await accessToken(server, puller, ['repository:*:*'])), { 'repository:*': ['pull'] })
  }
  const numbered = (count: number) => Array.from({ length: count }, (_, index) => `repositories/r${index}/content/read`)
  const put = (actions: string[]) =>
    arm(server, 'PUT', `${registryId(server)}/scopeMaps/many-map`, { properties: { actions } })
  assert.equal((await put(numbered(501))).status, 400)
  await putScopeMap(server, 'many-map', numbered(500))
  const holder = await createScopedToken(server, 'holder', 'many-map')
  const last = await accessToken(server, holder, ['repository:r499:pull', 'repository:r500:pull'])
  assert.deepEqual(grantedBy(last), { 'repository:r499': ['pull'] })
})
