import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { actorNamed, openTestRegistry, type TestRegistry } from '../../../testing/registry/test-registry.ts'
import type { RegistryTables } from '../rows/rows.ts'

for (const kind of testDatabaseKinds) describe(`pushers on ${kind}`, () => testPushers(kind))

function testPushers(kind: DatabaseKind): void {
  let test: TestRegistry

  before(async () => {
    test = await openTestRegistry(kind, { softDelete: 'enabled' })
  })
  after(() => test.dispose())

  const pusherIn = async (path: string, member: 'tag' | 'manifest') => {
    const { json } = await test.send('GET', `/acr/v1/${path}`)
    return (json[member] as Record<string, unknown> | undefined)?.pushedBy
  }
  const lastPush = async (name: string) => {
    const columns = ['last_push_ms', 'pushed_by_kind', 'pushed_by_id', 'pushed_by_name'] as const
    const tables = test.database.tables<RegistryTables>()
    return { ...(await tables.selectFrom('repository').select(columns).where('name', '=', name).executeTakeFirst()) }
  }

  it('a tag, its manifest and the repository have the caller of their last push', async () => {
    const digest = await test.as('alice', () => test.pushImage('p/app', 'v1', 'first'))
    assert.deepEqual(await pusherIn('p%2Fapp/_tags/v1', 'tag'), actorNamed('alice'))
    assert.deepEqual(await pusherIn(`p%2Fapp/_manifests/${digest}`, 'manifest'), actorNamed('alice'))
    test.clock.nowMs += 1000
    await test.as('bob', () => test.pushImage('p/app', 'v2', 'first'))
    assert.deepEqual(await pusherIn('p%2Fapp/_tags/v1', 'tag'), actorNamed('alice'), 'the other tag was not pushed')
    assert.deepEqual(await pusherIn('p%2Fapp/_tags/v2', 'tag'), actorNamed('bob'))
    assert.deepEqual(await pusherIn(`p%2Fapp/_manifests/${digest}`, 'manifest'), actorNamed('bob'))
    test.clock.nowMs += 1000
    await test.as('carol', () => test.pushImage('p/app', 'v1', 'second'))
    assert.deepEqual(await pusherIn('p%2Fapp/_tags/v1', 'tag'), actorNamed('carol'), 'the tag was moved')
    const { id, name, kind: actorKind } = actorNamed('carol')
    const by = { pushed_by_kind: actorKind, pushed_by_id: id, pushed_by_name: name }
    assert.deepEqual(await lastPush('p/app'), { last_push_ms: test.clock.nowMs, ...by })
    const { json } = await test.send('GET', '/acr/v1/p%2Fapp/_manifests?orderby=timedesc')
    const listed = json.manifests as { readonly pushedBy: unknown }[]
    assert.deepEqual(
      listed.map(({ pushedBy }) => pushedBy),
      [actorNamed('carol'), actorNamed('bob')],
    )
  })

  it('a lock and a deletion change no pusher', async () => {
    const digest = await test.as('alice', () => test.pushImage('p/lock', 'v1'))
    await test.as('alice', () => test.pushImage('p/lock', 'v2'))
    const before = await lastPush('p/lock')
    await test.send('PATCH', '/acr/v1/p%2Flock/_tags/v1', { body: '{"deleteEnabled":false}' })
    await test.send('DELETE', '/acr/v1/p%2Flock/_tags/v2')
    assert.deepEqual(await pusherIn('p%2Flock/_tags/v1', 'tag'), actorNamed('alice'))
    assert.deepEqual(await pusherIn(`p%2Flock/_manifests/${digest}`, 'manifest'), actorNamed('alice'))
    assert.deepEqual(await lastPush('p/lock'), before)
  })

  it('a restored tag has the caller who restored it, and the manifest still has its pusher', async () => {
    const digest = await test.as('alice', () => test.pushImage('p/restored', 'v1'))
    await test.send('DELETE', `/v2/p/restored/manifests/${digest}`)
    const path = `/acr/v1/_deleted/p%2Frestored/_manifests/${digest}`
    assert.equal((await test.as('bob', () => test.send('POST', path, { body: '{"tag":"v1"}' }))).status, 200)
    assert.deepEqual(await pusherIn('p%2Frestored/_tags/v1', 'tag'), actorNamed('bob'))
    assert.deepEqual(await pusherIn(`p%2Frestored/_manifests/${digest}`, 'manifest'), actorNamed('alice'))
  })

  it('an anonymous caller does not see who pushed', async () => {
    const digest = await test.pushImage('p/public', 'v1')
    await test.as('anonymous', async () => {
      assert.equal(await pusherIn('p%2Fpublic/_tags/v1', 'tag'), undefined)
      assert.equal(await pusherIn(`p%2Fpublic/_manifests/${digest}`, 'manifest'), undefined)
      for (const list of ['_tags', '_manifests']) {
        assert.doesNotMatch((await test.send('GET', `/acr/v1/p%2Fpublic/${list}`)).text, /pushedBy/)
      }
    })
  })

  it('a push by a version of the server without pushers has no pusher', async () => {
    await test.pushImage('p/older', 'v1')
    const { id } = await test.database
      .tables<RegistryTables>()
      .selectFrom('repository')
      .select('id')
      .where('name', '=', 'p/older')
      .executeTakeFirstOrThrow()
    await test.database.transaction(async (transaction) => {
      for (const table of ['tag', 'manifest'] as const) {
        await transaction
          .tables<RegistryTables>()
          .updateTable(table)
          .set({ updated_at_ms: test.clock.nowMs + 1 })
          .where('repository_id', '=', id)
          .execute()
      }
    })
    assert.equal(await pusherIn('p%2Folder/_tags/v1', 'tag'), undefined)
    const { text } = await test.send('GET', '/acr/v1/p%2Folder/_manifests')
    assert.doesNotMatch(text, /pushedBy/)
  })
}
