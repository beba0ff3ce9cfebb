import type { Clock } from '../clock.ts'
import type { Database } from './database.ts'

/** Finds out whether transactions are still committed, whether anybody asks for one or not. */
export type WriterWatch = {
  /** Runs an empty transaction, unless the one before has not ended yet. Never throws. */
  readonly probe: () => Promise<void>
  /** For how long no probe has succeeded although one was tried, in milliseconds. 0 while they succeed. */
  readonly stuckMs: () => number
}

/** An empty transaction takes its turn like any other, and writes nothing: a full disk does not fail it. */
export function createWriterWatch({ database, clock }: { database: Database; clock: Clock }): WriterWatch {
  let sinceMs: number | undefined
  let isRunning = false
  return {
    probe: async () => {
      if (isRunning) return
      isRunning = true
      sinceMs ??= clock.now()
      try {
        await database.transaction(() => Promise.resolve())
        sinceMs = undefined
      } catch {
        // It stays stuck since the first of the failures.
      } finally {
        isRunning = false
      }
    },
    stuckMs: () => (sinceMs === undefined ? 0 : Math.max(0, clock.now() - sinceMs)),
  }
}
