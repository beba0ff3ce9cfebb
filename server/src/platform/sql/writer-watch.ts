import type { Clock } from '../process/clock.ts'
import type { Database } from './database.ts'

/** Checks whether transactions can be committed, even when the server is idle. */
export type WriterWatch = {
  /** Runs an empty transaction, unless the previous one is still running. Never throws. */
  readonly probe: () => Promise<void>
  /** How long probes have been failing or waiting, in milliseconds; 0 while they succeed. */
  readonly stuckMs: () => number
}

/** An empty transaction waits in the queue like any other, and writes nothing: it succeeds on a full disk. */
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
        // The time of the first failure is kept.
      } finally {
        isRunning = false
      }
    },
    stuckMs: () => (sinceMs === undefined ? 0 : Math.max(0, clock.now() - sinceMs)),
  }
}
