import type { Load } from './children.ts'
import type { Cores } from './cores.ts'
import type { Outcome } from './jobs.ts'

/** How the benchmarks are run. */
export interface Settings {
  readonly cores: Cores
  readonly load: Load
  /** How often everything is measured, in turns. */
  readonly rounds: number
  /** How long requests are counted, each time. */
  readonly measuredMs: number
  readonly connections: number
  /** Further arguments of `acrux serve`. */
  readonly serverArgs: readonly string[]
  /** Says what is being done. */
  readonly say: (text: string) => void
}

/** One line of the result. */
export interface Figure {
  readonly name: string
  readonly measured: number
  readonly unit: 'ratio' | 'share' | 'milliseconds' | 'MiB' | 'KiB' | 'requests'
  readonly bound: 'at least' | 'at most'
  /** Undefined for a comparison that has no target. */
  readonly target: number | undefined
  /** The values from which it was computed, as text. */
  readonly details: string
}

/** Whether a figure meets its target. */
export function isMet({ measured, bound, target }: Figure): boolean {
  if (target === undefined) return true
  return bound === 'at least' ? measured >= target : measured <= target
}

/** The median of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN
  return (upper + lower) / 2
}

/** The median of the quotients of values that were measured one after the other. */
export function medianQuotient(above: readonly number[], below: readonly number[]): number {
  return median(above.map((value, index) => value / (below[index] ?? NaN)))
}

/** Measures several things in turns, so that other load of the machine affects all of them equally. */
export async function inTurns<Name extends string>(
  rounds: number,
  measurements: Readonly<Record<Name, () => Promise<Outcome>>>,
): Promise<Record<Name, Outcome[]>> {
  const names = Object.keys(measurements) as Name[]
  const outcomes = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Outcome[]>
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) outcomes[name].push(await measurements[name]())
  }
  return outcomes
}

/** Responses per second. */
export function rate({ amount, seconds }: Outcome): number {
  return amount / seconds
}

/** Responses per second of the server's processor time: equal to `rate` if no other process uses its core. */
export function cpuRate({ amount, serverCpuSeconds }: Outcome): number {
  return amount / serverCpuSeconds
}

/**
 * The rate of this server as a share of the rate of another: by time or by processor time, whichever is smaller. The
 * first includes the time in which a server waits; the second is correct even if the load is too light for the faster
 * server.
 */
export function share(outcomes: readonly Outcome[], others: readonly Outcome[]): number {
  return Math.min(
    medianQuotient(outcomes.map(rate), others.map(rate)),
    medianQuotient(outcomes.map(cpuRate), others.map(cpuRate)),
  )
}

/** The share of its core that the server used. */
export function busy(outcomes: readonly Outcome[]): number {
  return median(outcomes.map(({ serverCpuSeconds, seconds }) => serverCpuSeconds / seconds))
}

/** Seconds of the server's processor time for each GiB. */
export function cpuSecondsPerGiB({ amount, serverCpuSeconds }: Outcome): number {
  return serverCpuSeconds / (amount / 2 ** 30)
}
