import type { Clock } from '../process/clock.ts'
import type { Database } from './database.ts'

/** Checks whether transactions can be committed, even when the server is idle. */
export type WriterWatch = {
  /** Runs an empty transaction, unless the previous one is still running. Never throws. */
  readonly probe: () => Promise<void>
  /** The time in milliseconds since the first probe that failed or still waits. 0 while probes succeed. */
  readonly stuckMs: () => number
}

/**
 * Creates the watch. An empty transaction waits in the queue like other transactions, but writes nothing, so it
 * succeeds on a full disk.
 */
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
        // The time of the first failure stays stored.
      } finally {
        isRunning = false
      }
    },
    stuckMs: () => (sinceMs === undefined ? 0 : Math.max(0, clock.now() - sinceMs)),
  }
}
