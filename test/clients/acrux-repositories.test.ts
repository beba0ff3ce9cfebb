import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { arm, createServicePrincipal, expectStatus, registryId } from '../harness/arm.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { acruxClient, principalLogin } from './acrux/acrux.ts'

const server = await startServer()
const acrux = acruxClient(server.caFile)
after(async () => {
  acrux[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { registry, servicePrincipal, subscriptionId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
for (const repository of ['other', 'team/api', 'team/app']) await pushImage(server, repository, '1', owner)
await pushImage(server, 'team/app', '2', owner)
await acrux.text(principalLogin(server), { input: servicePrincipal.password })

test('acrux acr repository list -o table shows a limited caller the repositories that it may pull, with their columns', async () => {
  const mode = { properties: { roleAssignmentMode: 'AbacRepositoryPermissions' } }
  expectStatus(await arm(server, 'PATCH', registryId(server), mode), 200)
  const { appId, password, objectId } = await createServicePrincipal(server, 'limited')
  const id = `${registryId(server)}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
  const roleDefinitionId = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/b93aa761-3e63-49ed-ac28-beffa264f7ac`
  const condition = "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWith 'team/'"
  expectStatus(
    await arm(server, 'PUT', id, { properties: { roleDefinitionId, principalId: objectId, condition } }),
    201,
  )
  const list = ['acr', 'repository', 'list', '-n', registry, '-u', appId, '-p', '-']
  const table = await acrux.text([...list, '-o', 'table'], { input: password })
  const [header = '', dashes = '', ...rows] = table.trimEnd().split('\n')
  assert.match(header, /^Name +Size +Tags +LastPush *$/)
  assert.match(dashes, /^-+ +-+ +-+ +-+ *$/)
  assert.equal(rows.length, 2)
  assert.match(rows[0] ?? '', /^team\/api +[\d.]+ (?:Ki)?B +1 +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ *$/)
  assert.match(rows[1] ?? '', /^team\/app +[\d.]+ (?:Ki)?B +2 +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ *$/)
  await assert.rejects(
    acrux.text(list, { input: password }),
    /authentication required/,
    'the JSON is the catalog, as for az',
  )
})
