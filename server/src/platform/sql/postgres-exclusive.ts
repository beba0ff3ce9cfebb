import { setTimeout as sleep } from 'node:timers/promises'
import { type Kysely, type Transaction, sql } from 'kysely'
import { lockNotAvailable } from '../leases/lease-statements.ts'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import type { PostgresPool } from './postgres-pool.ts'

/** The number of the lock for exclusive transactions. No other lock uses this number. [PostgreSQL, Advisory Locks] */
const exclusiveLock = 7_236_401

/**
 * The maximum time that an exclusive transaction waits for a lock on a table, and the pause before the next attempt.
 */
const maxLockWaitMs = 500
const lockPauseMs = 2000

/**
 * The time after which the holder of the lock is reported, and the interval at which the holder is looked up. The
 * interval is short enough for at least one lookup per attempt.
 */
const reportedAfterMs = 3000
const lookEveryMs = 200

/** A connection to PostgreSQL that holds a lock: the id of the server process, and the name that the client has set. */
export type LockHolder = { readonly pid: number; readonly application: string }

/** The options for exclusive transactions. */
export type Exclusive = {
  readonly tables: Kysely<unknown>
  /** Other connections, for looking up the holder of a lock. */
  readonly others: Pick<PostgresPool, 'query'>
  /** A function that is called once if a transaction waits for several seconds. */
  readonly onLockWait: ((holder: LockHolder) => void) | undefined
}

/**
 * Runs a transaction while no other process runs an exclusive transaction. The transaction is not serializable. A
 * serializable snapshot would be older than the lock, and would not contain the changes that the previous holder of the
 * lock has committed.
 *
 * A statement that waits for a lock on a table also blocks all later statements on the table. If a long transaction,
 * such as a `pg_dump`, uses the table, the exclusive transaction is rolled back and repeated, so that other processes
 * continue.
 */
export async function runExclusively<Result>(
  exclusive: Exclusive,
  work: (tables: Transaction<unknown>) => Promise<Result>,
): Promise<Result> {
  const waiting: Waiting = { pid: undefined }
  using _watch = watchLocks(exclusive, waiting)
  for (;;) {
    try {
      return await exclusive.tables
        .transaction()
        .setIsolationLevel('read committed')
        .execute(async (changed) => {
          const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(changed)
          waiting.pid = rows[0]?.pid
          await sql`select pg_advisory_xact_lock(${exclusiveLock})`.execute(changed)
          await sql`select set_config('lock_timeout', ${String(maxLockWaitMs)}, true)`.execute(changed)
          return work(changed)
        })
    } catch (error) {
      if (systemErrorCode(error) !== lockNotAvailable) throw error
    }
    await sleep(lockPauseMs * (1 + Math.random()))
  }
}

/** The id of the PostgreSQL process that runs the transaction. */
type Waiting = { pid: number | undefined }

/**
 * Selects the processes that block a process. A process that is itself waiting comes last. A prepared transaction has
 * no process.
 */
const selectHolders = `select pid, coalesce(application_name, '') as application
  from unnest(pg_blocking_pids($1)) as blocking (pid) left join pg_stat_activity using (pid)
  order by cardinality(pg_blocking_pids(pid))`

function watchLocks({ others, onLockWait }: Exclusive, waiting: Waiting): Disposable {
  if (onLockWait === undefined) return { [Symbol.dispose]: () => undefined }
  const beganMs = performance.now()
  let isLooking = false
  let isOver = false
  const look = async () => {
    if (isLooking || waiting.pid === undefined || performance.now() < beganMs + reportedAfterMs) return
    isLooking = true
    try {
      const [holder] = await others.query<LockHolder>({ text: selectHolders, values: [waiting.pid] })
      if (holder === undefined || isOver) return
      end()
      onLockWait(holder)
    } catch {
      // If the database does not respond, the transaction itself reports the error.
    } finally {
      isLooking = false
    }
  }
  const timer = setInterval(() => void look(), lookEveryMs)
  const end = () => {
    isOver = true
    clearInterval(timer)
  }
  return { [Symbol.dispose]: end }
}
