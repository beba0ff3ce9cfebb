import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { registryId } from '../harness/arm.ts'
import { clientHome, mustRun } from '../harness/clients.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { askAccessToken, basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { grantedBy } from '../rights/tokens.ts'
import type { ArmTask } from './az/arm-sdk-program.ts'

const program = fileURLToPath(new URL('./az/arm-sdk-program.ts', import.meta.url))
const server = await startServer()
const home = clientHome(server.caFile)
after(async () => {
  home[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { subscriptionId, resourceGroup, registry, tenantId, servicePrincipal } = server.firstRun

/** Runs a scenario with the SDK in a process of its own, which trusts the server's authority by NODE_EXTRA_CA_CERTS. */
async function sdk(scenario: ArmTask['scenario'], changes: Partial<ArmTask> = {}): Promise<unknown> {
  const credential = { tenantId, clientId: servicePrincipal.appId, clientSecret: servicePrincipal.password }
  const given = { scenario, endpoint: server.baseUrl, subscriptionId, resourceGroup, registry, credential }
  const task: ArmTask = { ...given, scopes: ['https://management.core.windows.net//.default'], ...changes }
  const ran = await mustRun(process.execPath, [program], { env: home.env, input: JSON.stringify(task) })
  return JSON.parse(ran.stdout) as unknown
}

async function granted(username: string, password: string): Promise<readonly string[] | undefined> {
  const answer = await askAccessToken(server, { username, password }, ['repository:team/app:pull,push'])
  if (answer.status !== 200) return undefined
  return grantedBy(stringAt(answer.json(), 'access_token'))['repository:team/app']
}

let passwords: readonly unknown[] = []

test('the management SDK makes a scope map, a scoped token and its passwords, which sign in', async () => {
  const made = await sdk('create')
  assert.partialDeepStrictEqual(at(made, 'map'), {
    id: `${registryId(server)}/scopeMaps/builders`,
    type: 'Microsoft.ContainerRegistry/registries/scopeMaps',
  })
  assert.equal(stringAt(made, 'token', 'name'), 'nightly')
  assert.equal(stringAt(made, 'credentials', 'username'), 'nightly')
  passwords = listAt(made, 'credentials', 'passwords')
  assert.deepEqual(
    passwords.map((password) => [at(password, 'name'), at(password, 'expiry')]),
    ['password1', 'password2'].map((name) => [name, '2100-12-31T12:59:59.000Z']),
  )
  for (const password of passwords) {
    assert.deepEqual(await granted('nightly', stringAt(password, 'value')), ['pull', 'push'])
  }
  assert.ok(!JSON.stringify(at(made, 'shown')).includes(stringAt(passwords[0], 'value')))
})

test('the management SDK lists scope maps, tokens and how many there may be', async () => {
  const listed = await sdk('list')
  assert.equal(listAt(listed, 'maps').length, 6)
  assert.deepEqual(listAt(listed, 'tokens'), ['nightly'])
  const counts = listAt(listed, 'usages').map((usage) => [at(usage, 'name'), at(usage, 'currentValue')])
  assert.deepEqual(
    counts.filter(([name]) => name === 'ScopeMaps' || name === 'Tokens'),
    [
      ['ScopeMaps', 1],
      ['Tokens', 1],
    ],
  )
})

test('the management SDK with only an endpoint requests a token for it, and is allowed', async () => {
  for (const endpoint of [server.baseUrl, `${server.baseUrl}/`]) {
    const listed = await sdk('list', { endpoint, scopes: undefined })
    assert.deepEqual(listAt(listed, 'tokens'), ['nightly'])
  }
})

test('the management SDK changes a scope map and a scoped token, and takes a password away', async () => {
  await sdk('change')
  const [first, second] = passwords.map((password) => stringAt(password, 'value'))
  assert.equal(await granted('nightly', first ?? ''), undefined)
  assert.deepEqual(await granted('nightly', second ?? ''), ['pull'])
})

test('the management SDK deletes both, and reports why a deletion is denied', async () => {
  const removed = await sdk('remove')
  assert.equal(stringAt(removed, 'inUse', 'code'), 'ScopeMapInUse')
  assert.equal(at(removed, 'gone', 'statusCode'), 404)
})

test('the management SDK makes a registry, changes its network rules and policies, and renews a password', async () => {
  const made = await sdk('makeRegistry')
  assert.equal(at(made, 'before', 'nameAvailable'), true)
  assert.partialDeepStrictEqual(at(made, 'after'), { nameAvailable: false, reason: 'AlreadyExists' })
  assert.partialDeepStrictEqual(at(made, 'made'), {
    name: 'sdkregistry',
    provisioningState: 'Succeeded',
    adminUserEnabled: true,
  })
  assert.partialDeepStrictEqual(at(made, 'updated'), {
    tags: { made: 'by the SDK' },
    networkRuleSet: { defaultAction: 'Deny', ipRules: [{ action: 'Allow', iPAddressOrRange: '203.0.113.0/24' }] },
    policies: { retentionPolicy: { status: 'enabled', days: 30 }, exportPolicy: { status: 'enabled' } },
  })
  assert.deepEqual(new Set(listAt(made, 'names')), new Set([registry, 'sdkregistry']))
  assert.deepEqual(new Set(listAt(made, 'inGroup')), new Set([registry, 'sdkregistry']))
  const value = (of: string, index: number) => stringAt(made, of, 'passwords', index, 'value')
  assert.equal(value('renewed', 0), value('shown', 0))
  assert.notEqual(value('renewed', 1), value('shown', 1))
})

test('the management SDK imports an image, waits for it, and reports why an import is denied', async () => {
  await pushImage(server, 'team/app', 'v1', basic(servicePrincipal.appId, servicePrincipal.password))
  const imported = await sdk('importImage')
  assert.equal(stringAt(imported, 'again', 'code'), 'Conflict')
  const usage = (name: string) => listAt(imported, 'usages').find((row) => at(row, 'name') === name)
  assert.ok(Number(at(usage('Size'), 'currentValue')) > 0)
  assert.equal(at(usage('IPRules'), 'currentValue'), 1)
})

test('the management SDK deletes a registry', async () => {
  assert.deepEqual(await sdk('removeRegistry'), [registry])
})
