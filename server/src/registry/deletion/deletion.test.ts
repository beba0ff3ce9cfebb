import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { sql } from 'kysely'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { ociImageIndexType } from '@acrux/shared/standards/oci/media-type.ts'
import type { RegistryTables } from '../rows/rows.ts'
import { digestOf, openTestRegistry, type TestRegistry } from '../../../testing/registry/test-registry.ts'

for (const kind of testDatabaseKinds) {
  describe(`deletions on ${kind}`, () => testDeletions(kind, 'disabled'))
  describe(`soft deletions on ${kind}`, () => testDeletions(kind, 'enabled'))
}

function testDeletions(kind: DatabaseKind, softDelete: 'enabled' | 'disabled'): void {
  let test: TestRegistry
  /** More than is swept before a deletion is answered and, where rows are made fast, than an answer names. */
  const many = kind === 'sqlite' ? 12_000 : 6_000

  const open = async () => {
    test = await openTestRegistry(kind, { softDelete })
    test.gate.deletionsSeen = Infinity
  }
  before(open)
  after(() => test.dispose())

  const idOf = async (name: string) => {
    const row = await test.database
      .tables<RegistryTables>()
      .selectFrom('repository')
      .select('id')
      .where('name', '=', name)
      .executeTakeFirstOrThrow()
    return row.id
  }

  /** Adds tags of a manifest as many pushes would. */
  async function addTags(repository: string, digest: string, count: number, locked: string[] = []): Promise<void> {
    const id = await idOf(repository)
    await test.database.transaction(async (transaction) => {
      const tables = transaction.tables<RegistryTables>()
      // One statement: to make and to bind as many rows takes longer than to delete them.
      await sql`
        with recursive numbers(n) as (select 0 union all select n + 1 from numbers where n + 1 < ${count})
        insert into tag (repository_id, name, manifest_digest, created_at_ms, updated_at_ms,
          delete_enabled, write_enabled, list_enabled, read_enabled)
        select ${id}, 't' || n, ${digest}, 1, 1, 1, 1, 1, 1 from numbers`.execute(tables)
      if (locked.length > 0) {
        const chosen = tables.updateTable('tag').where('repository_id', '=', id).where('name', 'in', locked)
        await chosen.set({ delete_enabled: 0 }).execute()
      }
      await tables
        .updateTable('repository')
        .set((row) => ({ tag_count: row('tag_count', '+', count) }))
        .where('id', '=', id)
        .execute()
    })
  }

  /** How many rows there are, but for those of what can be restored. */
  async function countRows(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const table of ['deleted_repository', 'deleted_manifest', 'tag', 'manifest_reference', 'upload'] as const) {
      const row = await test.database
        .tables<RegistryTables>()
        .selectFrom(table)
        .select(({ fn }) => fn.countAll().as('count'))
        .executeTakeFirst()
      counts[table] = Number(row?.count)
    }
    return counts
  }

  const tagsOf = async (name: string) => (await test.send('GET', `/v2/${name}/tags/list`)).json['tags']
  const lock = (path: string, deleteEnabled: boolean) =>
    test.send('PATCH', `/acr/v1/${path}`, { body: JSON.stringify({ deleteEnabled }) })

  it('a manifest with very many tags is deleted with all of them before the response', async () => {
    const other = await test.pushImage('d/tags', 'other', 'other')
    const digest = await test.pushImage('d/tags', 'first', 'one')
    await addTags('d/tags', digest, many)
    assert.equal((await test.send('DELETE', `/v2/d/tags/manifests/${digest}`)).status, 202)
    assert.equal((await test.send('GET', `/v2/d/tags/manifests/t${many - 1}`)).status, 404)
    assert.deepEqual(await tagsOf('d/tags'), ['other'])
    const { manifestCount, tagCount } = (await test.send('GET', '/acr/v1/d%2Ftags')).json
    assert.deepEqual([manifestCount, tagCount], [1, 1])
    const properties = (await test.send('GET', '/acr/v1/d%2Ftags/_tags')).json['tags'] as { name: string }[]
    assert.deepEqual(
      properties.map(({ name }) => name),
      ['other'],
    )
    for (const path of [`/acr/v1/d%2Ftags/_tags/t${many - 1}`, `/acr/v1/d%2Ftags/_tags?digest=${digest}`]) {
      const answer = await test.send('GET', path)
      // A list past its end is null.
      assert.ok(answer.status === 404 || answer.json['tags'] === null, path)
    }

    await test.pushImage('d/tags', 't7', 'one')
    assert.deepEqual(await tagsOf('d/tags'), ['other', 't7'], 'the same manifest comes without its old tags')
    await test.registry.collectGarbage()
    assert.deepEqual(await tagsOf('d/tags'), ['other', 't7'])
    assert.equal((await test.send('GET', '/v2/d/tags/manifests/t7')).status, 200)
    assert.equal((await test.send('GET', `/v2/d/tags/manifests/${other}`)).status, 200)
    const rows = await countRows()
    assert.deepEqual([rows['deleted_manifest'], rows['tag']], [0, 2])
  })

  // How the statements are written decides here, and making so many rows takes long.
  if (kind === 'sqlite') {
    it('a manifest and a repository with more tags than an argument list can hold are deleted', async () => {
      const digest = await test.pushImage('d/stack', 'first', 'stack')
      await addTags('d/stack', digest, 130_000)
      await addTags('d/other-stack', await test.pushImage('d/other-stack', 'first', 'stack'), 130_000)
      assert.equal((await test.send('DELETE', `/v2/d/stack/manifests/${digest}`)).status, 202)
      assert.deepEqual(await tagsOf('d/stack'), [])
      assert.equal((await test.send('DELETE', '/acr/v1/d%2Fother-stack')).status, 202)
      assert.equal((await test.send('GET', '/v2/d/other-stack/tags/list')).status, 404)
      // The sweep of so many rows takes long, and holds no more of them than that of fewer.
      await test.dispose()
      await open()
    })
  }

  it('one locked tag among very many prevents the deletion of the manifest and of the repository', async () => {
    const digest = await test.pushImage('d/locked', 'first', 'locked')
    await addTags('d/locked', digest, many, ['t4321'])
    for (const path of [`/v2/d/locked/manifests/${digest}`, '/acr/v1/d%2Flocked']) {
      assert.equal((await test.send('DELETE', path)).code, 'REGISTRY_DISALLOWED_OPERATION', path)
    }
    assert.equal((await test.send('GET', '/v2/d/locked/manifests/t4321')).status, 200)
    await lock('d%2Flocked/_tags/t4321', true)
    await lock(`d%2Flocked/_manifests/${digest}`, false)
    assert.equal((await test.send('DELETE', '/acr/v1/d%2Flocked')).code, 'REGISTRY_DISALLOWED_OPERATION')
    await lock(`d%2Flocked/_manifests/${digest}`, true)
    assert.equal((await test.send('DELETE', '/acr/v1/d%2Flocked')).status, 202)
  })

  it('a repository that is pushed again right after its deletion is new, and none of it is swept', async () => {
    const digest = await test.pushImage('d/again', 'v1', 'again')
    await addTags('d/again', digest, many)
    const upload = (await test.send('POST', '/v2/d/again/blobs/uploads/')).headers.location ?? ''
    const answer = await test.send('DELETE', '/acr/v1/d%2Fagain')
    assert.equal(answer.status, 202)
    assert.deepEqual(answer.json['manifestsDeleted'], [digest])
    // The answer names at most 10,000.
    assert.equal((answer.json['tagsDeleted'] as unknown[]).length, Math.min(many + 1, 10_000))
    assert.equal((await test.send('GET', '/v2/d/again/tags/list')).status, 404)
    assert.equal((await test.send('GET', upload)).status, 404)
    assert.equal((await test.send('GET', `/v2/d/again/blobs/${digestOf('again')}`)).status, 404)

    await test.pushImage('d/again', 'v2', 'again')
    assert.deepEqual(await tagsOf('d/again'), ['v2'])
    await test.registry.collectGarbage()
    assert.deepEqual(await tagsOf('d/again'), ['v2'])
    assert.equal((await test.send('GET', '/v2/d/again/manifests/v2')).status, 200)
    assert.equal((await test.send('GET', `/v2/d/again/blobs/${digestOf('again')}`)).status, 200)
    const { manifestCount, tagCount } = (await test.send('GET', '/acr/v1/d%2Fagain')).json
    assert.deepEqual([manifestCount, tagCount], [1, 1])
    assert.equal((await countRows())['deleted_repository'], 0)
  })

  it('a manifest with very many references is deleted, and can be pushed again', async () => {
    const children = Array.from({ length: 1000 }, (_, index) => ({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: digestOf(`child ${index}`),
      size: 100,
    }))
    const index = JSON.stringify({ schemaVersion: 2, mediaType: ociImageIndexType, manifests: children })
    const push = async () => (await test.putManifest('d/index', 'v1', index, ociImageIndexType)).status
    for (let round = 0; round < 3; round += 1) {
      assert.equal(await push(), 201)
      assert.equal((await test.send('DELETE', `/v2/d/index/manifests/${digestOf(index)}`)).status, 202)
    }
    assert.equal(await push(), 201)
    await test.registry.collectGarbage()
    const id = await idOf('d/index')
    const { count } = await test.database
      .tables<RegistryTables>()
      .selectFrom('manifest_reference')
      .select(({ fn }) => fn.countAll().as('count'))
      .where('repository_id', '=', id)
      .executeTakeFirstOrThrow()
    assert.equal(Number(count), children.length, 'what is left of the deletion is not that of the push')
  })

  it('deleting a registry deletes all of its content', async () => {
    const digest = await test.pushImage('d/last', 'v1', 'last')
    await addTags('d/last', digest, many)
    assert.equal((await test.send('DELETE', `/v2/d/last/manifests/${digest}`)).status, 202)
    await test.database.transaction((transaction) => test.registry.deleteContent(transaction, test.hosted.rid))
    await test.registry.collectGarbage()
    assert.deepEqual(await countRows(), {
      deleted_repository: 0,
      deleted_manifest: 0,
      tag: 0,
      manifest_reference: 0,
      upload: 0,
    })
  })
}
