import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterEach, describe, it } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { RegistryTables } from '../rows/rows.ts'
import {
  type Answer,
  digestOf,
  imageManifest,
  openTestRegistry,
  type TestRegistry,
} from '../../../testing/registry/test-registry.ts'
import { noQuotas, Quotas } from './quotas.ts'
import { StagedBytes } from './staged-bytes.ts'

for (const kind of testDatabaseKinds) describe(`quotas on ${kind}`, () => testQuotas(kind))

const rid = '1'.repeat(32)

function assertDenied(answer: Answer, limitBytes: number): void {
  assert.deepEqual([answer.status, answer.code], [403, 'DENIED'], answer.text)
  assert.match(answer.text, new RegExp(`limit is ${limitBytes} bytes, and \\d+ bytes are in use`))
}

function testQuotas(kind: DatabaseKind): void {
  let opened: TestRegistry
  const open = async (defaultQuotas: { registryBytes: number; repositoryBytes: number }) => {
    opened = await openTestRegistry(kind, { defaultQuotas })
    return opened
  }
  afterEach(() => opened.dispose())

  const usage = async () => (await opened.registry.usage(rid)).sizeBytes
  const setQuota = (name: string, limitBytes: number, repository?: string) =>
    opened.database.transaction((transaction) =>
      opened.registry.quotas.put(transaction, rid, { name, repository, limitBytes }),
    )
  const begin = async (repository: string) =>
    String((await opened.send('POST', `/v2/${repository}/blobs/uploads/`)).headers.location)

  it('a blob that exceeds a quota is denied before it is sent, and while it is sent', async () => {
    const { send, pushBlob } = await open({ registryBytes: 1_000_000, repositoryBytes: 0 })
    await pushBlob('app', randomBytes(600_000))
    const content = randomBytes(500_000)
    assertDenied(await send('POST', `/v2/app/blobs/uploads/?digest=${digestOf(content)}`, { body: content }), 1_000_000)
    if (kind === 'sqlite') {
      const location = await begin('other')
      const chunks = Array.from({ length: 10 }, () => randomBytes(100_000))
      assertDenied(await send('PATCH', location, { body: Readable.from(chunks) }), 1_000_000)
      assert.equal((await send('GET', location)).status, 404, 'the upload has ended with its bytes')
    }
    assert.equal(await usage(), 600_000)
    await pushBlob('app', randomBytes(400_000))
    assert.equal(await usage(), 1_000_000)
  })

  it('concurrent pushes never exceed a quota together, and those that fit are accepted', async () => {
    const { send } = await open({ registryBytes: 1_000_000, repositoryBytes: 0 })
    const answers = await Promise.all(
      Array.from({ length: 16 }, async (_, index) => {
        const content = randomBytes(150_000)
        const target = `/v2/app${index % 3}/blobs/uploads/?digest=${digestOf(content)}`
        return (await send('POST', target, { body: Readable.from([content.subarray(0, 9), content.subarray(9)]) }))
          .status
      }),
    )
    assert.deepEqual(new Set(answers), new Set([201, 403]))
    const taken = answers.filter((status) => status === 201).length
    assert.equal(await usage(), taken * 150_000)
    assert.ok(taken <= 6 && taken > 0, `${taken} were taken`)
  })

  it('open uploads count towards quotas until they are cancelled', async () => {
    const { send } = await open({ registryBytes: 1_000_000, repositoryBytes: 0 })
    const location = await begin('app')
    assert.equal((await send('PATCH', location, { body: randomBytes(700_000) })).status, 202)
    assert.equal(await usage(), 700_000)
    const content = randomBytes(400_000)
    const push = () => send('POST', `/v2/other/blobs/uploads/?digest=${digestOf(content)}`, { body: content })
    assertDenied(await push(), 1_000_000)
    assert.equal((await send('DELETE', location)).status, 204)
    assert.equal(await usage(), 0)
    assert.equal((await push()).status, 201)
  })

  it('a repository has a quota of its own, towards which mounts and manifests count', async () => {
    const { send, pushBlob, putManifest } = await open({ registryBytes: 0, repositoryBytes: 0 })
    const layer = randomBytes(3000).toString('base64')
    const config = '{}'
    await pushBlob('source', layer)
    await setQuota('small', 3500, 'app')
    const mount = () => send('POST', `/v2/app/blobs/uploads/?mount=${digestOf(layer)}&from=source`)
    assertDenied(await mount(), 3500)
    await setQuota('small', Buffer.byteLength(layer) + 100, 'app')
    assert.equal((await mount()).status, 201)
    await pushBlob('app', config)
    assertDenied(await putManifest('app', '1', imageManifest(config, [layer])), Buffer.byteLength(layer) + 100)
    await setQuota('small', 10_000, 'app')
    assert.equal((await putManifest('app', '1', imageManifest(config, [layer]))).status, 201)
    await setQuota('small', 1, 'app')
    assert.equal((await putManifest('app', '2', imageManifest(config, [layer]))).status, 201, 'a tag adds no bytes')
    await pushBlob('elsewhere', randomBytes(20_000))
  })

  it('a quota overrides the default, and is listed with its usage', async () => {
    const { pushBlob, registry, database } = await open({ registryBytes: 1000, repositoryBytes: 1000 })
    await assert.rejects(pushBlob('app', randomBytes(1500)), /403/)
    assert.equal(await setQuota('all', 5000), true)
    assert.equal(await setQuota('app', 4000, 'app'), true)
    assert.equal(await setQuota('app', 2000, 'app'), false)
    await pushBlob('app', randomBytes(1500))
    await assert.rejects(setQuota('again', 1, 'app'), /the quota 'app' already applies to the same content/)
    assert.deepEqual(await registry.quotas.list(rid), [
      { name: 'all', repository: undefined, limitBytes: 5000, usedBytes: 1500 },
      { name: 'app', repository: 'app', limitBytes: 2000, usedBytes: 1500 },
    ])
    assert.equal((await registry.usage(rid)).limitBytes, 5000)
    await database.transaction((transaction) => registry.quotas.delete(transaction, rid, 'all'))
    assert.equal((await registry.usage(rid)).limitBytes, 1000)
  })

  it('a read that fails while a body arrives is not an unhandled rejection', async () => {
    const { database } = await open(noQuotas)
    const quotas = new Quotas(database, new StagedBytes(), noQuotas, () => Promise.resolve())
    const place = { rid, repositoryId: 'r' }
    const limits = { registryBytes: 10, repositoryBytes: 10 }
    await database.transaction((transaction) =>
      transaction.tables<RegistryTables>().schema.dropView('registry_usage').execute(),
    )
    const read = () => quotas.requireRoomForPiece(10, place, limits)
    if (kind === 'sqlite') assert.throws(read, /registry_usage/)
    else read()
    await assert.rejects(quotas.requireRoomFor(10, place, limits), /registry_usage/)
  })
}
