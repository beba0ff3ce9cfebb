import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import {
  arm,
  armToken,
  as,
  createRegistry,
  createServicePrincipal,
  expectStatus,
  graph,
  registryId,
  resourceGroupId,
} from '../harness/arm.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { basic, onRegistry, pushImage } from '../harness/registry.ts'
import { createScopedToken, putScopeMap } from '../harness/scoped-tokens.ts'
import { startServer } from '../harness/server.ts'
import { repeatWith, seeded } from '../faults/seeded.ts'
import { openWire, type WireRequest } from '../faults/wire.ts'
import {
  plainAllows,
  plainBuiltInRoles,
  plainScopeMapAllows,
  type PlainAssignment,
  type PlainMode,
  type PlainRole,
} from '../oracle/plain-rights.ts'
import { conditionText } from '../oracle/condition-text.ts'
import { conditionTrees, testRepositories } from '../oracle/condition-trees.ts'
import { grantedBy } from './tokens.ts'

const server = await startServer({ args: ['--log-level', 'error'] })
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server, 4)
after(() => wire.close())
const random = seeded()

const { servicePrincipal, subscriptionId } = server.firstRun
const subscription = `/subscriptions/${subscriptionId}`
const roleDefinitions = `${subscription}/providers/Microsoft.Authorization/roleDefinitions`

interface Registry {
  readonly id: string
  readonly loginServer: string
  readonly mode: PlainMode
}

/** A registry in each mode, with every repository in it. */
async function makeRegistry(name: string, mode: PlainMode): Promise<Registry> {
  const { loginServer } = await createRegistry(server, name)
  const owner = basic(servicePrincipal.appId, servicePrincipal.password)
  for (const repository of testRepositories)
    await pushImage(onRegistry(server, { loginServer }), repository, '1', owner)
  const properties = { roleAssignmentMode: mode }
  expectStatus(await arm(server, 'PATCH', registryId(server, name), { properties }), 200)
  return { id: registryId(server, name), loginServer, mode }
}
const registries = [
  await makeRegistry('legacy', 'LegacyRegistryPermissions'),
  await makeRegistry('byCondition', 'AbacRepositoryPermissions'),
] as const
const scopes = [subscription, resourceGroupId(server), ...registries.map(({ id }) => id)]

async function made(path: string, body: object): Promise<string> {
  return stringAt(expectStatus(await graph(server, 'POST', path, body), 201).json(), 'id')
}
async function join(group: string, member: string): Promise<void> {
  const reference = { '@odata.id': `${server.baseUrl}/graph/v1.0/directoryObjects/${member}` }
  expectStatus(await graph(server, 'POST', `/groups/${group}/members/$ref`, reference), 204)
}
const newGroup = { mailEnabled: false, securityEnabled: true }
const team = await made('/groups', { ...newGroup, displayName: 'team', mailNickname: 'team' })
const staff = await made('/groups', { ...newGroup, displayName: 'staff', mailNickname: 'staff' })
const alice = await createServicePrincipal(server, 'alice')
const bob = await createServicePrincipal(server, 'bob')
await join(staff, team)
await join(team, alice.objectId)
await join(staff, bob.objectId)

/** Somebody who asks: by which name and password, where, and what a plain reading of their rights is. */
interface Asker {
  readonly name: string
  readonly authorization: string
  /** Undefined for all registries. */
  readonly at: Registry | undefined
  readonly may: (registry: Registry, right: string, repository: string | undefined) => boolean
}

const world = { roles: { ...plainBuiltInRoles } as Record<string, PlainRole>, assignments: [] as PlainAssignment[] }
/** The names of ARM for the assignments of the world. */
const names = new Map<PlainAssignment, string>()
const maps = new Map<Registry, readonly string[]>()

function program(name: string, { appId, password }: { appId: string; password: string }, ids: string[]): Asker {
  const may: Asker['may'] = (registry, right, repository) => plainAllows(world, ids, registry, { right, repository })
  return { name, authorization: basic(appId, password), at: undefined, may }
}

async function scopedToken(registry: Registry): Promise<Asker> {
  const at = stringAt(expectStatus(await arm(server, 'GET', registry.id), 200).json(), 'name')
  await putScopeMap(server, 'random', ['repositories/none/content/read'], at)
  maps.set(registry, ['repositories/none/content/read'])
  const { username, password } = await createScopedToken(server, 'scoped', 'random', at)
  const may: Asker['may'] = (asked, right, repository) =>
    asked === registry && plainScopeMapAllows(maps.get(registry) ?? [], right, repository)
  return { name: `the token of ${at}`, authorization: basic(username, password), at: registry, may }
}

const askers = [
  program('alice', alice, [alice.objectId, team, staff]),
  program('bob', bob, [bob.objectId, staff]),
  await scopedToken(registries[0]),
  await scopedToken(registries[1]),
]

