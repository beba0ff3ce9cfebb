import assert from 'node:assert/strict'
import { after } from 'node:test'
import { randomUUID } from 'node:crypto'
import {
  arm,
  armToken,
  as,
  createRegistry,
  createServicePrincipal,
  expectStatus,
  graph,
  roles,
  type As,
} from '../harness/arm.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { askAccessToken, basic, get, onRegistry, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { azHome, claimsOf, signIn, signInArguments, step } from './az/az.ts'
import { secretFile } from '../harness/secret-file.ts'

const server = await startServer()
const az = azHome(server.caFile)
const ci = azHome(server.caFile)
after(async () => {
  ci[Symbol.dispose]()
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { tenantId, servicePrincipal } = server.firstRun
const subscription = `/subscriptions/${server.firstRun.subscriptionId}`
const registry = await createRegistry(server, 'contoso')
const where = { loginServer: registry.loginServer }
await pushImage(onRegistry(server, where), 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))

const definitionOf = (roleGuid: string): RegExp =>
  new RegExp(`/providers/Microsoft.Authorization/roleDefinitions/${roleGuid}$`, 'i')

/** What the principal may do in `team/app` of the registry, of pull, push and delete. */
async function actionsOf(username: string, password: string): Promise<readonly string[]> {
  const scopes = ['repository:team/app:pull,push,delete']
  const answer = await askAccessToken(server, { username, password }, scopes, where)
  if (answer.status === 401) return []
  assert.equal(answer.status, 200)
  const access = listAt(claimsOf(stringAt(answer.json(), 'access_token')), 'access')
  return access.flatMap((one) => listAt(one, 'actions').map(String)).sort()
}

/** What create-for-rbac gave; `principal` is what stands now. */
let made = { appId: '', password: '' }
let principal = made
let objectId = ''
let assignmentId = ''

step('az ad sp create-for-rbac makes a principal with the role, whose secret works at once', ['az'], async () => {
  await signIn(az, server)
  const printed = await az.json(
    'ad',
    'sp',
    'create-for-rbac',
    '--name',
    'ci-sp',
    '--role',
    'AcrPull',
    '--scopes',
    registry.id,
  )
  assert.partialDeepStrictEqual(printed, { displayName: 'ci-sp', tenant: tenantId })
  made = { appId: stringAt(printed, 'appId'), password: stringAt(printed, 'password') }
  principal = made
  assert.deepEqual(await actionsOf(principal.appId, principal.password), ['pull'])
})

step('the new principal signs in to az, and reads what its role allows', ['az'], async () => {
  assert.partialDeepStrictEqual(await signIn(ci, server, principal), [{ user: { name: principal.appId } }])
  assert.deepEqual(await ci.json('acr', 'repository', 'list', '-n', registry.name), ['team/app'])
  assert.deepEqual(await ci.json('acr', 'repository', 'show-tags', '-n', registry.name, '--repository', 'team/app'), [
    '1',
  ])
  const remove = ['acr', 'repository', 'delete', '-n', registry.name, '--image', 'team/app:1', '--yes']
  await ci.fails(1, /unauthorized|authentication required/i, ...remove)
  const lock = ['acr', 'repository', 'update', '-n', registry.name, '--repository', 'team/app']
  await ci.fails(1, /unauthorized|authentication required/i, ...lock, '--write-enabled', 'false')
  await ci.fails(
    1,
    /AuthorizationFailed/,
    'acr',
    'update',
    '-n',
    registry.name,
    '-g',
    'default',
    '--admin-enabled',
    'true',
  )
  assert.equal(
    (await get(server, '/v2/team/app/manifests/1', basic(principal.appId, principal.password), where)).status,
    200,
  )
})

step('az ad sp show and list find the principal, by its application and by its name', ['az'], async () => {
  const shown = await az.json('ad', 'sp', 'show', '--id', principal.appId)
  assert.partialDeepStrictEqual(shown, {
    appId: principal.appId,
    displayName: 'ci-sp',
    servicePrincipalNames: [principal.appId],
    accountEnabled: true,
  })
  objectId = stringAt(shown, 'id')
  assert.equal(await az.text('ad', 'sp', 'show', '--id', objectId, '--query', 'appId', '-o', 'tsv'), principal.appId)
  assert.equal(await az.text('ad', 'sp', 'list', '--display-name', 'ci-s', '--query', '[].id', '-o', 'tsv'), objectId)
  assert.doesNotMatch(JSON.stringify(shown), new RegExp(principal.password.replace(/[^\w]/g, '\\$&')))
  await az.fails(3, /does not exist|not found/i, 'ad', 'sp', 'show', '--id', '0b8f6c0e-93a4-4b2f-8a57-0a2d3c1f7e11')
})

step(
  'az role assignment create gives a role by its name in any case, and finds it there the second time',
  ['az'],
  async () => {
    const create = [
      'role',
      'assignment',
      'create',
      '--assignee',
      principal.appId,
      '--role',
      'acrpush',
      '--scope',
      registry.id,
    ]
    const assigned = await az.json(...create)
    const expected = { principalId: objectId, principalType: 'ServicePrincipal', scope: registry.id }
    assert.partialDeepStrictEqual(assigned, expected)
    assert.match(stringAt(assigned, 'roleDefinitionId'), definitionOf(roles.acrPush))
    assignmentId = stringAt(assigned, 'id')
    assert.deepEqual(await actionsOf(principal.appId, principal.password), ['pull', 'push'])
    assert.equal(stringAt(await az.json(...create), 'id'), assignmentId)
  },
)

step(
  'az role assignment create takes an object id and a role’s GUID, and denies a role that is not there',
  ['az'],
  async () => {
    const assignee = ['--assignee-object-id', objectId, '--assignee-principal-type', 'ServicePrincipal']
    const create = ['role', 'assignment', 'create', ...assignee, '--scope', registry.id, '--role']
    assert.partialDeepStrictEqual(await az.json(...create, roles.acrDelete), { principalId: objectId })
    assert.deepEqual(await actionsOf(principal.appId, principal.password), ['delete', 'pull', 'push'])
    await az.fails(1, /Role 'NoSuchRole' doesn't exist/, ...create, 'NoSuchRole')
  },
)

step('az role assignment list names the roles and the principal', ['az'], async () => {
  const query = ['--query', '[].[roleDefinitionName,principalName]', '-o', 'tsv']
  const listed = await az.text(
    'role',
    'assignment',
    'list',
    '--assignee',
    principal.appId,
    '--scope',
    registry.id,
    ...query,
  )
  const expected = ['AcrDelete', 'AcrPull', 'AcrPush'].map((role) => `${role}\t${principal.appId}`)
  assert.deepEqual(listed.split('\n').sort(), expected)
  const everywhere = await az.text('role', 'assignment', 'list', '--all', '--assignee', principal.appId, ...query)
  assert.deepEqual(everywhere.split('\n').sort(), expected)
  const acr = await az.text('role', 'definition', 'list', '-n', 'AcrPull', '--query', '[].name', '-o', 'tsv')
  assert.equal(acr, roles.acrPull)
})

step('az role assignment delete takes the right away at once, by id and by role', ['az'], async () => {
  await az.text('role', 'assignment', 'delete', '--ids', assignmentId)
  assert.deepEqual(await actionsOf(principal.appId, principal.password), ['delete', 'pull'])
  const remove = ['role', 'assignment', 'delete', '--assignee', principal.appId, '--scope', registry.id, '--role']
  await az.text(...remove, 'AcrDelete')
  assert.deepEqual(await actionsOf(principal.appId, principal.password), ['pull'])
  await az.fails(1, /No matched assignments/, ...remove, 'AcrDelete')
})

step(
  'az ad sp credential reset replaces the principal’s secret: the old one is denied from then on',
  ['az'],
  async () => {
    const reset = ['ad', 'sp', 'credential', 'reset', '--id', principal.appId]
    const first = await az.json(...reset)
    assert.partialDeepStrictEqual(first, { appId: principal.appId, tenant: tenantId })
    const old = { appId: principal.appId, password: stringAt(first, 'password') }
    assert.deepEqual(await actionsOf(old.appId, old.password), ['pull'])

    principal = { appId: principal.appId, password: stringAt(await az.json(...reset), 'password') }
    assert.deepEqual(await actionsOf(principal.appId, principal.password), ['pull'])
    assert.deepEqual(await actionsOf(old.appId, old.password), [])
    await ci.text('logout')
    await ci.fails(1, /AADSTS7000215/, ...signInArguments(server, old))
    assert.partialDeepStrictEqual(await ci.json(...signInArguments(server, principal)), [{ tenantId }])
  },
)

step(
  'az ad app credential reset replaces the secret that create-for-rbac had put on the application',
  ['az'],
  async () => {
    const reset = await az.json('ad', 'app', 'credential', 'reset', '--id', principal.appId)
    assert.deepEqual(await actionsOf(made.appId, made.password), [])
    assert.deepEqual(await actionsOf(principal.appId, stringAt(reset, 'password')), ['pull'])
    assert.deepEqual(await actionsOf(principal.appId, principal.password), ['pull'])
  },
)

step('az ad app owner add, list and remove have another person take the place of who made it', ['az'], async () => {
  const user = ['ad', 'user', 'create', '--user-principal-name', 'erin@contoso.example', '--display-name', 'Erin']
  const erin = stringAt(await az.json(...user, '--password', secretFile('tidal lantern 7 quilt')), 'id')
  const owner = (verb: string, ...rest: readonly string[]) =>
    az.text('ad', 'app', 'owner', verb, '--id', principal.appId, ...rest, '-o', 'tsv')
  const owners = async () => (await owner('list', '--query', '[].id')).split('\n').sort()
  const [maker = '', ...others] = await owners()
  assert.deepEqual(others, [])
  await owner('add', '--owner-object-id', erin)
  await owner('add', '--owner-object-id', erin)
  assert.deepEqual(await owners(), [maker, erin].toSorted())
  const ofPrincipal = await az.json('ad', 'sp', 'owner', 'list', '--id', principal.appId, '--query', '[].id')
  assert.deepEqual((ofPrincipal as string[]).toSorted(), [maker, erin].toSorted())
  assert.deepEqual(await az.json('ad', 'app', 'permission', 'list', '--id', principal.appId), [])
  await owner('remove', '--owner-object-id', maker)
  assert.deepEqual(await owners(), [erin])
  const again = ['ad', 'app', 'owner', 'remove', '--id', principal.appId, '--owner-object-id', maker]
  await az.fails(1, /does not exist/, ...again)
  await owner('remove', '--owner-object-id', erin)
  assert.deepEqual(await owners(), [''], 'the owners of the directory are left')
})

step('az ad sp credential reset --append leaves the other secret alone', ['az'], async () => {
  const appended = await az.json(
    'ad',
    'sp',
    'credential',
    'reset',
    '--id',
    principal.appId,
    '--append',
    '--display-name',
    'second',
  )
  assert.deepEqual(await actionsOf(principal.appId, stringAt(appended, 'password')), ['pull'])
  assert.deepEqual(await actionsOf(principal.appId, principal.password), ['pull'])
  const list = ['ad', 'sp', 'credential', 'list', '--id', principal.appId, '--query', '[].displayName', '-o', 'tsv']
  const names = await az.text(...list)
  assert.ok(names.split('\n').includes('second'))
})

step(
  'az ad sp delete ends the principal, its secrets, its assignments and what it was signed in to',
  ['az'],
  async () => {
    await az.text('ad', 'sp', 'delete', '--id', principal.appId)
    assert.deepEqual(await actionsOf(principal.appId, principal.password), [])
    await az.fails(3, /does not exist|not found/i, 'ad', 'sp', 'show', '--id', principal.appId)
    const left = await az.text(
      'role',
      'assignment',
      'list',
      '--scope',
      registry.id,
      '--query',
      '[].principalId',
      '-o',
      'tsv',
    )
    assert.ok(!left.includes(objectId))
    const listed = await ci.run(['acr', 'repository', 'list', '-n', registry.name])
    assert.notEqual(listed.code, 0)
    assert.equal(listed.stdout.trim(), '')
  },
)

/** More assignments than a page of a list has. */
const moreThanAPage = 1010

/** Sends requests, 16 of them at a time. */
async function sendAll<Item>(items: readonly Item[], send: (item: Item) => Promise<unknown>): Promise<void> {
  const rest = items.values()
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (const item of rest) await send(item)
    }),
  )
}

