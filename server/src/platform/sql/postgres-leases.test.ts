import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startPostgres } from '../../../../test/setup/postgres.mjs'
import { AuthorizedWork, runAuthorized } from '../process/authorized-work.ts'
import { outageOf } from '../process/outage.ts'
import { until } from '../../../testing/platform/test-patience.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { openPostgresForTest } from '../../../testing/platform/test-postgres.ts'
import type { ReplicaCall, ReplicaResult } from '../../../testing/platform/test-replica.ts'

type HeldRights = { held_right: { name: string } }

/** A process that shares the database with other processes. */
class Replica {
  readonly process: ChildProcess
  #calls = 0

  constructor(url: string) {
    this.process = fork(new URL('../../../testing/platform/test-replica.ts', import.meta.url), {
      env: { ...process.env, ACRUX_TEST_REPLICA: url },
      execArgv: [],
    })
    this.process.setMaxListeners(100)
  }

  request(right: string): Promise<boolean> {
    return this.#call('request', right)
  }

  revoke(right: string): Promise<boolean> {
    return this.#call('revoke', right)
  }

  async #call(operation: ReplicaCall['operation'], right: string): Promise<boolean> {
    const id = (this.#calls += 1)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const receive = (message: ReplicaResult) => {
      if (message.id === id) resolve(message.result)
    }
    this.process.on('message', receive)
    this.process.send({ id, operation, right } satisfies ReplicaCall)
    try {
      return await promise
    } finally {
      this.process.off('message', receive)
    }
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    this.process.kill('SIGCONT')
    this.process.disconnect()
    await once(this.process, 'exit')
  }
}

