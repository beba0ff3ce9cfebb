import assert from 'node:assert/strict'
import { after } from 'node:test'
import { resourceGroupId, roles } from '../harness/arm.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { machineId } from '../machines/machine.ts'
import { azHome, signIn, step } from './az/az.ts'

const server = await startServer()
const az = azHome(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { tenantId, resourceGroup } = server.firstRun
const group = ['-g', resourceGroup] as const
const id = `${resourceGroupId(server)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/deploy`

step('az identity create creates a user-assigned identity, and show and list return it', ['az'], async () => {
  await signIn(az, server)
  const made = await az.json('identity', 'create', '-n', 'deploy', ...group, '--tags', 'team=web')
  assert.partialDeepStrictEqual(made, {
    id,
    name: 'deploy',
    resourceGroup,
    tenantId,
    tags: { team: 'web' },
    type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
  })
  assert.deepEqual(await az.json('identity', 'show', '-n', 'deploy', ...group), made)
  assert.deepEqual(await az.json('identity', 'list'), [made])
  assert.deepEqual(await az.json('identity', 'list', ...group), [made])
  const shown = await az.json('resource', 'show', '--ids', id)
  assert.equal(stringAt(shown, 'properties', 'clientId'), stringAt(made, 'clientId'))
  const listed = await az.json(
    'resource',
    'list',
    '--resource-type',
    'Microsoft.ManagedIdentity/userAssignedIdentities',
  )
  assert.equal(stringAt(listed, 0, 'id'), id)
})

step('az ad sp show and list know the identity as a service principal of type ManagedIdentity', ['az'], async () => {
  const { clientId, principalId } = (await az.json('identity', 'show', '--ids', id)) as Record<string, string>
  for (const name of [clientId, principalId]) {
    const shown = await az.json('ad', 'sp', 'show', '--id', String(name))
    assert.partialDeepStrictEqual(shown, { id: principalId, appId: clientId, servicePrincipalType: 'ManagedIdentity' })
  }
  const listed = await az.json('ad', 'sp', 'list', '--display-name', 'deploy')
  assert.deepEqual(
    listAt(listed).map((one) => stringAt(one, 'id')),
    [principalId],
  )
  assert.deepEqual(await az.json('ad', 'app', 'list', '--display-name', 'deploy'), [])
  await az.fails(1, /managed identity has no credentials/i, 'ad', 'sp', 'credential', 'reset', '--id', String(clientId))
  await az.fails(1, /deleted with the resource/i, 'ad', 'sp', 'delete', '--id', String(clientId))
})

step('az role assignment gives the identity a role by its client id and its object id', ['az'], async () => {
  const { clientId, principalId } = (await az.json('identity', 'show', '--ids', id)) as Record<string, string>
  const scope = ['--scope', resourceGroupId(server)] as const
  const given = await az.json(
    'role',
    'assignment',
    'create',
    '--assignee',
    String(clientId),
    '--role',
    'AcrPull',
    ...scope,
  )
  assert.partialDeepStrictEqual(given, { principalId, principalType: 'ServicePrincipal' })
  const role = ['--role', 'Managed Identity Operator', '--scope', id] as const
  const assignee = [
    '--assignee-object-id',
    String(principalId),
    '--assignee-principal-type',
    'ServicePrincipal',
  ] as const
  await az.json('role', 'assignment', 'create', ...assignee, ...role)
  const listed = await az.json('role', 'assignment', 'list', '--scope', id, '--include-inherited')
  const names = listAt(listed)
    .filter((one) => stringAt(one, 'principalId') === principalId)
    .map((one) => stringAt(one, 'roleDefinitionName'))
  assert.deepEqual(
    names.toSorted((one, other) => one.localeCompare(other)),
    ['AcrPull', 'Managed Identity Operator'],
  )
  assert.ok(stringAt(given, 'roleDefinitionId').endsWith(roles.acrPull))
})

step('az identity federated-credential creates, lists, shows, changes and deletes', ['az'], async () => {
  const of = ['--identity-name', 'deploy', ...group] as const
  const name = ['--name', 'github', ...of] as const
  const issuer = 'https://token.actions.githubusercontent.com'
  const credential = (...args: readonly string[]) => az.json('identity', 'federated-credential', ...args)
  const subject = 'repo:octo/app:environment:production'
  const audience = 'api://AzureADTokenExchange'
  const whom = ['--issuer', issuer, '--audiences', audience, '--subject'] as const
  const made = await credential('create', ...name, ...whom, subject)
  assert.partialDeepStrictEqual(made, { name: 'github', issuer, subject, audiences: [audience] })
  assert.partialDeepStrictEqual(await credential('list', ...of), [{ name: 'github' }])
  assert.deepEqual(await credential('show', ...name), made)
  const changed = await credential(
    'update',
    ...name,
    '--issuer',
    issuer,
    '--subject',
    'repo:octo/b:ref:refs/heads/main',
  )
  assert.equal(stringAt(changed, 'subject'), 'repo:octo/b:ref:refs/heads/main')
  await az.text('identity', 'federated-credential', 'delete', ...name, '--yes')
  assert.deepEqual(await credential('list', ...of), [])
})

step('az rest makes a machine with the identity, and a code to enroll it', ['az'], async () => {
  const url = `${server.baseUrl}${machineId(server, 'build-1')}`
  const version = '?api-version=2024-07-10'
  const identity = { type: 'SystemAssigned,UserAssigned', userAssignedIdentities: { [id]: {} } }
  const body = JSON.stringify({ location: 'local', identity })
  const rest = ['rest', '--resource', 'https://management.core.windows.net/'] as const
  const made = await az.json(...rest, '--method', 'put', '--url', `${url}${version}`, '--body', body)
  assert.equal(stringAt(made, 'type'), 'Microsoft.HybridCompute/machines')
  const code = await az.json(...rest, '--method', 'post', '--url', `${url}/enrollmentCode${version}`)
  assert.match(stringAt(code, 'code'), /^[0-9A-Z-]{24}$/)
  const listed = await az.json('resource', 'list', '--resource-type', 'Microsoft.HybridCompute/machines')
  assert.equal(stringAt(listed, 0, 'name'), 'build-1')
})

step('az identity delete deletes it, and its role assignments and service principal with it', ['az'], async () => {
  const { principalId } = (await az.json('identity', 'show', '--ids', id)) as Record<string, string>
  await az.text('identity', 'delete', '-n', 'deploy', ...group)
  assert.deepEqual(await az.json('identity', 'list'), [])
  await az.fails(3, /not found/i, 'identity', 'show', '-n', 'deploy', ...group)
  const left = await az.json('role', 'assignment', 'list', '--all')
  assert.ok(!listAt(left).some((one) => stringAt(one, 'principalId') === principalId))
  await az.fails(3, /does not exist/i, 'ad', 'sp', 'show', '--id', String(principalId))
})