const authorization = '/providers/Microsoft.Authorization'

/** Assigns a role to a principal. Returns the id of the assignment. */
async function assign(to: As, scope: string, roleDefinitionId: string, principalId: string): Promise<string> {
  const id = `${scope}${authorization}/roleAssignments/${randomUUID()}`
  const properties = { roleDefinitionId, principalId }
  expectStatus(await arm(to, 'PUT', `${id}?api-version=2022-04-01`, { properties }), 201)
  return id
}

/** Creates groups, and assigns one role at the scope to each. Returns the ids of the assignments, and the name of the group of each. */
async function assignToGroups(to: As, scope: string): Promise<Map<string, string>> {
  const creator = as(server, await armToken(server, servicePrincipal, `${server.baseUrl}/graph//.default`))
  const assigned = new Map<string, string>()
  await sendAll(
    Array.from({ length: moreThanAPage }, (_, number) => `group-${number}`),
    async (displayName) => {
      const body = { displayName, mailNickname: displayName, mailEnabled: false, securityEnabled: true }
      const group = stringAt(expectStatus(await graph(creator, 'POST', '/groups', body), 201).json(), 'id')
      const role = `${subscription}${authorization}/roleDefinitions/${roles.acrPull}`
      assigned.set(await assign(to, scope, role, group), displayName)
    },
  )
  return assigned
}

