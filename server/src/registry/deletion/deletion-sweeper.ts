import { runDeferred, withoutCaller } from '../../platform/process/authorized-work.ts'
import { setTimeout as delay } from 'node:timers/promises'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Log } from '../../platform/log/log.ts'
import { findDeletedRepository, keptOf, nextDeleted } from './deleted-repository-store.ts'
import { sweepManifest, sweepRepository } from './deleted-content-store.ts'
import { changeSwept } from './change-repository.ts'
import { whileTime } from '../rows/piece-store.ts'

/** The maximum number of transactions that sweep a deletion before the response. Usually these transactions sweep the whole deletion. */
const firstTransactions = 10

/**
 * Deletes the rows of deleted content, in transactions of bounded size. A deletion only records that the rows are deleted, and hides them.
 * After a restart, the sweep continues.
 */
export class DeletionSweeper {
  readonly #database: Database
  readonly #log: Log
  /** Deleted repositories whose rows another operation still reads. */
  readonly #heldBack = new Set<string>()
  #running: Promise<void> | undefined
  #wanted = false
  #isClosed = false

  constructor(database: Database, log: Log) {
    this.#database = database
    this.#log = log
  }

  /** Excludes a repository that is being deleted from sweeps, until `release` or `sweepFirst` is called for the repository. */
  holdBack(repositoryId: string): void {
    this.#heldBack.add(repositoryId)
  }

  release(repositoryId: string): void {
    if (this.#heldBack.delete(repositoryId)) this.begin()
  }

  /** Sweeps the deleted content of a repository in a few transactions, and sweeps the rest in the background. */
  async sweepFirst(repositoryId: string): Promise<void> {
    this.#heldBack.delete(repositoryId)
    try {
      for (let done = 0; done < firstTransactions; done += 1) {
        if (await this.#sweepSomeOf(repositoryId)) return
      }
    } finally {
      this.begin()
    }
  }

  /** Sweeps all deleted content in the background. */
  begin(): void {
    void this.sweepAll().catch((error: unknown) =>
      this.#log.error({ err: error }, 'failed to delete the rows of deleted content'),
    )
  }

  /** Sweeps all deleted content. If a sweep is already running, the sweep starts over after it is done. */
  sweepAll(): Promise<void> {
    this.#wanted = true
    this.#running ??= runDeferred(() => this.#sweepWanted()).finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Stops the sweep after the current batch. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running?.catch(() => undefined)
  }

  async #sweepWanted(): Promise<void> {
    while (this.#wanted && !this.#isClosed) {
      this.#wanted = false
      for (;;) {
        const startedAtMs = performance.now()
        const next = await nextDeleted(this.#database, this.#heldBack)
        if (next === undefined || this.#isClosed) break
        await this.#sweepSomeOf(next)
        // The sweep waits as long as it worked, so that half of the time is available for other work.
        await delay(performance.now() - startedAtMs, undefined, { ref: false })
      }
    }
  }

  /** Returns whether no deleted content of the repository is left. */
  #sweepSomeOf(repositoryId: string): Promise<boolean> {
    // The deletion is already committed. The server does the rest of the work without the caller's authorization.
    const sweep = (transaction: Transaction) => whileTime(() => sweepPiece(transaction, repositoryId))
    return withoutCaller(() => changeSwept(this.#database, sweep))
  }
}

/** Returns whether no deleted content of the repository is left. */
async function sweepPiece(transaction: Transaction, repositoryId: string): Promise<boolean> {
  if (!(await sweepManifest(transaction, repositoryId))) return false
  const deleted = await findDeletedRepository(transaction, repositoryId)
  return deleted === undefined || sweepRepository(transaction, repositoryId, await keptOf(transaction, deleted))
}
