import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DatabaseBusyError } from '../process/outage.ts'
import {
  AuthorityMovedError,
  AuthorizedWork,
  currentWork,
  runAuthorized,
  withoutCaller,
} from '../process/authorized-work.ts'
import type { Database, DatabaseKind, Transaction } from './database.ts'
import type { Migration } from './migrations.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'

type Tables = { written: { id: number } }

const tables: Migration = {
  id: 'test-0001-written',
  up: (schema, types) => schema.createTable('written').addColumn('id', types.integer).execute(),
}

class Denied extends Error {}

/** Opens a database, and creates work of a caller. `state.stands` determines whether the caller has the permission. */
async function open(t: TestContext, kind: DatabaseKind, isRepeatable = false) {
  const { database, dispose } = await openTestDatabase(kind, [tables])
  t.after(dispose)
  const state = { stands: true, decisions: 0 }
  const work = new AuthorizedWork({
    authority: database,
    revision: await database.authorityRevision(),
    isRepeatable,
    decide: async () => {
      state.decisions += 1
      if (!state.stands) throw new Denied()
    },
  })
  return { database, state, work }
}

const insert = (id: number) => (transaction: Transaction) =>
  transaction.tables<Tables>().insertInto('written').values({ id }).execute()
const move = (database: Database) => database.transaction(async (transaction) => transaction.changesAuthority())
const written = async (database: Database) =>
  (await database.tables<Tables>().selectFrom('written').select('id').orderBy('id').execute()).map(({ id }) => id)

for (const kind of testDatabaseKinds) {
  test(`the work of a caller whose permission was revoked writes nothing, on ${kind}`, async (t) => {
    const { database, state, work } = await open(t, kind)
    await runAuthorized(work, () => database.transaction(insert(1)))
    assert.equal(state.decisions, 0, 'without a moved revision nothing is decided')
    await move(database)
    state.stands = false
    await assert.rejects(
      runAuthorized(work, () => database.transaction(insert(2))),
      Denied,
    )
    await assert.rejects(work.requireStanding(), Denied)
    assert.equal(state.decisions, 1, 'the denial is decided, and so recorded, once')
    assert.deepEqual(await written(database), [1])
  })

  test(`the work of a caller who still has the permission writes once after a decision, on ${kind}`, async (t) => {
    const { database, state, work } = await open(t, kind)
    await move(database)
    await runAuthorized(work, async () => {
      await database.transaction(insert(1))
      await database.transaction(insert(2))
    })
    assert.equal(state.decisions, 1)
    assert.deepEqual(await written(database), [1, 2])
  })

  test(`work that can be repeated is repeated only before its first change, on ${kind}`, async (t) => {
    const { database, state, work } = await open(t, kind, true)
    await move(database)
    await assert.rejects(
      runAuthorized(work, () => database.transaction(insert(1))),
      AuthorityMovedError,
    )
    await work.requireStanding()
    await runAuthorized(work, () => database.transaction(insert(2)))
    await move(database)
    await runAuthorized(work, () => database.transaction(insert(3)))
    assert.equal(state.decisions, 2)
    assert.deepEqual(await written(database), [2, 3])
  })

  test(`an added condition is checked together with the caller's permission, on ${kind}`, async (t) => {
    const { database, work } = await open(t, kind)
    let mayReadSource = true
    work.alsoRequire(async () => {
      if (!mayReadSource) throw new Denied()
    })
    await move(database)
    await work.requireStanding()
    mayReadSource = false
    await move(database)
    await assert.rejects(work.requireStanding(), Denied)
  })

  test(`concurrent checks share one decision, and each new revision causes a new decision, on ${kind}`, async (t) => {
    const { database, state, work } = await open(t, kind)
    for (const decisions of [1, 2]) {
      await move(database)
      await Promise.all([work.requireStanding(), work.requireStanding(), work.requireStanding()])
      assert.equal(state.decisions, decisions)
    }
    await move(database)
    state.stands = false
    const checks = await Promise.allSettled([work.requireStanding(), work.requireStanding()])
    assert.deepEqual(
      checks.map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    assert.equal(state.decisions, 3)
    await move(database)
    state.stands = true
    await work.requireStanding()
  })

  test(`work of the server itself needs no decision, on ${kind}`, async (t) => {
    const { database, state, work } = await open(t, kind)
    state.stands = false
    await move(database)
    await runAuthorized(work, () => withoutCaller(() => database.transaction(insert(1))))
    assert.equal(currentWork(), undefined)
    assert.deepEqual(await written(database), [1])
  })

  test(`each transaction in the queue belongs to its own caller, on ${kind}`, async (t) => {
    const { database, work } = await open(t, kind)
    const found = () => database.transaction(async () => currentWork())
    const all = await Promise.all([runAuthorized(work, found), found(), runAuthorized(work, found)])
    assert.deepEqual(
      all.map((one) => one === work),
      [true, false, true],
    )
    assert.equal(all[1], undefined)
  })

  test(`the caller of a stream is authorized again once a second, and is denied at the next piece, on ${kind}`, async (t) => {
    const { database, state, work } = await open(t, kind)
    const check = work.checkOfPieces()
    check()
    await move(database)
    state.stands = false
    await assert.rejects(async () => {
      for (;;) {
        check()
        await nextTurn()
      }
    }, Denied)
    assert.equal(state.decisions, 1)
  })
}

test('a watch authorizes the caller again in each second in which the revision has changed, and reports the denial', async (t) => {
  const { database, state, work } = await open(t, 'sqlite')
  t.mock.timers.enable({ apis: ['setInterval'] })
  const denials: unknown[] = []
  using _watch = work.watch((denial) => denials.push(denial))
  t.mock.timers.tick(1000)
  assert.equal(state.decisions, 0)
  await move(database)
  t.mock.timers.tick(1000)
  while (state.decisions === 0) await nextTurn()
  await nextTurn()
  assert.equal(denials.length, 0)
  await move(database)
  state.stands = false
  t.mock.timers.tick(1000)
  await nextTurn()
  await nextTurn()
  assert.ok(denials[0] instanceof Denied)
})

test('writes continue while every batch contains a revocation', async (t) => {
  const { database, work } = await open(t, 'sqlite')
  const done = new AbortController()
  const moving = (async () => {
    while (!done.signal.aborted) await move(database)
  })()
  await runAuthorized(work, async () => {
    for (let id = 0; id < 50; id += 1) await database.transaction(insert(id))
  })
  done.abort()
  await moving
  assert.equal((await written(database)).length, 50)
})

test('if a write has no decision for the current revision after all attempts, the client receives an outage', () => {
  assert.ok(new AuthorityMovedError() instanceof DatabaseBusyError)
})
