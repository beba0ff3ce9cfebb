import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until something holds, and asks again and again: a machine that is busy takes as long as it takes. Throws, with what
 * was waited for, after two minutes.
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 120_000; !(await holds()); await sleep(5)) {
    if (performance.now() > deadline) throw new Error(`${what}: it did not come to pass in two minutes`)
  }
}

/** Milliseconds of a processor that this process has used, its threads included. */
function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/**
 * How many milliseconds of a processor each of some works takes: the least of several rounds, in which they take turns, so
 * that whatever else this machine and this process do counts for none of them.
 */
export async function leastMilliseconds<Name extends string>(
  rounds: number,
  works: Readonly<Record<Name, (round: number) => unknown>>,
): Promise<Record<Name, number>> {
  const entries = Object.entries<(round: number) => unknown>(works)
  const least = new Map<string, number>()
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, work] of entries) {
      const began = processorMilliseconds()
      await work(round)
      least.set(name, Math.min(least.get(name) ?? Infinity, processorMilliseconds() - began))
    }
  }
  return Object.fromEntries(least) as Record<Name, number>
}
