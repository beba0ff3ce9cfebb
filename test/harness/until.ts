import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until something holds, and asks again and again: a machine that is busy takes as long as it takes. Throws, with what
 * was waited for, after two minutes.
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 120_000; !(await holds()); await sleep(20)) {
    if (Date.now() > deadline) throw new Error(`${what}: it did not happen within two minutes`)
  }
}