const listed = expectStatus(await arm(server, 'GET', `${roleDefinitions}?api-version=2022-04-01`), 200).json()
const roleNames = new Map(
  listAt(listed, 'value').map((one) => [stringAt(one, 'properties', 'roleName'), stringAt(one, 'name')]),
)
const custom = { Mover: randomUUID(), Auditor: randomUUID() }
for (const [name, id] of Object.entries(custom)) roleNames.set(name, id)

const owner = await armToken(server)
const put = (path: string, properties: object) => arm(as(server, owner), 'PUT', path, { properties })

// prettier-ignore
const patterns = [
  '*', '*/read', '*/content/*', 'Microsoft.ContainerRegistry/registries/*', 'Microsoft.ContainerRegistry/registries/pull/read',
  'Microsoft.ContainerRegistry/registries/push/write', 'Microsoft.ContainerRegistry/registries/artifacts/delete',
  'Microsoft.ContainerRegistry/registries/repositories/content/write', 'Microsoft.ContainerRegistry/registries/repositories/metadata/delete',
]
const someOf = (list: readonly string[], most: number): string[] =>
  Array.from({ length: random.between(0, most) }, () => random.pick(list))

async function define(name: keyof typeof custom): Promise<void> {
  const permissions = {
    actions: [...someOf(patterns, 2), 'Microsoft.Storage/read'],
    notActions: someOf(patterns, 1),
    dataActions: someOf(patterns, 2),
    notDataActions: someOf(patterns, 1),
  }
  const definition = { roleName: name, permissions: [permissions], assignableScopes: [subscription] }
  expectStatus(await put(`${roleDefinitions}/${custom[name]}`, definition), 201)
  world.roles[name] = permissions
}
await define('Mover')
await define('Auditor')

const conditions = fc.sample(conditionTrees, { seed: random.seed | 0, numRuns: 500 })

function conditionNow() {
  const condition = random.chance(40) ? ('none' as const) : random.pick(conditions)
  const text = condition === 'none' ? null : conditionText(condition, random.between(0, 2))
  return { condition, given: text === null ? {} : { condition: text, conditionVersion: '2.0' } }
}

async function assign(): Promise<void> {
  const principal = random.pick([alice.objectId, bob.objectId, team, staff])
  const role = random.pick([...Object.keys(plainBuiltInRoles), ...Object.keys(custom)])
  const { condition, given } = conditionNow()
  const assignment = { principal, role, scope: random.pick(scopes), condition }
  const name = randomUUID()
  const roleDefinitionId = `${roleDefinitions}/${roleNames.get(role)}`
  const id = `${assignment.scope}/providers/Microsoft.Authorization/roleAssignments/${name}`
  const answer = await put(id, { roleDefinitionId, principalId: principal, ...given })
  if (answer.status === 409) return
  expectStatus(answer, 201)
  world.assignments.push(assignment)
  names.set(assignment, name)
}

async function removeOrChange(): Promise<void> {
  if (world.assignments.length === 0) return
  const assignment = random.pick(world.assignments)
  const name = names.get(assignment) ?? ''
  const id = `${assignment.scope}/providers/Microsoft.Authorization/roleAssignments/${name}`
  world.assignments = world.assignments.filter((one) => one !== assignment)
  if (world.assignments.length > 6 || random.chance(50)) {
    expectStatus(await arm(as(server, owner), 'DELETE', id), 200)
    return
  }
  const { condition, given } = conditionNow()
  const roleDefinitionId = `${roleDefinitions}/${roleNames.get(assignment.role)}`
  expectStatus(await put(id, { roleDefinitionId, principalId: assignment.principal, ...given }), 200, 201)
  const changed = { ...assignment, condition }
  world.assignments.push(changed)
  names.set(changed, name)
}

async function remap(): Promise<void> {
  const registry = random.pick(registries)
  const repositories = ['a', 'ab', 'team', 'team/app', 'team/*', 'team-infra/*', 'hello-world', '*']
  const ends = ['content/read', 'content/write', 'content/delete', 'metadata/read', 'metadata/write']
  const one = (): string => `repositories/${random.pick(repositories)}/${random.pick(ends)}`
  const actions = [...new Set(Array.from({ length: random.between(1, 4) }, one))]
  expectStatus(await put(`${registry.id}/scopeMaps/random`, { actions }), 200)
  maps.set(registry, actions)
}

async function change(): Promise<void> {
  const which = random.between(0, 9)
  if (which < 5) await assign()
  else if (which < 7) await removeOrChange()
  else if (which < 8) await define(random.pick(['Mover', 'Auditor']))
  else await remap()
}

