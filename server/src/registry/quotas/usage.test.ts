import assert from 'node:assert/strict'
import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { after, before, describe, it, test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import { type DatabaseKind } from '../../platform/sql/database.ts'
import { migrate } from '../../platform/sql/migrations.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { BlobLocation } from '../../storage/index.ts'
import { linkBlob } from '../blobs/blob-store.ts'
import { registryMigrations } from '../migrations.ts'
import type { RegistryTables } from '../rows/rows.ts'
import {
  digestOf,
  imageManifest,
  openTestRegistry,
  type TestRegistry,
} from '../../../testing/registry/test-registry.ts'

for (const kind of testDatabaseKinds) {
  describe(`usage on ${kind}`, () => testUsage(kind))
  test(`the step to usage in parts keeps the bytes of each registry on ${kind}`, (t) => testStep(t, kind))
}

async function testStep(t: TestContext, kind: DatabaseKind): Promise<void> {
  const earlier = registryMigrations.filter(({ id }) => id < 'registry-0007')
  const { database, dispose } = await openTestDatabase(kind, earlier)
  t.after(dispose)
  const rid = 'a'.repeat(32)
  const usage = async () => {
    const tables = database.tables<RegistryTables>()
    return (await tables.selectFrom('registry_usage').selectAll().execute()).map(({ size_bytes }) => size_bytes)
  }
  await database.transaction((transaction) =>
    sql`insert into registry_usage (rid, size_bytes) values (${rid}, 1000)`.execute(transaction.tables()),
  )
  await migrate(database, registryMigrations, 0)
  assert.deepEqual(await usage(), [1000])
  const repository_id = randomUUID()
  await database.transaction(async (transaction) => {
    const tables = transaction.tables<RegistryTables>()
    await tables.insertInto('repository_usage').values({ repository_id, rid, size_bytes: 0 }).execute()
    await tables.insertInto('blob').values(blobRow).execute()
    await linkBlob(transaction, repository_id, blobRow.digest, { nowMs: 0, gracePeriodMs: 0 })
  })
  assert.deepEqual(await usage(), [1024])
}

const blobRow = {
  digest: digestOf(Buffer.from('blob')),
  location: 'somewhere' as BlobLocation,
  size_bytes: 24,
  created_at_ms: 0,
  verified_at_ms: null,
  quarantined_at_ms: null,
  quarantine_reason: null,
}

/** What the counters say, and what a count of everything says. */
async function bothCounts({ database }: TestRegistry) {
  const tables = database.tables<RegistryTables>()
  const [held, blobs, manifests, usages, registries] = await Promise.all([
    tables.selectFrom('repository_blob').select(['repository_id', 'digest']).execute(),
    tables.selectFrom('blob').select(['digest', 'size_bytes']).execute(),
    tables.selectFrom('manifest').select(['repository_id', 'size_bytes']).execute(),
    tables.selectFrom('repository_usage').selectAll().execute(),
    tables.selectFrom('registry_usage').selectAll().execute(),
  ])
  const sizes = new Map(blobs.map(({ digest, size_bytes }) => [digest, size_bytes]))
  const ridOf = new Map(usages.map(({ repository_id, rid }) => [repository_id, rid]))
  const byRepository = new Map<string, number>()
  const byRegistry = new Map<string, number>()
  const add = (sums: Map<string, number>, key: string, bytes: number) => sums.set(key, (sums.get(key) ?? 0) + bytes)
  const counted = new Set<string>()
  for (const { repository_id, digest } of held) {
    const rid = ridOf.get(repository_id) ?? 'none'
    add(byRepository, repository_id, sizes.get(digest) ?? 0)
    if (!counted.has(`${rid} ${digest}`)) add(byRegistry, rid, sizes.get(digest) ?? 0)
    counted.add(`${rid} ${digest}`)
  }
  for (const { repository_id, size_bytes } of manifests) {
    add(byRepository, repository_id, size_bytes)
    add(byRegistry, ridOf.get(repository_id) ?? 'none', size_bytes)
  }
  const nonZero = (sums: Iterable<readonly [string, number]>) =>
    Object.fromEntries([...sums].filter(([, bytes]) => bytes !== 0).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return {
    kept: {
      repositories: nonZero(usages.map(({ repository_id, size_bytes }) => [repository_id, size_bytes])),
      registries: nonZero(registries.map(({ rid, size_bytes }) => [rid, size_bytes])),
    },
    counted: { repositories: nonZero(byRepository), registries: nonZero(byRegistry) },
  }
}

function testUsage(kind: DatabaseKind): void {
  let opened: TestRegistry
  before(async () => {
    opened = await openTestRegistry(kind, { softDelete: 'enabled' })
  })
  after(() => opened.dispose())

  it('equals a full count after any pushes, mounts, deletes, restores and collections', async () => {
    const { send, registry, clock, gate } = opened
    const contents = Array.from({ length: 8 }, () => randomBytes(randomInt(1, 3000)).toString('base64'))
    const pick = <Item>(list: readonly Item[]): Item => list[randomInt(list.length)] as Item
    const repositories = ['a', 'b/c', 'd'] as const
    const config = '{"architecture":"amd64","os":"linux"}'
    const pushed: { repository: string; digest: string }[] = []
    const steps: Record<string, () => Promise<unknown>> = {
      push: async () => {
        const host = pick(['first.example', 'second.example'])
        const [repository, layer] = [pick(repositories), pick(contents)]
        for (const content of [config, layer]) {
          const target = `/v2/${repository}/blobs/uploads/?digest=${digestOf(content)}`
          await send('POST', target, { body: content, host })
        }
        const manifest = JSON.stringify(imageManifest(config, [layer], { annotations: { n: String(randomInt(4)) } }))
        const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }
        await send('PUT', `/v2/${repository}/manifests/t${randomInt(3)}`, { headers, body: manifest, host })
        if (host === 'first.example') pushed.push({ repository, digest: digestOf(manifest) })
      },
      mount: async () =>
        send(
          'POST',
          `/v2/${pick(repositories)}/blobs/uploads/?mount=${digestOf(pick(contents))}&from=${pick(repositories)}`,
        ),
      'delete a manifest': async () => {
        if (pushed.length === 0) return
        const { repository, digest } = pick(pushed)
        await send('DELETE', `/v2/${repository}/manifests/${digest}`)
      },
      restore: async () => {
        if (pushed.length === 0) return
        const { repository, digest } = pick(pushed)
        await send('POST', `/acr/v1/_deleted/${encodeURIComponent(repository)}/_manifests/${digest}`, { body: '{}' })
      },
      'delete a blob': async () => send('DELETE', `/v2/${pick(repositories)}/blobs/${digestOf(pick(contents))}`),
      'delete a repository': async () => {
        if (randomInt(4) > 0) return
        await send('DELETE', `/acr/v1/${encodeURIComponent(pick(repositories))}`)
        gate.deletionsSeen = Infinity
      },
      collect: async () => {
        clock.nowMs += randomInt(2) * 25 * 3_600_000
        await registry.collectGarbage()
      },
    }
    for (let step = 0; step < 150; step += 1) {
      const name = pick(Object.keys(steps))
      await steps[name]?.()
      if (step % 10 > 0) continue
      const { kept, counted } = await bothCounts(opened)
      assert.deepEqual(kept, counted, `after ${name}`)
    }
    const { kept, counted } = await bothCounts(opened)
    assert.deepEqual(kept, counted)
    assert.ok(Object.keys(kept.registries).length > 0)
  })

  it('is zero for a registry that is deleted and collected', async () => {
    const { database, registry, clock } = opened
    for (const rid of ['1', '2'].map((digit) => digit.repeat(32))) {
      await database.transaction((transaction) => registry.deleteContent(transaction, rid))
    }
    for (let round = 0; round < 3; round += 1) {
      clock.nowMs += 25 * 3_600_000
      await registry.collectGarbage()
    }
    const { kept, counted } = await bothCounts(opened)
    assert.deepEqual(kept, { repositories: {}, registries: {} })
    assert.deepEqual(counted, kept)
    for (const table of ['repository_usage', 'registry_usage', 'registry_blob'] as const) {
      const rows = await database.tables<RegistryTables>().selectFrom(table).selectAll().execute()
      assert.deepEqual(rows, [], table)
    }
  })
}