/** Assigns every role to one principal at as many new resource groups as are needed. Returns the ids of the assignments. */
async function assignEveryRole(to: As, principalId: string): Promise<string[]> {
  const list = await arm(to, 'GET', `${subscription}${authorization}/roleDefinitions?api-version=2022-04-01`)
  const definitions = listAt(expectStatus(list, 200).json(), 'value').map((each) => stringAt(each, 'id'))
  const assigned: string[] = []
  for (let number = 0; assigned.length < moreThanAPage; number += 1) {
    const scope = `${subscription}/resourceGroups/many-${number}`
    expectStatus(await arm(to, 'PUT', scope, { location: 'eastus' }), 201)
    await sendAll(definitions, async (definition) => assigned.push(await assign(to, scope, definition, principalId)))
  }
  return assigned
}

step(
  'az role assignment list prints every assignment once, also if there are more than fit a page',
  ['az'],
  async () => {
    const to = as(server, await armToken(server))
    const before = await az.json('role', 'assignment', 'list', '--all', '--query', '[].id')
    const ofGroups = await assignToGroups(to, registry.id)
    const many = await createServicePrincipal(server, 'many')
    const ofOne = await assignEveryRole(to, many.objectId)
    const list = async (...args: readonly string[]) =>
      (await az.json('role', 'assignment', 'list', ...args, '--query', '[].[id,principalName]')) as [string, string][]
    const ids = (listed: readonly [string, string][]) => listed.map(([id]) => id).toSorted()

    const atRegistry = await list('--scope', registry.id)
    assert.equal(atRegistry.length, ofGroups.size)
    assert.deepEqual(new Map(atRegistry), ofGroups)
    assert.deepEqual(ids(await list('--assignee', many.appId, '--all')), ofOne.toSorted())
    assert.deepEqual(ids(await list('--all')), [...(before as string[]), ...ofGroups.keys(), ...ofOne].toSorted())
  },
)
