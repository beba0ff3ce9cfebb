import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { arm, createRegistry, expectStatus } from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { basic, digestOf, onRegistry, pushBlob, pushImage, putManifest } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { fileOfBlob, filesOfBlob, flipBit } from '../harness/stored-blobs.ts'
import { until } from '../harness/until.ts'
import { openSocket, openWire } from './wire.ts'

const server = await startServer({
  args: ['--integrity-verify-after-seconds', '0', '--integrity-scrub-interval-seconds', '0'],
})
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())
const { servicePrincipal } = server.firstRun
const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
const second = await createRegistry(server, 'second')

async function get(repository: string, digest: string, method = 'GET', host?: string): Promise<HttpResponse> {
  const target = `/v2/${repository}/blobs/${digest}`
  return wire.send({ method, target, authorization, ...(host !== undefined && { host }) })
}

async function assertServed(repository: string, bytes: Buffer, host?: string): Promise<void> {
  const answer = await get(repository, digestOf(bytes), 'GET', host)
  assert.equal(answer.status, 200, answer.text().slice(0, 200))
  assert.equal(Buffer.compare(answer.body, bytes), 0)
}

async function begin(repository: string): Promise<string> {
  const begun = await wire.send({ method: 'POST', target: `/v2/${repository}/blobs/uploads/`, authorization })
  assert.equal(begun.status, 202, begun.text())
  return begun.headers.location ?? ''
}

/** The ways in which a client pushes a blob that it has. */
const pushes: Readonly<Record<string, (repository: string, bytes: Buffer) => Promise<HttpResponse>>> = {
  'one POST': (repository, body) =>
    wire.send({
      method: 'POST',
      target: `/v2/${repository}/blobs/uploads/?digest=${digestOf(body)}`,
      authorization,
      body,
    }),
  'POST and PUT': async (repository, body) => {
    const target = `${await begin(repository)}&digest=${digestOf(body)}`
    return wire.send({ method: 'PUT', target, authorization, body })
  },
  chunks: async (repository, bytes) => {
    const location = await begin(repository)
    await wire.send({ method: 'PATCH', target: location, authorization, body: bytes.subarray(0, 1000) })
    await wire.send({ method: 'PATCH', target: location, authorization, body: bytes.subarray(1000) })
    return wire.send({ method: 'PUT', target: `${location}&digest=${digestOf(bytes)}`, authorization })
  },
}

const damages: Readonly<Record<string, (file: string) => void>> = {
  'a flipped bit': flipBit,
  'a truncated file': (file) => truncateSync(file, 500),
  'a longer file': (file) => truncateSync(file, 5000),
  'a missing file': (file) => rmSync(file),
}

async function eventsOf(action: string): Promise<readonly unknown[]> {
  const log = `/subscriptions/${server.firstRun.subscriptionId}/providers/Acrux.Server/auditEvents`
  const query = new URLSearchParams({ 'api-version': '2024-11-01', $filter: `action eq '${action}'`, $top: '1000' })
  return listAt(expectStatus(await arm(server, 'GET', `${log}?${query.toString()}`), 200).json(), 'value')
}

for (const [damage, inflict] of Object.entries(damages)) {
  for (const [way, push] of Object.entries(pushes)) {
    test(`a push by ${way} heals ${damage} for every repository and registry that has the blob`, async () => {
      const bytes = randomBytes(3000)
      const digest = digestOf(bytes)
      for (const repository of ['heal/one', 'heal/two']) await pushBlob(server, repository, bytes, authorization)
      await pushBlob(onRegistry(server, second), 'heal/three', bytes, authorization)
      const [file = ''] = filesOfBlob(server.dataDir, digest)
      inflict(file)
      const pushed = await push('heal/one', bytes)
      assert.equal(pushed.status, 201, pushed.text())
      for (const repository of ['heal/one', 'heal/two']) await assertServed(repository, bytes)
      await assertServed('heal/three', bytes, second.loginServer)
      assert.notEqual(fileOfBlob(server.dataDir, digest), file, 'the corrupt file is replaced by another')
      const healed = (await eventsOf('blob.repair')).filter((event) => stringAt(event, 'target').endsWith(digest))
      assert.equal(healed.length, 1)
    })
  }
}

