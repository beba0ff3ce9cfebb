/**
 * Loaded into a server before its code: after SIGUSR2, its time of day is off by the milliseconds in the file that
 * `CHAOS_CLOCK_FILE` names. The monotonic clock is as before.
 */
import { readFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

let offsetMs = 0
const now = Date.now.bind(Date)

class ShiftedDate extends Date {
  /** @param {[] | ConstructorParameters<typeof Date>} args */
  constructor(...args) {
    if (args.length === 0) super(now() + offsetMs)
    else super(...args)
  }

  /** @override */
  static now = () => now() + offsetMs
}

if (isMainThread) {
  globalThis.Date = /** @type {DateConstructor} */ (/** @type {unknown} */ (ShiftedDate))
  process.on('SIGUSR2', () => {
    offsetMs = Number(readFileSync(process.env.CHAOS_CLOCK_FILE ?? '', 'utf8'))
  })
}