describe('processes that share a PostgreSQL', { skip: !testDatabaseKinds.includes('postgres') }, () => {
  let server: Awaited<ReturnType<typeof startPostgres>>
  let admin: pg.Client
  const replicas: Replica[] = []
  let first: Replica
  let second: Replica

  before(async () => {
    server = await startPostgres()
    assert.ok(server !== undefined)
    admin = new pg.Client({ connectionString: server.url })
    await admin.connect()
    await admin.query('create table held_right (name text primary key)')
    first = await start()
    second = await start()
  })
  after(async () => {
    for (const replica of replicas) await replica.end()
    await admin.end()
    await server?.stop()
  })

  async function start(): Promise<Replica> {
    const replica = new Replica(server?.url ?? '')
    replicas.push(replica)
    await once(replica.process, 'message')
    return replica
  }

  async function grant(right: string): Promise<void> {
    await admin.query('insert into held_right (name) values ($1)', [right])
  }

  async function leaseHolders(): Promise<string[]> {
    const { rows } = await admin.query<{ replica: string }>('select replica from authority_lease')
    return rows.map(({ replica }) => replica)
  }

  async function leases(): Promise<number> {
    return (await leaseHolders()).length
  }

  /** Waits until a process makes decisions without the database. The rows are locked during each check. */
  async function untilLeased(replica: Replica, right: string): Promise<void> {
    await until('the process decides by its lease', async () => {
      await replica.request(right)
      await admin.query('begin; lock table authority_revision, held_right in access exclusive mode')
      const response = replica.request(right)
      const isFromMemory = await Promise.race([response.then(() => true), sleep(100, false)])
      await admin.query('rollback')
      await response
      return isFromMemory
    })
  }

  test('processes make decisions without the database while their lease is valid', async () => {
    await grant('read')
    for (const replica of [first, second]) {
      await untilLeased(replica, 'read')
      assert.equal(await replica.request('read'), true)
    }
  })

  test('a process immediately denies a permission that another process has revoked', async (t) => {
    const times: number[] = []
    for (let number = 0; number < 40; number += 1) {
      const right = `right ${number}`
      await grant(right)
      const [revoker, other] = number % 2 === 0 ? [first, second] : [second, first]
      await until('the right is cached', () => other.request(right))
      const beganMs = performance.now()
      assert.equal(await revoker.revoke(right), true)
      times.push(performance.now() - beganMs)
      assert.deepEqual([await other.request(right), await revoker.request(right)], [false, false])
    }
    const sorted = times.toSorted((a, b) => a - b).map(Math.round)
    t.diagnostic(`milliseconds of a revocation: ${sorted[20]} (median), ${sorted.at(-1)} (maximum)`)
  })

  test('processes receive the new content revision before a change of content is acknowledged, and the authority revision stays the same', async () => {
    const url = server?.url ?? ''
    const changing = await openPostgresForTest(url)
    const reading = await openPostgresForTest(url)
    try {
      const leased = () => reading.leasedContentRevision()
      for (let number = 0; number < 20; number += 1) {
        await until('the lease is valid', () => leased() !== undefined)
        const [content, authority] = [leased(), await reading.authorityRevision()]
        const isOfContent = number % 2 === 0
        await changing.transaction(async (transaction) => {
          if (isOfContent) transaction.changesContent()
          else transaction.changesAuthority()
        })
        const now = leased()
        if (isOfContent) assert.notEqual(now, content)
        assert.equal((await reading.authorityRevision()) === authority, isOfContent)
        await until('the lease is valid again', () => leased() !== undefined)
        assert.equal(leased() === content, !isOfContent)
      }
    } finally {
      await changing.close()
      await reading.close()
    }
  })

  test('a revocation waits for the lease of a stopped process, which later denies the revoked permission', async (t) => {
    for (const replica of [first, second]) await untilLeased(replica, 'read')
    const others = await leaseHolders()
    const stopped = await start()
    await grant('stopped')
    await untilLeased(stopped, 'stopped')
    const [holder = '', ...more] = (await leaseHolders()).filter((replica) => !others.includes(replica))
    assert.deepEqual(more, [])
    stopped.process.kill('SIGSTOP')
    // If the test fails, the next tests would otherwise wait for the stopped process.
    t.after(() => stopped.process.kill('SIGCONT'))
    const isHeldAfter = async (revocation: Promise<boolean>, hadEffect: boolean) => {
      assert.equal(await revocation, hadEffect)
      return (await leaseHolders()).includes(holder)
    }
    const revoked = isHeldAfter(first.revoke('stopped'), true)
    // The permission is already deleted, but the stopped process may still allow it.
    await until('the revocation is committed', async () => {
      const { rowCount } = await admin.query(`select from held_right where name = 'stopped'`)
      return rowCount === 0
    })
    const third = await start()
    assert.equal(await isHeldAfter(third.revoke('stopped'), false), false, 'a repeated revocation waits, too')
    assert.equal(await revoked, false)
    await grant('next')
    // The lease of the stopped process has ended, so that no later revocation waits for this process.
    assert.equal(await isHeldAfter(first.revoke('next'), true), false)
    const response = stopped.request('stopped')
    stopped.process.kill('SIGCONT')
    assert.equal(await response, false)
    await untilLeased(stopped, 'read')
    assert.equal(await stopped.request('stopped'), false)
  })

  test('a process also waits for the lease of a stopped process before it responds with an error', async () => {
    await grant('denied')
    const stopped = await start()
    await untilLeased(stopped, 'denied')
    stopped.process.kill('SIGSTOP')
    const revoked = first.revoke('denied')
    await until('the revocation is committed', async () => {
      const { rowCount } = await admin.query(`select from held_right where name = 'denied'`)
      return rowCount === 0
    })
    // The upper half of a revision is the timeline of the server.
    const behind = async () => {
      const { rows } = await admin.query<{ replica: string }>(`select replica
        from authority_lease, authority_revision where acknowledged & 4294967295 < value + content`)
      return rows.map(({ replica }) => replica)
    }
    const before = await behind()
    const database = await openPostgresForTest(server?.url ?? '')
    try {
      const denied = database.transaction(() => Promise.reject(new Error('the right was revoked')))
      await assert.rejects(denied, /the right was revoked/)
      const after = await behind()
      assert.deepEqual(
        before.filter((replica) => after.includes(replica)),
        [],
        'a process that is stopped may still allow what the error reports as denied',
      )
    } finally {
      await database.close()
      await revoked
      stopped.process.kill('SIGCONT')
    }
  })

  test('a process reports that the database is busy while an older version is stopped during a revocation', async (t) => {
    const opened = await openPostgresForTest(server?.url ?? '', { statementTimeoutMs: 15_000 })
    t.after(() => opened.close())
    const decide = () => Promise.resolve()
    const work = new AuthorizedWork({ authority: opened, revision: await opened.authorityRevision(), decide })
    const write = () =>
      runAuthorized(work, () =>
        opened.transaction((transaction) =>
          transaction.tables<HeldRights>().insertInto('held_right').values({ name: 'late' }).execute(),
        ),
      )
    // Older versions increment the revision in a separate statement.
    await admin.query('begin; update authority_revision set value = value + 1')
    try {
      await assert.rejects(write(), (error) => outageOf(error)?.kind === 'database-busy')
    } finally {
      await admin.query('rollback')
    }
    await write()
    await admin.query(`delete from held_right where name = 'late'`)
  })

  test('a process gets a new lease after the server has closed all connections', async () => {
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()')
    await untilLeased(first, 'read')
    await untilLeased(second, 'read')
  })

  test('a process deletes its lease when it ends', async () => {
    const before = await leases()
    const replica = await start()
    await until('its lease is stored', async () => (await leases()) > before)
    await replica.end()
    assert.equal(await leases(), before)
  })

  test('after the length of a lease, a revocation no longer waits for a killed process', async () => {
    const replica = await start()
    await untilLeased(replica, 'read')
    const before = await leases()
    replica.process.kill('SIGKILL')
    await once(replica.process, 'exit')
    assert.equal(await first.revoke('read'), true)
    assert.equal(await leases(), before - 1)
    assert.equal(await second.request('read'), false)
  })
})