for (const [damage, inflict] of Object.entries(damages)) {
  test(`a mount does not claim that a blob with ${damage} is there, and HEAD does not from then on`, async () => {
    const bytes = randomBytes(3000)
    const digest = digestOf(bytes)
    await pushBlob(server, 'mount/from', bytes, authorization)
    inflict(fileOfBlob(server.dataDir, digest))
    for (const from of ['&from=mount/from', '']) {
      const target = `/v2/mount/to/blobs/uploads/?mount=${digest}${from}`
      const mounted = await wire.send({ method: 'POST', target, authorization })
      assert.equal(mounted.status, 202, mounted.text())
    }
    for (const method of ['HEAD', 'GET']) assert.equal((await get('mount/from', digest, method)).status, 404)
    const found = (await eventsOf('blob.quarantine')).filter((event) => stringAt(event, 'target') === digest)
    assert.equal(found.length, 1)
    await until('a line in the log', () => new RegExp(`${digest}.*quarantined`).test(server.output()))
    await pushBlob(server, 'mount/to', bytes, authorization)
    for (const repository of ['mount/from', 'mount/to']) await assertServed(repository, bytes)
  })
}

test('an import does not take over a corrupt blob', async () => {
  const layer = randomBytes(3000)
  const image = await pushImage(server, 'import/from', { tag: '1', layers: [layer] }, authorization)
  const { registry, subscriptionId, resourceGroup } = server.firstRun
  const id = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.ContainerRegistry/registries/${registry}`
  flipBit(fileOfBlob(server.dataDir, digestOf(layer)))
  const source = { resourceId: id, sourceImage: 'import/from:1' }
  const begun = await arm(server, 'POST', `${id}/importImage`, {
    source,
    targetTags: ['import/to:1'],
    mode: 'NoForce',
  })
  assert.equal(begun.status, 202, begun.text())
  const location = begun.headers.location ?? ''
  let ended = begun
  await until('the end of the import', async () => {
    ended = await arm(server, 'GET', location)
    return ended.status !== 202
  })
  assert.ok(ended.status >= 400, ended.text())
  assert.equal((await get('import/to', digestOf(layer), 'HEAD')).status, 404)
  assert.equal((await get('import/from', digestOf(layer), 'HEAD')).status, 404)
  const target = `/v2/import/from/manifests/${image.digest}`
  assert.equal((await wire.send({ target, authorization })).status, 200)
})

test('a manifest that names a blob in quarantine is rejected until the blob is pushed again', async () => {
  const layer = randomBytes(3000)
  const image = await pushImage(server, 'named/app', { tag: '1', layers: [layer] }, authorization)
  truncateSync(fileOfBlob(server.dataDir, digestOf(layer)), 10)
  assert.equal((await get('named/app', digestOf(layer), 'HEAD')).status, 404)
  const sent = { mediaType: image.mediaType, bytes: image.manifest }
  const denied = await putManifest(server, 'named/app', { reference: '2', ...sent }, authorization)
  assert.equal(denied.status, 400, denied.text())
  assert.equal(stringAt(denied.json(), 'errors', 0, 'code'), 'MANIFEST_BLOB_UNKNOWN')
  await pushBlob(server, 'named/app', layer, authorization)
  assert.equal((await putManifest(server, 'named/app', { reference: '2', ...sent }, authorization)).status, 201)
})

test('a manifest whose config is corrupt is rejected, and the config is unknown from then on', async () => {
  const image = await pushImage(server, 'named/config', '1', authorization)
  flipBit(fileOfBlob(server.dataDir, image.config.digest))
  const sent = { mediaType: image.mediaType, bytes: image.manifest }
  const denied = await putManifest(server, 'named/config', { reference: '2', ...sent }, authorization)
  assert.equal(stringAt(denied.json(), 'errors', 0, 'code'), 'MANIFEST_BLOB_UNKNOWN')
  assert.equal((await get('named/config', image.config.digest, 'HEAD')).status, 404)
})

for (const damage of ['a truncated file', 'a longer file', 'a missing file'] as const) {
  test(`${damage} is answered with 500 before the first byte, logged and audited`, async () => {
    const bytes = randomBytes(3000)
    const digest = digestOf(bytes)
    await pushBlob(server, 'size/app', bytes, authorization)
    damages[damage]?.(fileOfBlob(server.dataDir, digest))
    for (const headers of [[], [['range', 'bytes=0-9']], [['range', 'bytes=2990-']]] as const) {
      const answer = await wire.send({ target: `/v2/size/app/blobs/${digest}`, authorization, headers })
      assert.equal(answer.status, 500, answer.text().slice(0, 200))
      assert.equal(stringAt(answer.json(), 'errors', 0, 'code'), 'UNKNOWN')
    }
    await until('a line in the log', () => server.output().includes(`the stored content of ${digest} is corrupt`))
    const events = (await eventsOf('content.corrupt')).filter((event) => stringAt(event, 'target') === digest)
    assert.equal(events.length, 1, 'one event for all reads of the same content')
    assert.equal((await get('size/app', digest, 'HEAD')).status, 404)
    assert.equal(stringAt((await get('size/app', digest)).json(), 'errors', 0, 'code'), 'BLOB_UNKNOWN')
  })
}

/** Changes a file at a time that no clock takes for that of its push. */
function change(file: string, bytes: Buffer): void {
  writeFileSync(file, bytes)
  utimesSync(file, Date.now() / 1000 + 1, Date.now() / 1000 + 1)
}

test('a file that was changed after it was verified is read before it is served or claimed', async () => {
  for (const method of ['GET', 'HEAD']) {
    const bytes = randomBytes(3000)
    const digest = digestOf(bytes)
    await pushBlob(server, 'changed/app', bytes, authorization)
    change(fileOfBlob(server.dataDir, digest), randomBytes(3000))
    assert.equal((await get('changed/app', digest, method)).status, 404)
    await pushBlob(server, 'changed/app', bytes, authorization)
    change(fileOfBlob(server.dataDir, digest), bytes)
    assert.equal((await get('changed/app', digest, method)).status, 200)
  }
})

test('a blob that gets shorter while it is read ends the connection and is logged', async () => {
  const bytes = randomBytes(64 * 1024 * 1024)
  const digest = digestOf(bytes)
  await pushBlob(server, 'cut/app', bytes, authorization)
  const logged = server.output().length
  const socket = await openSocket(server)
  after(() => socket.destroy())
  const host = server.firstRun.loginServer
  socket.write(`GET /v2/cut/app/blobs/${digest} HTTP/1.1\r\nhost: ${host}\r\nauthorization: ${authorization}\r\n\r\n`)
  await once(socket, 'readable')
  truncateSync(fileOfBlob(server.dataDir, digest), 1000)
  let received = 0
  socket.on('data', (piece: Buffer) => (received += piece.length))
  socket.on('error', () => undefined)
  await once(socket, 'close')
  assert.ok(received < bytes.length, `${received} bytes came`)
  await until('a line in the log', () => /a blob is shorter than expected/.test(server.output().slice(logged)))
})

test('a manifest whose stored bytes have not its digest is rejected and healed by a push', async () => {
  const image = await pushImage(server, 'rows/app', '1', authorization)
  await server.stop()
  const database = new DatabaseSync(join(server.dataDir, 'acrux.db'))
  const flipped = Buffer.from(image.manifest)
  flipped[20] = (flipped[20] ?? 0) ^ 1
  database.prepare('update manifest set content = ? where digest = ?').run(flipped, image.digest)
  database.close()
  await server.restart()
  for (const reference of ['1', image.digest]) {
    const answer = await wire.send({ target: `/v2/rows/app/manifests/${reference}`, authorization })
    assert.equal(answer.status, 500, answer.text())
  }
  await until('a line in the log', () => server.output().includes(`the stored content of ${image.digest} is corrupt`))
  // Clients that find it by HEAD would not push it.
  for (const method of ['HEAD', 'GET']) {
    const answer = await wire.send({ method, target: '/v2/rows/app/manifests/1', authorization })
    assert.equal(answer.status, 404, method)
  }
  const sent = { mediaType: image.mediaType, bytes: image.manifest }
  assert.equal((await putManifest(server, 'rows/app', { reference: '1', ...sent }, authorization)).status, 201)
  const healed = await wire.send({ target: `/v2/rows/app/manifests/1`, authorization })
  assert.equal(healed.status, 200)
  assert.equal(digestOf(healed.body), image.digest)
})
