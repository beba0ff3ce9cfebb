import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Checks a condition repeatedly until it is true, because a busy machine can be slow. After two minutes, the function throws an error that
 * contains the condition.
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 120_000; !(await holds()); await sleep(5)) {
    if (performance.now() > deadline) throw new Error(`${what}: it did not happen within two minutes`)
  }
}

/** The processor time of this process and its threads, in milliseconds. */
function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/**
 * Measures the processor time of each function in milliseconds. The functions run alternately in several rounds, and the result is the
 * minimum of the rounds. Other load on this machine and in this process therefore does not affect the result.
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
