import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { createRegistry, createServicePrincipal, resourceGroupId } from '../harness/arm.ts'
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

const { servicePrincipal: first, subscriptionId } = server.firstRun
const registry = await createRegistry(server, 'contoso')
const where = { loginServer: registry.loginServer }
await pushImage(onRegistry(server, where), 'team/app', '1', basic(first.appId, first.password))
const principal = await createServicePrincipal(server, 'ci')
const credential = { username: principal.appId, password: principal.password }
const subscription = `/subscriptions/${subscriptionId}`
const actions = 'Microsoft.ContainerRegistry/registries'

const granted = async (): Promise<string[]> =>
  Object.values(
    grantedBy(await accessToken(server, credential, ['repository:team/app:pull,push,delete'], where)),
  ).flat()

let role: unknown

step('az makes a custom role of a file, in the spelling of Azure’s documents', ['az'], async () => {
  await signIn(az, server)
  const file = join(az.home.env.HOME ?? '', 'role.json')
  const definition = {
    Name: 'Image Mover',
    IsCustom: true,
    Description: 'Pulls and pushes.',
    Actions: [`${actions}/pull/*`, `${actions}/push/write`],
    NotActions: [],
    AssignableScopes: [subscription],
  }
  writeFileSync(file, JSON.stringify(definition))
  role = await az.json('role', 'definition', 'create', '--role-definition', file)
  assert.partialDeepStrictEqual(role, {
    roleName: 'Image Mover',
    roleType: 'CustomRole',
    assignableScopes: [subscription],
  })
  await az.fails(1, /RoleDefinitionWithSameNameExists/, 'role', 'definition', 'create', '--role-definition', file)
})

step('az lists the custom role, and gives it by its name', ['az'], async () => {
  const custom = await az.json('role', 'definition', 'list', '--custom-role-only')
  assert.partialDeepStrictEqual(custom, [{ roleName: 'Image Mover', description: 'Pulls and pushes.' }])
  const given = ['role', 'assignment', 'create', '--assignee', principal.appId, '--role', 'image mover']
  await az.json(...given, '--scope', registry.id)
  const listed = await az.json('role', 'assignment', 'list', '--assignee', principal.appId, '--scope', registry.id)
  assert.partialDeepStrictEqual(listed, [{ roleDefinitionName: 'Image Mover' }])
  assert.deepEqual((await granted()).toSorted(), ['pull', 'push'])
})

step('az changes the role, and what it took away is gone at the next request', ['az'], async () => {
  const before = await accessToken(server, credential, ['repository:team/app:pull'], where)
  const path = '/v2/team/app/manifests/1'
  assert.equal((await get(server, path, `Bearer ${before}`, where)).status, 200)
  const permissions = [{ actions: [`${actions}/artifacts/*`], notActions: [], dataActions: [], notDataActions: [] }]
  const changed = JSON.stringify({ ...(role as object), permissions })
  const answer = await az.json('role', 'definition', 'update', '--role-definition', changed)
  assert.equal(stringAt(answer, 'name'), stringAt(role, 'name'))
  assert.equal((await get(server, path, `Bearer ${before}`, where)).status, 401)
  assert.deepEqual(await granted(), ['delete'])
})

step('az deletes the role once no assignment uses it', ['az'], async () => {
  const remove = ['role', 'definition', 'delete', '--name', 'Image Mover']
  await az.fails(1, /RoleDefinitionHasAssignments/, ...remove)
  const taken = ['role', 'assignment', 'delete', '--assignee', principal.appId, '--role', 'Image Mover']
  await az.text(...taken, '--scope', registry.id)
  await az.text(...remove)
  assert.deepEqual(await az.json('role', 'definition', 'list', '--custom-role-only'), [])
})

step('az makes a role that can be given in one group alone', ['az'], async () => {
  const definition = { Name: 'Group role', Actions: ['*/read'], AssignableScopes: [resourceGroupId(server)] }
  await az.json('role', 'definition', 'create', '--role-definition', JSON.stringify(definition))
  const create = ['role', 'assignment', 'create', '--assignee', principal.appId, '--role', 'Group role', '--scope']
  await az.fails(1, /Role 'Group role' doesn't exist/, ...create, subscription)
  await az.json(...create, registry.id)
})
