import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import {
  arm,
  as,
  assignRole,
  createServicePrincipal,
  expectStatus,
  type NewServicePrincipal,
  principalWithRole,
  registryId,
  roles,
} from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { basic, get, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { servicePrincipal, subscriptionId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
await pushImage(server, 'base/app', '1', owner)

/** A principal that may import and see the registry, and nothing of its data but what `role` gives. */
async function importer(role: string): Promise<NewServicePrincipal> {
  const name = randomUUID()
  const permissions = [
    {
      actions: [
        'Microsoft.ContainerRegistry/registries/read',
        'Microsoft.ContainerRegistry/registries/importImage/action',
      ],
    },
  ]
  const scope = `/subscriptions/${subscriptionId}`
  const properties = { roleName: 'Importer', permissions, assignableScopes: [scope] }
  const definition = `${scope}/providers/Microsoft.Authorization/roleDefinitions/${name}`
  expectStatus(await arm(server, 'PUT', definition, { properties }), 201)
  const principal = await createServicePrincipal(server, 'importer')
  for (const id of [name, role]) await assignRole(server, principal.objectId, id, registryId(server))
  return principal
}

const importTo = (target: string, caller: NewServicePrincipal) =>
  arm(as(server, caller), 'POST', `${registryId(server)}/importImage`, {
    source: { resourceId: registryId(server), sourceImage: 'base/app:1' },
    targetTags: [target],
    mode: 'NoForce',
  })

const beginUpload = (repository: string, { appId, password }: NewServicePrincipal) =>
  request({
    method: 'POST',
    url: `${registryUrl(server)}/v2/${repository}/blobs/uploads/`,
    headers: { authorization: basic(appId, password) },
    caFile: server.caFile,
  })

async function repositories(): Promise<unknown> {
  return listAt((await get(server, '/v2/_catalog', owner)).json(), 'repositories')
}

test('fault 30: a repository is made by an import for who may import, by a push for who may push, and by nothing else', async () => {
  const pusher = await principalWithRole(server, 'pusher', roles.acrPush)
  const puller = await principalWithRole(server, 'puller', roles.acrPull)
  const bringing = await importer(roles.acrPull)
  for (const caller of [pusher, puller]) {
    const denied = await importTo('made/by-import:1', caller)
    assert.equal(denied.status, 403)
    assert.equal(stringAt(denied.json(), 'error', 'code'), 'AuthorizationFailed')
  }
  for (const caller of [puller, bringing]) assert.equal((await beginUpload('made/by-push', caller)).status, 401)
  assert.equal((await get(server, '/v2/made/by-pull/manifests/1', owner)).status, 404)
  assert.deepEqual(await repositories(), ['base/app'])

  const accepted = expectStatus(await importTo('made/by-import:1', bringing), 202)
  const { pathname, search } = new URL(accepted.headers.location ?? '')
  await until('the import ends', async () => (await arm(as(server, bringing), 'GET', pathname + search)).status === 200)
  await pushImage(server, 'made/by-push', '1', basic(pusher.appId, pusher.password))
  assert.deepEqual(await repositories(), ['base/app', 'made/by-import', 'made/by-push'])
})
