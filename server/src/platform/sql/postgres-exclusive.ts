import { setTimeout as sleep } from 'node:timers/promises'
import { type Kysely, type Transaction, sql } from 'kysely'
import { lockNotAvailable } from '../leases/lease-statements.ts'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import type { PostgresPool } from './postgres-pool.ts'

/** The lock of exclusive transactions. Any number that nothing else uses. [PostgreSQL, Advisory Locks] */
const exclusiveLock = 7_236_401

/** How long an exclusive transaction waits for a lock on a table, and the pause before it is tried again. */
const maxLockWaitMs = 500
const lockPauseMs = 2000

/** After this time, the holder of the lock is reported. How often it is looked up: at least once in each attempt. */
const reportedAfterMs = 3000
const lookEveryMs = 200

/** A connection to PostgreSQL that holds a lock: the id of its process, and the name that its client gave. */
export type LockHolder = { readonly pid: number; readonly application: string }

/** Runs exclusive transactions. */
export type Exclusive = {
  readonly tables: Kysely<unknown>
  /** Other connections, which look up who holds a lock. */
  readonly others: Pick<PostgresPool, 'query'>
  /** Called once if a transaction waits for several seconds. */
  readonly onLockWait: ((holder: LockHolder) => void) | undefined
}

/**
 * Runs a transaction while no other process runs such a one. It is not serializable: its snapshot would be older than the
 * lock, and would not contain what the previous holder of the lock has committed.
 *
 * A statement that waits for a lock on a table also blocks all statements that come after it. If a long transaction, such as
 * a `pg_dump`, uses the table, the exclusive transaction is undone and tried again, so that other processes continue.
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

/** The process of PostgreSQL that runs the transaction. */
type Waiting = { pid: number | undefined }

/** The processes that block a process. A process that waits itself is last. A prepared transaction has no process. */
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
      // The transaction itself reports that the database does not respond.
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
