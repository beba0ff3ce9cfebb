import { randomUUID } from 'node:crypto'
import type { Log } from './log.ts'

/** What happens again and again is logged so often at most. */
const everyMs = 60_000

/** Writes warnings that a stranger can cause at will: each text once a minute at most, with how often it was left out. */
export type WarnNowAndThen = (text: string, fields: Readonly<Record<string, unknown>>) => void

/** Makes one for a log. */
export function createWarnNowAndThen(log: Log, now: () => number = () => performance.now()): WarnNowAndThen {
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
