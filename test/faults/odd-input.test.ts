import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  arm,
  armToken,
  createServicePrincipal,
  enableAdmin,
  expectStatus,
  registryId,
  resourceGroupId,
} from '../harness/arm.ts'
import { accessToken, basic, exchange, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { oddRequest, type Ground, type OddRoute } from './odd-request.ts'
import { repeatWith, seeded, type Seeded } from './seeded.ts'
import { openWire, type WireRequest } from './wire.ts'

const server = await startServer({ args: ['--log-level', 'error'] })
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server, 8)
after(() => wire.close())

const { loginServer, registry, servicePrincipal, subscriptionId, tenantId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const image = await pushImage(server, 'team/app', '1', owner)
await pushImage(server, 'team/signed', { tag: 'signed', subject: image }, owner)
const layer = image.layers[0]?.digest ?? ''
const admin = await enableAdmin(server)
const plain = await createServicePrincipal(server, 'plain')
const identity = await armToken(server)
const refresh = await exchange(server, identity)
const everything = 'repository:team/app:pull,push,delete,metadata_read,metadata_write'
const access = await accessToken(server, { refreshToken: refresh }, [everything, 'registry:catalog:*'])
const forGraph = await armToken(server, servicePrincipal, `${server.baseUrl}/graph//.default`)

const ground: Ground = {
  server,
  keyTo: (target) => {
    if (target.startsWith('/graph')) return `Bearer ${forGraph}`
    return /^\/(?:v2|acr|oauth2)\b/.test(target) ? owner : `Bearer ${identity}`
  },
  otherKeys: [
    undefined,
    '',
    'Bearer x',
    'Basic eA==',
    basic(registry, admin.password),
    `Bearer ${access}`,
    `Bearer ${refresh}`,
    `Bearer ${identity}`,
    `Bearer ${forGraph}`,
  ],
  likely: [
    'refresh_token',
    'password',
    'access_token',
    'client_credentials',
    'access_token_refresh_token',
    'https://containerregistry.azure.net/.default',
    'registry:catalog:*',
    'team/app',
    everything,
    loginServer,
    servicePrincipal.appId,
    servicePrincipal.password,
    refresh,
    access,
    identity,
    tenantId,
    image.digest,
    layer,
  ],
  manifest: { bytes: image.manifest, mediaType: image.mediaType },
}

/** Uploads that are open, until a request ends them. */
const uploads: OddRoute[] = []
for (let count = 0; count < 8; count++) {
  const begun = await wire.send({ method: 'POST', target: '/v2/team/app/blobs/uploads/', authorization: owner })
  uploads.push(['GET PATCH PATCH PATCH PATCH PUT DELETE', begun.headers.location?.replace(/\?.*$/, '') ?? ''])
}

const guid = '3b9fdb7b-d30c-4d8a-8f9a-1f2e3d4c5b6a'
const subscription = `/subscriptions/${subscriptionId}`
const group = resourceGroupId(server)
const id = registryId(server)
const registries = 'providers/Microsoft.ContainerRegistry/registries'
const authorization = 'providers/Microsoft.Authorization'
const manifestProperties = `/acr/v1/team%2Fapp/_manifests/${encodeURIComponent(image.digest)}`

/** How many are sent to each surface; together they take a quarter of a minute. */
// prettier-ignore
const surfaces: Record<string, { count: number; routes: readonly OddRoute[] }> = {
  'the data plane': { count: 4500, routes: [ ...uploads,
    ['GET HEAD', '/v2/'], ['GET', '/v2/_catalog'], ['GET', '/v2/team/app/tags/list'], ['GET', `/v2/team/app/referrers/${image.digest}`],
    ['GET HEAD PUT PUT PUT', '/v2/team/app/manifests/1'], ['GET HEAD PUT PUT', `/v2/team/app/manifests/${image.digest}`], ['PUT DELETE', '/v2/team/app/manifests/2'],
    ['GET HEAD DELETE', `/v2/team/app/blobs/${layer}`], ['POST', '/v2/team/app/blobs/uploads/'], ['GET PATCH PUT DELETE', `/v2/team/app/blobs/uploads/${guid}`],
    ['GET', '/v2/team/signed/manifests/signed'], ['GET PUT', '/v2/odd/manifests/y'], ['GET', '/acr/v1/_catalog'], ['GET PATCH', '/acr/v1/team%2Fapp'], ['GET PATCH DELETE', '/acr/v1/odd'],
    ['GET', '/acr/v1/team%2Fapp/_tags'], ['GET PATCH', '/acr/v1/team%2Fapp/_tags/1'], ['GET', '/acr/v1/team%2Fapp/_manifests'], ['GET PATCH', manifestProperties],
    ['GET', '/acr/v1/_deleted/_catalog'], ['GET', '/acr/v1/_deleted/team%2Fapp/_tags'], ['GET', '/acr/v1/_deleted/team%2Fapp/_manifests'],
    ['POST', '/acr/v1/_deleted/team%2Fapp/_manifests/sha256%3Ax'], ['GET POST POST', '/oauth2/token'], ['POST', '/oauth2/exchange'], ['GET', '/oauth2/keys'],
  ] },
  'the management surface': { count: 2500, routes: [
    ['GET', '/subscriptions'], ['GET', '/tenants'], ['GET', '/metadata/endpoints'], ['GET', subscription], ['GET', `${subscription}/resources`], ['GET', `${subscription}/resourcegroups`],
    ['GET HEAD PUT PATCH DELETE', `${subscription}/resourceGroups/odd`], ['GET', `${subscription}/locations`], ['GET', `${subscription}/providers`], ['GET HEAD PATCH', group],
    ['GET PUT PATCH PATCH', id], ['POST', `${id}/listCredentials`], ['POST', `${id}/regenerateCredential`], ['GET', `${id}/listUsages`], ['GET', `${group}/${registries}`],
    ['GET PUT PUT PATCH DELETE', `${group}/${registries}/oddone`], ['GET', `${subscription}/${registries}`], ['POST', `${subscription}/providers/Microsoft.ContainerRegistry/checkNameAvailability`],
    ['GET', `${id}/${authorization}/roleAssignments`], ['GET PUT PUT DELETE', `${id}/${authorization}/roleAssignments/${guid}`], ['GET', `${subscription}/${authorization}/roleAssignments`],
    ['GET', `${id}/${authorization}/roleDefinitions`], ['GET', `${subscription}/${authorization}/roleDefinitions/${guid}`], ['GET', '/healthz'], ['GET', '/readyz'], ['GET', '/portal/'], ['GET', '/'],
  ] },
  'the identity provider': { count: 1000, routes: [
    ['POST', `/${tenantId}/oauth2/v2.0/token`], ['POST', `/${tenantId}/oauth2/token`], ['GET', `/${tenantId}/v2.0/.well-known/openid-configuration`],
    ['GET', `/${tenantId}/.well-known/openid-configuration`], ['GET', `/${tenantId}/discovery/v2.0/keys`], ['GET', '/common/v2.0/.well-known/openid-configuration'],
    ['POST', '/organizations/oauth2/v2.0/token'], ['GET', '/common/discovery/instance'], ['GET', '/common/userrealm/x@example.com'], ['GET POST', '/devicelogin'],
  ] },
  'the directory': { count: 1500, routes: [
    ['GET POST', '/graph/v1.0/applications'], ['GET PATCH', `/graph/v1.0/applications/${plain.applicationObjectId}`], ['POST', `/graph/v1.0/applications/${plain.applicationObjectId}/addPassword`],
    ['POST', `/graph/v1.0/applications/${plain.applicationObjectId}/removePassword`], ['GET POST', '/graph/v1.0/servicePrincipals'], ['GET PATCH', `/graph/v1.0/servicePrincipals/${plain.objectId}`],
    ['POST', `/graph/v1.0/servicePrincipals/${plain.objectId}/addPassword`], ['GET DELETE', `/graph/v1.0/applications/${guid}`], ['GET', '/graph/v1.0/users'], ['GET', `/graph/v1.0/users/${guid}`],
    ['GET', '/graph/v1.0/me'], ['GET', '/graph/v1.0/me/ownedObjects'], ['POST', '/graph/v1.0/directoryObjects/getByIds'],
  ] },
}

/** Whether a request takes away what the others stand on: the group, or the registry. */
function deletesGround({ method, target }: WireRequest): boolean {
  const path = target.replace(/\?.*$/s, '').toLowerCase().replaceAll(/\/+/g, '/').replace(/\/$/, '')
  return method === 'DELETE' && [group, id, subscription].some((one) => one.toLowerCase() === path)
}

/** Sends them all, eight at a time, and returns those that were answered with a 5xx. */
async function sendAll(requests: WireRequest[], seen: Map<number, number>, random: Seeded): Promise<string[]> {
  const failures: string[] = []
  const lane = async (): Promise<void> => {
    for (let request = requests.pop(); request !== undefined; request = requests.pop()) {
      const shown = JSON.stringify(request).slice(0, 1500)
      const { status } = await wire.send(request).catch((cause: unknown) => {
        throw new Error(`no answer to ${shown}; ${repeatWith(random)}`, { cause })
      })
      seen.set(status, (seen.get(status) ?? 0) + 1)
      if (status >= 500) failures.push(`${status} to ${shown}`)
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
  return failures
}

for (const [surface, { count, routes }] of Object.entries(surfaces)) {
  test(`fault 53: nothing that ${surface} is sent is answered with a 5xx`, async (t) => {
    const random = seeded()
    t.diagnostic(repeatWith(random))
    const seen = new Map<number, number>()
    const all = Array.from({ length: count }, () => oddRequest(random, ground, routes))
    const requests = all.filter((request) => !deletesGround(request))
    const failures = await sendAll(requests, seen, random)
    t.diagnostic(`answered: ${JSON.stringify(Object.fromEntries([...seen].sort(([a], [b]) => a - b)))}`)
    assert.deepEqual(failures.slice(0, 5), [], `${failures.length} failures; ${repeatWith(random)}`)
    assert.ok((seen.get(200) ?? 0) > count / 50, 'next to nothing succeeded')
  })
}

test('fault 53: afterwards the same process still works and has logged no failure', async () => {
  assert.doesNotThrow(() => process.kill(server.pid, 0))
  const lines = server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
  assert.deepEqual(lines.slice(0, 3), [])
  assert.equal((await wire.send({ target: '/readyz' })).status, 200)
  expectStatus(await arm(server, 'GET', id), 200)
  await pushImage(server, 'afterwards', '1', owner)
})
