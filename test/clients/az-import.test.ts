import assert from 'node:assert/strict'
import { after } from 'node:test'
import { enableAdmin, expectStatus, principalWithRole, roles } from '../harness/arm.ts'
import { listAt } from '../harness/json.ts'
import { basic, digestOf, get, pushImage, putManifest } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { azHome, signIn, step } from './az/az.ts'
import { secretFile } from '../harness/secret-file.ts'

// The other registry has an address for its name: az takes no name without a dot, and it is to be found without a resolver.
const other = await startServer({ publicHost: '127.0.0.1', registry: 'upstream' })
const server = await startServer({
  args: ['--outbound-allowed-networks', '127.0.0.1', '--outbound-ca-file', other.caFile],
})
const az = azHome(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
})

const { registry } = server.firstRun
const admin = await enableAdmin(server)
const owner = basic(admin.username, admin.password)
const puller = await principalWithRole(other, 'puller', roles.acrPull)
const otherAdmin = await enableAdmin(other)
const otherOwner = basic(otherAdmin.username, otherAdmin.password)
const image = await pushImage(
  other,
  'up/app',
  { tag: 'v1', layers: [Buffer.alloc(3_000_000, 'x'), Buffer.from('y')] },
  otherOwner,
)
const index = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ mediaType: image.mediaType, digest: image.digest, size: image.size }],
  }),
)
const indexType = { mediaType: 'application/vnd.oci.image.index.v1+json', bytes: index }
expectStatus(await putManifest(other, 'up/app', { reference: 'multi', ...indexType }, otherOwner), 201)

const from = (what: string, password = puller.password) => {
  const source = `${other.firstRun.loginServer}/${what}`
  return ['acr', 'import', '-n', registry, '--source', source, '-u', puller.appId, '--password', secretFile(password)]
}
const pull = async (path: string) => expectStatus(await get(server, path, owner), 200).body

step('az acr import brings an image from another registry, under its own tag or another', ['az'], async () => {
  await signIn(az, server)
  await az.text(...from('up/app:v1'))
  assert.deepEqual(await pull('/v2/up/app/manifests/v1'), image.manifest)
  for (const { digest } of image.layers) assert.equal(digestOf(await pull(`/v2/up/app/blobs/${digest}`)), digest)
  await az.text(...from('up/app:v1'), '-t', 'mine/app:one', '-t', 'mine/app:two')
  assert.deepEqual(await pull('/v2/mine/app/manifests/two'), image.manifest)
})

step('az acr import brings an index with its children, and an image by digest without a tag', ['az'], async () => {
  await az.text(...from('up/app:multi'), '-t', 'mine/multi:v1')
  assert.deepEqual(await pull('/v2/mine/multi/manifests/v1'), index)
  assert.deepEqual(await pull(`/v2/mine/multi/manifests/${image.digest}`), image.manifest)
  await az.text(...from(`up/app@${image.digest}`), '--repository', 'mine/untagged')
  assert.deepEqual(await pull(`/v2/mine/untagged/manifests/${image.digest}`), image.manifest)
  assert.deepEqual(listAt(JSON.parse((await pull('/v2/mine/untagged/tags/list')).toString()), 'tags'), [])
})

step('az acr import moves a tag that is there with --force alone', ['az'], async () => {
  const local = await pushImage(server, 'mine/taken', 'v1', owner)
  await az.fails(1, /already exists in target registry/, ...from('up/app:v1'), '-t', 'mine/taken:v1')
  assert.deepEqual(await pull('/v2/mine/taken/manifests/v1'), local.manifest)
  await az.text(...from('up/app:v1'), '-t', 'mine/taken:v1', '--force')
  assert.deepEqual(await pull('/v2/mine/taken/manifests/v1'), image.manifest)
})

step('az acr import says what was wrong with the source or its credentials', ['az'], async () => {
  await az.fails(1, /InvalidParameters.*(answered 401|does not let)/s, ...from('up/app:v1', 'wrong'), '-t', 'a:1')
  await az.fails(1, /InvalidParameters.*has no up\/app\/manifests\/nosuch/s, ...from('up/app:nosuch'), '-t', 'a:1')
  const inside = ['acr', 'import', '-n', registry, '--source', '169.254.169.254/a:1', '-t', 'a:1']
  await az.fails(1, /no address that the server may connect to/, ...inside)
})

step('az acr import copies within a registry, and from another of this server', ['az'], async () => {
  await az.text(
    'acr',
    'create',
    '-n',
    'secondregistry',
    '-g',
    server.firstRun.resourceGroup,
    '--sku',
    'Basic',
    '-l',
    'local',
  )
  await az.text('acr', 'import', '-n', registry, '-r', registry, '--source', 'up/app:v1', '-t', 'copied/app:v1')
  assert.deepEqual(await pull('/v2/copied/app/manifests/v1'), image.manifest)
  await az.text('acr', 'import', '-n', 'secondregistry', '-r', registry, '--source', 'mine/multi:v1')
  const second = { loginServer: `secondregistry.azurecr.localhost:${server.port}` }
  const { appId, password } = server.firstRun.servicePrincipal
  const copied = await get(server, '/v2/mine/multi/manifests/v1', basic(appId, password), second)
  assert.deepEqual(copied.body, index)
})

step('az acr import --no-wait comes back at once', ['az'], async () => {
  await az.text(...from('up/app:v1'), '-t', 'later/app:v1', '--no-wait')
  await until('the image is there', async () => {
    return (await get(server, '/v2/later/app/manifests/v1', owner)).status === 200
  })
  assert.deepEqual(await pull('/v2/later/app/manifests/v1'), image.manifest)
})
