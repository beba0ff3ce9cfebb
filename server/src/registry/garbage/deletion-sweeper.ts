import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../platform/sql/database.ts'
import type { Log } from '../../platform/log.ts'
import { findDeletedRepository, keptOf, nextDeleted } from './deleted-repository-rows.ts'
import { changeSwept, sweepManifest, sweepRepository } from './deleted-rows.ts'

/** How many pieces of a deletion are swept before it is answered: all of it, mostly. */
const firstPieces = 10

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
      for (let piece = 0; piece < firstPieces; piece += 1) {
        if (await this.#sweepPieceOf(repositoryId)) return
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
        await this.#sweepPieceOf(next)
        // Half of the time is everybody else's.
        await delay(performance.now() - startedAtMs, undefined, { ref: false })
      }
    }
  }

  /** Returns whether nothing of it is left. */
  #sweepPieceOf(repositoryId: string): Promise<boolean> {
    return changeSwept(this.#database, async (transaction) => {
      if (!(await sweepManifest(transaction, repositoryId))) return false
      const deleted = await findDeletedRepository(transaction, repositoryId)
      return deleted === undefined || sweepRepository(transaction, repositoryId, await keptOf(transaction, deleted))
    })
  }
}
