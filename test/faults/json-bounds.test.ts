import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { arm, expectStatus, registryId } from '../harness/arm.ts'
import { form, request } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { processorSeconds, slowness } from '../harness/processor-time.ts'
import { basic, get, pushImage, putManifest } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const { servicePrincipal, tenantId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const image = await pushImage(server, 'team/app', '1', owner)
const indexType = 'application/vnd.oci.image.index.v1+json'

function indexOf(count: number): Buffer {
  const platform = { architecture: 'amd64', os: 'linux' }
  const manifests = Array.from({ length: count }, (_, at) => ({
    mediaType: image.mediaType,
    digest: at === 0 ? image.digest : `sha256:${at.toString(16).padStart(64, '0')}`,
    size: image.size,
    platform,
  }))
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }))
}

const put = (reference: string, bytes: Buffer, mediaType = indexType) =>
  putManifest(server, 'team/app', { reference, mediaType, bytes }, owner)

test('an index names at most 2,000 manifests, and its properties show all of them', async () => {
  const pushed = expectStatus(await put('largest', indexOf(2000)), 201)
  const digest = String(pushed.headers['docker-content-digest'])
  for (let time = 0; time < 2; time += 1) {
    const shown = (await get(server, `/acr/v1/team/app/_manifests/${digest}`, owner)).json() as {
      manifest: { references: { digest: string; architecture: string; os: string }[] }
    }
    assert.equal(shown.manifest.references.length, 2000)
    assert.deepEqual(shown.manifest.references[0], { digest: image.digest, architecture: 'amd64', os: 'linux' })
  }
  const denied = expectStatus(await put('larger', indexOf(2001)), 400)
  assert.equal(stringAt(denied.json(), 'errors', 0, 'code'), 'MANIFEST_INVALID')
  assert.match(denied.text(), /more than 2000 entries/)
})

test('a manifest of hundreds of thousands of values is rejected for less than it takes to read it', async () => {
  const annotations = Array.from({ length: 400_000 }, (_, at) => `"${at.toString(36)}":1`).join(',')
  const hostile = Buffer.from(
    `{"schemaVersion":2,"mediaType":"${indexType}","manifests":[],"annotations":{${annotations}}}`,
  )
  assert.ok(hostile.length > 3_500_000 && hostile.length < 4 * 1024 * 1024, `${hostile.length} bytes`)
  await put('hostile', hostile)
  const before = processorSeconds(server.pid)
  for (let time = 0; time < 10; time += 1) {
    const denied = expectStatus(await put('hostile', hostile), 400)
    assert.match(denied.text(), /at most 20000 values/)
  }
  const each = (processorSeconds(server.pid) - before) / 10
  assert.ok(each < 0.1 * slowness(), `${each} s each`)
})

test('every other JSON body has a bound on its values, too', async () => {
  const tags = Object.fromEntries(Array.from({ length: 15_000 }, (_, at) => [`t${at}`, '']))
  const denied = await arm(server, 'PATCH', registryId(server), { tags })
  assert.equal(denied.status, 400, denied.text())
  const patch = await request({
    method: 'PATCH',
    url: `${server.baseUrl}/acr/v1/team/app`,
    headers: { authorization: owner, 'content-type': 'application/json' },
    body: JSON.stringify({ values: Array.from({ length: 15_000 }, () => 1) }),
    caFile: server.caFile,
  })
  assert.equal(patch.status, 400, patch.text())
})

test('a scope of a million letters is denied without being taken apart', async () => {
  const scope = 'a '.repeat(450_000)
  const fields = {
    grant_type: 'client_credentials',
    client_id: servicePrincipal.appId,
    client_secret: servicePrincipal.password,
  }
  const ask = () =>
    request({
      method: 'POST',
      url: `${server.baseUrl}/${tenantId}/oauth2/v2.0/token`,
      ...form({ ...fields, scope }),
      caFile: server.caFile,
    })
  expectStatus(await ask(), 400)
  const before = processorSeconds(server.pid)
  for (let time = 0; time < 10; time += 1) {
    const denied = expectStatus(await ask(), 400)
    assert.match(denied.text(), /invalid_scope/)
  }
  const each = (processorSeconds(server.pid) - before) / 10
  assert.ok(each < 0.06 * slowness(), `${each} s each`)
})
