import { WritesPausedError } from '../process/outage.ts'
import type { Database } from './database.ts'
import type { WaitingInserts } from './waiting-inserts.ts'

/** A database whose changes can be paused. */
export type PausableDatabase = {
  /**
   * The database for all callers. While changes are paused, transactions fail with {@link WritesPausedError}, and rows
   * of prepared inserts wait in a file. The audit events of tokens are thus recorded, so that tokens can still be
   * issued.
   */
  readonly database: Database
  /** Rejects further changes, and waits for the running changes. */
  readonly pause: () => Promise<void>
  /** Accepts changes again, and inserts the waiting rows. */
  readonly resume: () => Promise<void>
  readonly isPaused: () => boolean
}

/** Returns a database whose changes can be paused. Reads are never paused. */
export function pausable(database: Database, waiting: WaitingInserts): PausableDatabase {
  let isPaused = false
  let running = 0
  let onIdle: (() => void)[] = []
  const ended = () => {
    running -= 1
    if (running > 0) return
    for (const resolve of onIdle) resolve()
    onIdle = []
  }
  function unlessPaused<Result>(change: () => Promise<Result>): Promise<Result> {
    if (isPaused) return Promise.reject(new WritesPausedError())
    running += 1
    const result = change()
    result.then(ended, ended)
    return result
  }
  return {
    database: {
      kind: database.kind,
      tables: () => database.tables(),
      prepare: (names, build) => database.prepare(names, build),
      prepareInsert: (table, columns) => {
        const insert = database.prepareInsert(table, columns)
        return (rows) => (isPaused ? waiting.append(table, rows) : unlessPaused(() => insert(rows)))
      },
      transaction: (work) => unlessPaused(() => database.transaction(work)),
      exclusiveTransaction: (work) => unlessPaused(() => database.exclusiveTransaction(work)),
      authorityRevision: () => database.authorityRevision(),
      knownRevision: () => database.knownRevision(),
      leasedContentRevision: () => database.leasedContentRevision(),
      writerLoad: () => database.writerLoad(),
      canWrite: () => database.canWrite(),
      close: () => database.close(),
    },
    pause: async () => {
      isPaused = true
      if (running === 0) return
      await new Promise<void>((resolve) => {
        onIdle.push(resolve)
      })
    },
    resume: async () => {
      isPaused = false
      await waiting.moveTo(database)
    },
    isPaused: () => isPaused,
  }
}
