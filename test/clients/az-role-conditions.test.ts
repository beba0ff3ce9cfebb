import assert from 'node:assert/strict'
import { after } from 'node:test'
import { arm, createRegistry, createServicePrincipal, expectStatus } from '../harness/arm.ts'
import { stringAt } from '../harness/json.ts'
import { accessToken, basic, get, onRegistry, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { grantedBy } from '../rights/tokens.ts'
import { azHome, signIn, step } from './az/az.ts'

const server = await startServer()
const az = azHome(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { servicePrincipal: first } = server.firstRun
const registry = await createRegistry(server, 'contoso')
const where = { loginServer: registry.loginServer }
const owner = basic(first.appId, first.password)
const repositories = ['backend/api', 'backend-infra', 'hello-world']
for (const repository of repositories) await pushImage(onRegistry(server, where), repository, '1', owner)
const mode = { properties: { roleAssignmentMode: 'AbacRepositoryPermissions' } }
expectStatus(await arm(server, 'PATCH', registry.id, mode), 200)
const principal = await createServicePrincipal(server, 'ci')
const credential = { username: principal.appId, password: principal.password }

const role = 'Container Registry Repository Reader'
const actions = 'Microsoft.ContainerRegistry/registries/repositories'
const condition = (expression: string): string => `((!(ActionMatches{'${actions}/content/read'})
  AND !(ActionMatches{'${actions}/metadata/read'}))
 OR
 (@Request[${actions}:name] ${expression}))`
const assignee = ['--assignee', principal.appId]
const there = ['--scope', registry.id]

/** The repositories that the principal pulls from, with a token for that repository and with its password. */
async function pulled(): Promise<string[]> {
  const found = []
  for (const repository of repositories) {
    const token = await accessToken(server, credential, [`repository:${repository}:pull,push`], where)
    const granted = Object.values(grantedBy(token)).flat()
    const manifest = `/v2/${repository}/manifests/1`
    const status = (await get(server, manifest, `Bearer ${token}`, where)).status
    const byPassword = (await get(server, manifest, basic(credential.username, credential.password), where)).status
    assert.equal(status === 200, granted.includes('pull'), repository)
    assert.equal(status, byPassword, repository)
    assert.ok(!granted.includes('push'))
    if (status === 200) found.push(repository)
  }
  return found
}

let assignment: unknown

step('az gives a role under a condition, which then decides for each repository', ['az'], async () => {
  await signIn(az, server)
  const text = condition("StringStartsWithIgnoreCase 'Backend/'")
  const given = ['role', 'assignment', 'create', ...assignee, '--role', role, ...there, '--condition', text]
  assignment = await az.json(...given, '--condition-version', '2.0', '--description', 'the back end')
  assert.partialDeepStrictEqual(assignment, { condition: text, conditionVersion: '2.0', description: 'the back end' })
  assert.deepEqual(await pulled(), ['backend/api'])
})

step('az lists the condition, and says the version where none was given', ['az'], async () => {
  const listed = await az.json('role', 'assignment', 'list', ...assignee, ...there)
  const expected = { roleDefinitionName: role, conditionVersion: '2.0', description: 'the back end' }
  assert.partialDeepStrictEqual(listed, [expected])
})

step('az changes the condition of an assignment, which takes effect at the next request', ['az'], async () => {
  const before = await accessToken(server, credential, ['repository:backend/api:pull'], where)
  const path = '/v2/backend/api/manifests/1'
  assert.equal((await get(server, path, `Bearer ${before}`, where)).status, 200)
  const text = condition("ForAnyOfAnyValues:StringEquals {'hello-world', 'backend-infra'}")
  const changed = JSON.stringify({ ...(assignment as object), condition: text })
  const answer = await az.json('role', 'assignment', 'update', '--role-assignment', changed)
  assert.equal(stringAt(answer, 'condition'), text)
  assert.equal((await get(server, path, `Bearer ${before}`, where)).status, 401)
  assert.deepEqual(await pulled(), ['backend-infra', 'hello-world'])
})

step('az shows where a condition goes wrong, and nothing is given', ['az'], async () => {
  const given = ['role', 'assignment', 'create', ...assignee, '--role', role, ...there]
  const wrong = [...given, '--condition', "@Request[a:b] StringEqual 'x'"]
  await az.fails(1, /InvalidRoleAssignmentCondition.*At character 15: there is no operator StringEqual/, ...wrong)
})

step('az rest requests why a principal lacks a permission, and which principals have it', ['az'], async () => {
  const question = (what: string, query: string): Promise<unknown> =>
    az.json('rest', '--url', `${registry.id}/${what}?api-version=2025-03-01-preview&repository=backend/api&${query}`)
  const why = await question('accessExplanation', `action=pull&principal=${principal.objectId}`)
  const denied = { allowed: false, firstFailure: 'condition-is-not-met', smallestChange: { kind: 'change-condition' } }
  assert.partialDeepStrictEqual(why, denied)
  assert.partialDeepStrictEqual(await question('allowedPrincipals', 'action=pull'), { anonymous: false, value: [] })
})

step('az takes the assignment away with its condition', ['az'], async () => {
  await az.text('role', 'assignment', 'delete', ...assignee, '--role', role, ...there)
  assert.deepEqual(await az.json('role', 'assignment', 'list', ...assignee, ...there), [])
})
