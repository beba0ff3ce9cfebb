import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  type TestAccess,
  openTestAccessFor,
  otherRid,
  putScopeMap,
  repositoryActions,
  testAuthor,
  testRegistry,
} from '../../../testing/authorization/test-access.ts'
import { ScopeMapInUseError } from '../scope-maps/errors.ts'

const { rid } = testRegistry()

for (const kind of testDatabaseKinds) {
  const open = (t: TestContext) => openTestAccessFor(t, kind)
  const putMap = (opened: TestAccess, name: string, ...given: string[]) => putScopeMap(opened, name, given)
  const give = ({ database, access }: TestAccess, scopeMapName: string) =>
    database.transaction((transaction) =>
      access.anonymousAccess.put(transaction, rid, { scopeMapName, scopeMapId: `/maps/${scopeMapName}` }, testAuthor),
    )
  const take = ({ database, access }: TestAccess) =>
    database.transaction((transaction) => access.anonymousAccess.delete(transaction, rid))
  /** The actions that anonymous callers may carry out on a repository, and `*` for the catalog. */
  const anybody = async ({ access }: TestAccess, name: string, registry = testRegistry()) => {
    const catalog = { type: 'registry', name: 'catalog', actions: ['*'] }
    const asked = [{ type: 'repository', name, actions: repositoryActions }, catalog]
    return (await access.allowedAccess({ kind: 'anonymous' }, registry, asked)).flatMap((scope) => scope.actions)
  }

  describe(`anonymous access by a scope map, on ${kind}`, () => {
    test('grants anonymous callers reading of what the map names, and nothing else', async (t) => {
      const opened = await open(t)
      await putMap(opened, 'everybody', 'repositories/open/*/content/read', 'repositories/open/app/metadata/read')
      assert.deepEqual(await anybody(opened, 'open/app'), [])
      assert.equal(await opened.access.anonymousAccess.isGiven(rid), false)
      assert.equal((await give(opened, 'Everybody')).created, true)
      assert.equal(await opened.access.anonymousAccess.isGiven(rid), true)
      assert.deepEqual(await anybody(opened, 'open/app'), ['pull', 'metadata_read'])
      assert.deepEqual(await anybody(opened, 'open/tool'), ['pull'])
      assert.deepEqual(await anybody(opened, 'closed/app'), [])
      assert.deepEqual(await anybody(opened, '*'), [])
      const elsewhere = testRegistry({ rid: otherRid })
      assert.deepEqual(await anybody(opened, 'open/app', elsewhere), [])
      assert.equal(await opened.access.anonymousAccess.isGiven(otherRid), false)
      const wide = testRegistry({ anonymousPullEnabled: true })
      assert.deepEqual(await anybody(opened, 'closed/app', wide), ['pull', 'metadata_read', '*'])
    })

    test('never grants writing or the catalog', async (t) => {
      const opened = await open(t)
      await give(opened, '_repositories_admin')
      assert.deepEqual(await anybody(opened, 'any/thing'), ['pull', 'metadata_read'])
    })

    test('follows changes of the map, its replacement and its deletion at once', async (t) => {
      const opened = await open(t)
      await putMap(opened, 'everybody', 'repositories/open/content/read')
      await give(opened, 'everybody')
      assert.deepEqual(await anybody(opened, 'open'), ['pull'])
      await putMap(opened, 'everybody', 'repositories/other/content/read')
      assert.deepEqual(await anybody(opened, 'open'), [])
      assert.equal((await give(opened, '_repositories_pull')).created, false)
      assert.deepEqual(await anybody(opened, 'open'), ['pull'])
      assert.equal(await take(opened), true)
      assert.equal(await take(opened), false)
      assert.deepEqual(await anybody(opened, 'open'), [])
      assert.equal(await opened.access.anonymousAccess.find(rid), undefined)
    })

    test('prevents the deletion of its map, and is deleted with its registry', async (t) => {
      const opened = await open(t)
      const { access, database } = opened
      await putMap(opened, 'everybody', 'repositories/open/content/read')
      await give(opened, 'everybody')
      const remove = () => database.transaction((transaction) => access.scopeMaps.delete(transaction, rid, 'everybody'))
      await assert.rejects(remove, ScopeMapInUseError)
      await database.transaction((transaction) => access.deleteRegistryAccess(transaction, rid))
      assert.equal(await access.anonymousAccess.find(rid), undefined)
      assert.deepEqual(await anybody(opened, 'open'), [])
    })
  })
}
