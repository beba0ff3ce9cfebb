import type { Role } from './fairness-jobs.ts'
import type { Figure } from './figure.ts'

/** A kind of request, and who sends it. */
export interface Kind {
  readonly name: string
  readonly role: Role
}

type Percentiles = readonly [p50: number, p99: number]

/** The latencies of the other callers during the load, and the growth of the server's memory. */
export interface Seen {
  readonly pull: Percentiles
  readonly token: Percentiles
  readonly grownMiB: number
  readonly perSecond: number
  /** The share of one core that the server used for the requests of the attacker and the others. */
  readonly processorPercent: number
  readonly statuses: string
  /** Why the kind could not be measured. */
  readonly problem?: string
  /** The number of runs; the numbers are their medians. */
  readonly count: number
}

/** The figures, and the table of all values that they are from. */
export interface FairnessReport {
  readonly figures: readonly Figure[]
  readonly table: string
}

const mostGrownMiB = 200
const leastP99Ms = 25

/** Each value of a kind as a share of its limit: p50 and p99 of a pull, of a token, and memory. */
function sharesOf(seen: Seen, rest: Seen): readonly number[] {
  return [
    ...(['pull', 'token'] as const).flatMap((what) => [
      seen[what][0] / (3 * rest[what][0]),
      seen[what][1] / Math.max(5 * rest[what][1], leastP99Ms),
    ]),
    seen.grownMiB / mostGrownMiB,
  ]
}

/** The worst value of a kind, as a share of its limit; infinite if the kind could not be measured. */
export function shareOf(seen: Seen, rest: Seen): number {
  return seen.problem !== undefined ? Infinity : Math.max(...sharesOf(seen, rest))
}

function latencies(seen: Seen): readonly number[] {
  return [...seen.pull, ...seen.token]
}

function requestsOf({ perSecond, statuses, problem }: Seen): string {
  return problem ?? `${Math.round(perSecond)}/s: ${statuses}`
}

function rowOf({ name, role }: Kind, seen: Seen, rest: Seen): readonly string[] {
  const atRest = latencies(rest)
  return [
    `${name}, ${role}`,
    shareOf(seen, rest).toFixed(2),
    ...latencies(seen).map((ms, index) => `${ms.toFixed(1)} ms ×${(ms / (atRest[index] ?? NaN)).toFixed(1)}`),
    `+${Math.round(seen.grownMiB)} MiB`,
    `${Math.round(seen.processorPercent)} %`,
    String(seen.count),
    requestsOf(seen),
  ]
}

const heads = [
  'kind of request, caller',
  'worst',
  'pull p50',
  'pull p99',
  'token p50',
  'token p99',
  'memory',
  'processor',
  'runs',
  'its requests',
]

function table(rows: readonly (readonly string[])[]): string {
  const all = [heads, ...rows]
  const widths = heads.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 || column > 8 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return [line(heads), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/**
 * Reports the worst kinds first. Beside each value is its ratio to the value at rest. The column `worst` has the largest
 * share of a limit: p50 at most three times its value at rest, p99 at most five times or 25 ms, 200 MiB of memory.
 */
export function reportFairness(rest: Seen, kinds: ReadonlyMap<Kind, Seen>): FairnessReport {
  const ordered = [...kinds].toSorted(([, one], [, other]) => shareOf(other, rest) - shareOf(one, rest))
  const figures = ordered.map(([kind, seen]): Figure => {
    const written = (one: Seen) =>
      latencies(one)
        .map((ms) => ms.toFixed(1))
        .join('/')
    return {
      name: `fairness: ${kind.name}, ${kind.role}`,
      measured: shareOf(seen, rest),
      unit: 'ratio',
      bound: 'at most',
      target: 1,
      details: `p50/p99 of a pull and of a token ${written(seen)} ms (at rest ${written(rest)}), +${Math.round(seen.grownMiB)} MiB, ${requestsOf(seen)}`,
    }
  })
  const atRest = [
    'at rest',
    '',
    ...latencies(rest).map((ms) => `${ms.toFixed(1)} ms ×1.0`),
    '',
    `${Math.round(rest.processorPercent)} %`,
    String(rest.count),
    '',
  ]
  const over = figures.filter(({ measured }) => measured > 1).length
  const rows = [atRest, ...ordered.map(([kind, seen]) => rowOf(kind, seen, rest))]
  return {
    figures,
    table: `${table(rows)}\n\n${figures.length} kinds, ${figures.length - over} of them within all limits, ${over} over a limit`,
  }
}
