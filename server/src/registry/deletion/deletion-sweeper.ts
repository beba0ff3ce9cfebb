import { setTimeout as delay } from 'node:timers/promises'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Log } from '../../platform/log/log.ts'
import { findDeletedRepository, keptOf, nextDeleted } from './deleted-repository-store.ts'
import { sweepManifest, sweepRepository } from './deleted-content-store.ts'
import { changeSwept } from './change-repository.ts'
import { whileTime } from '../rows/piece-store.ts'

/** How many transactions sweep a deletion before it is answered: all of it, mostly. */
const firstTransactions = 10

/**
 * Deletes the rows of what was deleted, in transactions of bounded size. A deletion itself only records that, and hides
 * them; what a process did not get to, the next one goes on with.
 */
export class DeletionSweeper {
  readonly #database: Database
  readonly #log: Log
  /** Deleted repositories whose rows are read once more. */
  readonly #heldBack = new Set<string>()
  #running: Promise<void> | undefined
  #wanted = false
  #isClosed = false

  constructor(database: Database, log: Log) {
    this.#database = database
    this.#log = log
  }

  /** Leaves a repository alone that is being deleted, until `release` or `sweepFirst` is called for it. */
  holdBack(repositoryId: string): void {
    this.#heldBack.add(repositoryId)
  }

  release(repositoryId: string): void {
    if (this.#heldBack.delete(repositoryId)) this.begin()
  }

  /** Sweeps what was deleted in a repository, or a repository that was deleted, as far as that is soon done, and the rest in the background. */
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

  /** Sweeps everything that is deleted, in the background. */
  begin(): void {
    void this.sweepAll().catch((error: unknown) => this.#log.error({ err: error }, 'failed to sweep deleted content'))
  }

  /** Sweeps everything that is deleted; a call while another is at work makes that one look once more. */
  sweepAll(): Promise<void> {
    this.#wanted = true
    this.#running ??= this.#sweepWanted().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Ends after the piece that is being swept. */
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
        // Half of the time is everybody else's.
        await delay(performance.now() - startedAtMs, undefined, { ref: false })
      }
    }
  }

  /** Returns whether nothing of it is left. */
  #sweepSomeOf(repositoryId: string): Promise<boolean> {
    return changeSwept(this.#database, (transaction) => whileTime(() => sweepPiece(transaction, repositoryId)))
  }
}

/** Returns whether nothing is left of what was deleted in a repository, or of the repository if that was deleted. */
async function sweepPiece(transaction: Transaction, repositoryId: string): Promise<boolean> {
  if (!(await sweepManifest(transaction, repositoryId))) return false
  const deleted = await findDeletedRepository(transaction, repositoryId)
  return deleted === undefined || sweepRepository(transaction, repositoryId, await keptOf(transaction, deleted))
}
