import { randomUUID } from 'node:crypto'
import type { Log } from './log.ts'

/** The minimum interval between two logs of the same warning. */
const everyMs = 60_000

/**
 * Logs warnings that any client can cause. Each text is logged at most once a minute, with the number of suppressed
 * repeats.
 */
export type LimitedWarning = (text: string, fields: Readonly<Record<string, unknown>>) => void

/** Creates the function that logs limited warnings to a log. */
export function createLimitedWarning(log: Log, now: () => number = () => performance.now()): LimitedWarning {
  const last = new Map<string, { atMs: number; leftOut: number }>()
  return (text, fields) => {
    const nowMs = now()
    const before = last.get(text)
    if (before !== undefined && nowMs - before.atMs < everyMs) {
      before.leftOut += 1
      return
    }
    last.set(text, { atMs: nowMs, leftOut: 0 })
    log.warn({ id: randomUUID(), ...fields, repeated: before?.leftOut ?? 0 }, text)
  }
}
