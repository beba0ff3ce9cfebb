import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { sql } from 'kysely'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  actorNamed,
  digestOf,
  imageManifest,
  openTestRegistry,
  type TestRegistry,
} from '../../../testing/registry/test-registry.ts'
import type { RegistryTables } from '../rows/rows.ts'

const config = '{"architecture":"amd64","os":"linux"}'
const dayMs = 24 * 60 * 60 * 1000

type Change = {
  readonly digest?: string
  readonly exists?: boolean
  readonly time: string
  readonly by?: { readonly id: string }
  readonly cause: string
}

for (const kind of testDatabaseKinds) describe(`the history of tags on ${kind}`, () => testHistory(kind))

function testHistory(kind: DatabaseKind): void {
  let test: TestRegistry

  before(async () => {
    test = await openTestRegistry(kind, { softDelete: 'enabled' })
  })
  after(() => test.dispose())

  const push = async (repository: string, tag: string, layer: string) => {
    test.clock.nowMs += 1000
    return test.pushImage(repository, tag, layer)
  }
  const historyOf = async (repository: string, tag: string) => {
    const { status, json } = await test.send('GET', `/acr/v1/${encodeURIComponent(repository)}/_tags/${tag}/_history`)
    return { status, changes: json.changes as readonly Change[] }
  }
  const causesOf = async (repository: string, tag: string) =>
    (await historyOf(repository, tag)).changes.map(({ cause, digest, by }) => [cause, digest, by?.id])
  const revert = (repository: string, tag: string, digest: unknown) =>
    test.send('POST', `/acr/v1/${encodeURIComponent(repository)}/_tags/${tag}/_revert`, {
      body: JSON.stringify({ digest }),
    })
  const digestNow = async (repository: string, tag: string) =>
    (await test.send('HEAD', `/v2/${repository}/manifests/${tag}`)).headers['docker-content-digest']
  const countsOf = async (name: string) => {
    const { json } = await test.send('GET', `/acr/v1/${encodeURIComponent(name)}`)
    return [json.manifestCount, json.tagCount]
  }
  const rows = () => test.database.tables<RegistryTables>().selectFrom('tag_change')

  it('each move of a tag is a change with its time, its caller and its cause, newest first', async () => {
    const first = await test.as('alice', () => push('h/app', 'v1', 'first'))
    const firstMs = test.clock.nowMs
    const second = await test.as('bob', () => push('h/app', 'v1', 'second'))
    await test.as('carol', () => push('h/app', 'v1', 'second'))
    const { changes } = await historyOf('h/app', 'v1')
    assert.deepEqual(changes, [
      { digest: second, exists: true, time: '2020-01-01T00:00:02Z', by: actorNamed('bob'), cause: 'push' },
      { digest: first, exists: true, time: '2020-01-01T00:00:01Z', by: actorNamed('alice'), cause: 'push' },
    ])
    assert.equal(new Date(firstMs).toISOString(), '2020-01-01T00:00:01.000Z')
    const head = await test.send('GET', '/acr/v1/h%2Fapp/_tags/v1/_history')
    assert.deepEqual([head.json.registry, head.json.imageName, head.json.tag], ['first.example', 'h/app', 'v1'])
  })

  it('a tag is reverted to an earlier manifest, which a pull by tag then finds', async () => {
    const first = await push('h/revert', 'v1', 'first')
    const second = await push('h/revert', 'v1', 'second')
    test.clock.nowMs += 1000
    const answer = await test.as('dora', () => revert('h/revert', 'v1', first))
    assert.equal(answer.status, 200, answer.text)
    assert.partialDeepStrictEqual(answer.json.tag, { name: 'v1', digest: first, pushedBy: actorNamed('dora') })
    assert.equal(await digestNow('h/revert', 'v1'), first)
    assert.deepEqual(await causesOf('h/revert', 'v1'), [
      ['revert', first, 'dora'],
      ['push', second, 'caller'],
      ['push', first, 'caller'],
    ])
    assert.deepEqual(await countsOf('h/revert'), [2, 1])
    const { rows: events } = await sql<{ actor_id: string; target: string; detail: string }>`
      select actor_id, target, detail from audit_event where action = 'tag.revert'`.execute(test.database.tables())
    assert.deepEqual(
      events.map(({ actor_id, target, detail }) => [actor_id, target, JSON.parse(detail)]),
      [['dora', 'first.example/h/revert:v1', { digest: first, previous: second }]],
    )
    const again = await revert('h/revert', 'v1', first)
    assert.equal(again.status, 200)
    assert.equal((await historyOf('h/revert', 'v1')).changes.length, 3, 'the tag was not moved')
  })

  it('a deleted tag has a history, and a revert creates the tag again', async () => {
    const first = await push('h/gone', 'v1', 'first')
    await test.as('eve', () => test.send('DELETE', '/acr/v1/h%2Fgone/_tags/v1'))
    assert.deepEqual(await causesOf('h/gone', 'v1'), [
      ['delete', undefined, 'eve'],
      ['push', first, 'caller'],
    ])
    assert.equal((await revert('h/gone', 'v1', first)).status, 200)
    assert.equal(await digestNow('h/gone', 'v1'), first)
    assert.deepEqual(await countsOf('h/gone'), [1, 1])
    assert.equal((await causesOf('h/gone', 'v1')).length, 3)
    assert.equal((await historyOf('h/gone', 'absent')).status, 404)
    assert.equal((await historyOf('h/absent', 'v1')).status, 404)
  })

  it('the deletion and the restoration of a manifest are changes of its tags', async () => {
    const digest = await push('h/restored', 'v1', 'first')
    await test.as('eve', () => test.send('DELETE', `/v2/h/restored/manifests/${digest}`))
    const [deleted, pushed] = (await historyOf('h/restored', 'v1')).changes
    assert.deepEqual([deleted?.cause, pushed?.exists], ['delete', false])
    assert.equal((await revert('h/restored', 'v1', digest)).code, 'MANIFEST_UNKNOWN', 'it was deleted')
    const path = `/acr/v1/_deleted/h%2Frestored/_manifests/${digest}`
    await test.as('fay', () => test.send('POST', path, { body: '{"tag":"v1"}' }))
    assert.deepEqual(await causesOf('h/restored', 'v1'), [
      ['restore', digest, 'fay'],
      ['delete', undefined, 'eve'],
      ['push', digest, 'caller'],
    ])
    assert.deepEqual(await countsOf('h/restored'), [1, 1])
  })

  it('all tags of a deleted manifest have a change, also tags that are deleted later', async () => {
    const text = JSON.stringify(imageManifest(config, ['layer']))
    await test.pushBlob('h/many', config)
    await test.pushBlob('h/many', 'layer')
    const names = Array.from({ length: 250 }, (_, index) => `t${index}`)
    for (let start = 0; start < names.length; start += 50) {
      const query = names.slice(start, start + 50).map((name) => `tag=${name}`)
      const put = await test.putManifest('h/many', `${digestOf(text)}?${query.join('&')}`, text)
      assert.equal(put.status, 201)
    }
    await test.as('eve', () => test.send('DELETE', `/v2/h/many/manifests/${digestOf(text)}`))
    for (const name of ['t0', 't99', 't249']) {
      assert.deepEqual(await causesOf('h/many', name), [
        ['delete', undefined, 'eve'],
        ['push', digestOf(text), 'caller'],
      ])
    }
  })

  it('a lock on the tag, the manifest or the repository denies a revert', async () => {
    const first = await push('h/locked', 'v1', 'first')
    const second = await push('h/locked', 'v1', 'second')
    for (const place of ['/_tags/v1', `/_manifests/${first}`, '']) {
      const lock = (writeEnabled: boolean) =>
        test.send('PATCH', `/acr/v1/h%2Flocked${place}`, { body: JSON.stringify({ writeEnabled }) })
      await lock(false)
      const denied = await revert('h/locked', 'v1', first)
      assert.equal(denied.code, 'REGISTRY_DISALLOWED_OPERATION', place)
      await lock(true)
    }
    assert.equal(await digestNow('h/locked', 'v1'), second)
    assert.equal((await historyOf('h/locked', 'v1')).changes.length, 2)
    assert.equal((await revert('h/locked', 'v1', first)).status, 200)
  })

  it('a revert after the response to a lock is denied, while other reverts are under way', async () => {
    const first = await push('h/race', 'v1', 'first')
    const second = await push('h/race', 'v1', 'second')
    const running = Array.from({ length: 10 }, (_, index) => revert('h/race', 'v1', index % 2 === 0 ? first : second))
    const lock = await test.send('PATCH', '/acr/v1/h%2Frace/_tags/v1', { body: '{"writeEnabled":false}' })
    assert.equal(lock.status, 200)
    const pinned = await digestNow('h/race', 'v1')
    const late = await Promise.all([revert('h/race', 'v1', first), revert('h/race', 'v1', second)])
    for (const { code } of late) assert.equal(code, 'REGISTRY_DISALLOWED_OPERATION')
    await Promise.all(running)
    assert.equal(await digestNow('h/race', 'v1'), pinned)
  })

  it('pushes and reverts of one tag at the same time have an order, and the tag is at its newest change', async () => {
    const digests = []
    for (let index = 0; index < 8; index += 1) digests.push(await push('h/both', `v${index}`, `layer ${index}`))
    const bodies = digests.map((_, index) => JSON.stringify(imageManifest(config, [`layer ${index}`])))
    const answers = await Promise.all([
      ...bodies.map((body) => test.putManifest('h/both', 'moved', body)),
      ...digests.map((digest) => revert('h/both', 'moved', digest)),
    ])
    for (const { status, text } of answers) assert.ok(status === 200 || status === 201, text)
    const { changes } = await historyOf('h/both', 'moved')
    assert.equal(changes[0]?.digest, await digestNow('h/both', 'moved'))
    for (const [index, change] of changes.entries()) {
      assert.notEqual(change.digest, changes[index + 1]?.digest, 'a change moves the tag')
    }
    const numbers = await rows().select('number').where('tag', '=', 'moved').orderBy('number').execute()
    assert.deepEqual(
      numbers.map(({ number }) => number),
      numbers.map((_, index) => index + 1),
    )
    assert.deepEqual(await countsOf('h/both'), [8, 9])
  })

  it('a digest that the repository does not hold, and an invalid body, are rejected', async () => {
    await push('h/wrong', 'v1', 'first')
    const other = await push('h/wrong-2', 'v1', 'second')
    assert.equal((await revert('h/wrong', 'v1', other)).code, 'MANIFEST_UNKNOWN', 'of another repository')
    assert.equal((await revert('h/wrong', 'v1', 'latest')).code, 'DIGEST_INVALID')
    assert.equal((await revert('h/wrong', 'v1', 1)).code, 'BAD_REQUEST')
    assert.equal((await revert('h/wrong', 'v1', undefined)).code, 'BAD_REQUEST')
    assert.equal((await revert('h/none', 'v1', other)).code, 'NAME_UNKNOWN')
    const place = '/acr/v1/h%2Fwrong/_tags/v1/_revert'
    assert.equal((await test.send('POST', place, { body: '[]' })).code, 'BAD_REQUEST')
    await test.database.transaction((transaction) =>
      transaction
        .tables<RegistryTables>()
        .updateTable('manifest')
        .set({ quarantined_at_ms: 1 })
        .where('digest', '=', other)
        .execute(),
    )
    assert.equal((await revert('h/wrong-2', 'v2', other)).code, 'MANIFEST_UNKNOWN', 'its bytes are corrupt')
  })

  it('a tag that an earlier version stored has its present state, and keeps it at the first recorded change', async () => {
    const first = await push('h/older', 'v1', 'first')
    await push('h/older', 'v2', 'first')
    await test.database.transaction(async (transaction) => {
      const tables = transaction.tables<RegistryTables>()
      await tables.deleteFrom('tag_change').where('tag', 'in', ['v1', 'v2']).execute()
      await tables.updateTable('tag').set({ pushed_at_ms: null }).where('manifest_digest', '=', first).execute()
    })
    assert.deepEqual(await causesOf('h/older', 'v1'), [['push', first, undefined]])
    const second = await push('h/older', 'v1', 'second')
    assert.deepEqual(await causesOf('h/older', 'v1'), [
      ['push', second, 'caller'],
      ['push', first, undefined],
    ])
    await test.send('DELETE', '/acr/v1/h%2Folder/_tags/v2')
    assert.deepEqual(await causesOf('h/older', 'v2'), [
      ['delete', undefined, 'caller'],
      ['push', first, undefined],
    ])
  })

  it('an anonymous caller does not see who changed a tag', async () => {
    await push('h/public', 'v1', 'first')
    const { changes } = await test.as('anonymous', () => historyOf('h/public', 'v1'))
    assert.deepEqual(
      changes.map(({ by }) => by),
      [undefined],
    )
  })

  it('a tag has at most 100 changes, of the last 365 days', async () => {
    const digests = [await push('h/busy', 'a', 'first'), await push('h/busy', 'b', 'second')]
    for (let index = 0; index < 130; index += 1) {
      test.clock.nowMs += 1000
      assert.equal((await revert('h/busy', 'busy', digests[index % 2])).status, 200)
    }
    const { changes } = await historyOf('h/busy', 'busy')
    assert.equal(changes.length, 100)
    assert.deepEqual(changes[0]?.digest, digests[1])
    const stored = await rows().select('number').where('tag', '=', 'busy').execute()
    assert.ok(stored.length <= 120, `${stored.length} rows`)
    test.clock.nowMs += 366 * dayMs
    const last = await historyOf('h/busy', 'busy')
    assert.deepEqual(
      last.changes.map(({ cause, digest }) => [cause, digest]),
      [['push', digests[1]]],
      'only the present state',
    )
    await test.registry.collectGarbage()
    assert.deepEqual(await rows().select('number').where('tag', '=', 'busy').execute(), [])
  })

  it('a repository that is deleted and created again has no earlier history', async () => {
    await push('h/deleted', 'v1', 'first')
    await push('h/deleted', 'v1', 'second')
    await test.send('DELETE', '/acr/v1/h%2Fdeleted')
    test.gate.deletionsSeen = Infinity
    const third = await push('h/deleted', 'v1', 'third')
    assert.deepEqual(await causesOf('h/deleted', 'v1'), [['push', third, 'caller']])
  })
}