/** The request that needs a right and changes nothing. */
interface Question {
  readonly needs: readonly string[]
  readonly request: (repository: string) => WireRequest
}
const nothing = `sha256:${'0'.repeat(64)}`
const questions: readonly Question[] = [
  { needs: ['pull'], request: (name) => ({ target: `/v2/${name}/manifests/1` }) },
  {
    needs: ['pull', 'push'],
    request: (name) => ({ method: 'DELETE', target: `/v2/${name}/blobs/uploads/${randomUUID()}` }),
  },
  { needs: ['delete'], request: (name) => ({ method: 'DELETE', target: `/v2/${name}/manifests/${nothing}` }) },
  { needs: ['metadata_read'], request: (name) => ({ target: `/acr/v1/${encodeURIComponent(name)}/_tags` }) },
  { needs: ['metadata_read'], request: (name) => ({ target: `/v2/${name}/tags/list` }) },
  {
    needs: ['metadata_write'],
    request: (name) => ({
      method: 'PATCH',
      target: `/acr/v1/${encodeURIComponent(name)}/_tags/none`,
      headers: [['Content-Type', 'application/json']],
      body: '{}',
    }),
  },
  { needs: ['catalog'], request: () => ({ target: '/acr/v1/_catalog' }) },
]
const actions = ['pull', 'push', 'delete', 'metadata_read', 'metadata_write']

interface Token {
  readonly asker: Asker
  readonly registry: Registry
  readonly access: string
  readonly granted: Readonly<Record<string, readonly string[]>>
}
const seen = { allowed: 0, denied: 0, tokens: 0 }

async function ask(asker: Asker, registry: Registry, repository: string, token?: Token): Promise<void> {
  const { needs, request } = random.pick(questions)
  const isCatalog = needs.includes('catalog')
  const inToken = (right: string): boolean =>
    token === undefined ||
    (isCatalog
      ? token.granted['registry:catalog'] !== undefined
      : token.granted[`repository:${repository}`]?.includes(right) === true)
  const expected = needs.every(
    (right) => inToken(right) && asker.may(registry, right, isCatalog ? undefined : repository),
  )
  const authorization = token === undefined ? asker.authorization : `Bearer ${token.access}`
  const { status } = await wire.send({ ...request(repository), authorization, host: registry.loginServer })
  const by = token === undefined ? 'by password' : `by a token over ${JSON.stringify(token.granted)}`
  const context = `${needs.join()} on ${repository} of ${registry.mode}, ${asker.name} ${by}: ${status}; ${repeatWith(random)}`
  assert.ok(status < 500, context)
  assert.equal(status !== 401, expected, context)
  seen[expected ? 'allowed' : 'denied'] += 1
}

async function issue(asker: Asker, registry: Registry): Promise<Token> {
  const repositories = random.shuffle(testRepositories).slice(0, 3)
  const scope = [...repositories.map((name) => `repository:${name}:${actions.join()}`), 'registry:catalog:*']
  const query = new URLSearchParams([['service', registry.loginServer], ...scope.map((one) => ['scope', one])])
  const target = `/oauth2/token?${query.toString()}`
  const answer = await wire.send({ target, authorization: asker.authorization, host: registry.loginServer })
  const access = stringAt(expectStatus(answer, 200).json(), 'access_token')
  const granted = grantedBy(access)
  const expected: Record<string, string[]> = {}
  for (const name of repositories) {
    const allowed = actions.filter((right) => asker.may(registry, right, name))
    if (allowed.length > 0) expected[`repository:${name}`] = allowed.toSorted()
  }
  if (asker.may(registry, 'catalog', undefined)) expected['registry:catalog'] = ['*']
  assert.deepEqual(granted, expected, `${asker.name} at ${registry.mode}; ${repeatWith(random)}`)
  seen.tokens += 1
  return { asker, registry, access, granted }
}

test('every token and every request is decided as a plain second implementation says, for random permissions', async (t) => {
  t.diagnostic(repeatWith(random))
  let tokens: Token[] = []
  for (let round = 0; round < 60; round += 1) {
    for (let count = random.between(1, 4); count > 0; count -= 1) await change()
    for (let count = 0; count < 6; count += 1) {
      const asker = random.pick(askers)
      tokens.push(await issue(asker, asker.at ?? random.pick(registries)))
    }
    // Some were issued rounds ago: what was taken since is denied, what was given is not in them.
    tokens = random.shuffle(tokens).slice(0, 20)
    for (let count = 0; count < 50; count += 1) {
      const asker = random.pick(askers)
      const token = random.chance(50) ? random.pick(tokens) : undefined
      const registry = token?.registry ?? asker.at ?? random.pick(registries)
      await ask(token?.asker ?? asker, registry, random.pick(testRepositories), token)
    }
  }
  t.diagnostic(JSON.stringify(seen))
  assert.ok(seen.allowed > 300 && seen.denied > 500, JSON.stringify(seen))
})
