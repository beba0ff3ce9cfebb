import { costOf, durationOf, longestFirst, mostlyWaits } from './durations.ts'

/** One of several parts of the files. Its number counts from 1. */
type Shard = { readonly number: number; readonly count: number }

/**
 * The files of one of several shards. Each file, the longest first, goes to the shard that has the least to do so far. Files that mostly
 * wait are distributed apart, because they run in parallel with the others.
 */
export function shardOf(files: readonly string[], { number, count }: Shard): string[] {
  const { waiting = [], others = [] } = Object.groupBy(files, (file) => (mostlyWaits(file) ? 'waiting' : 'others'))
  const waitingShards = distribute(waiting, count, (file) => durationOf(file)[1])
  const otherShards = distribute(others, count, costOf)
  return [...(waitingShards[number - 1] ?? []), ...(otherShards[number - 1] ?? [])]
}

function distribute(files: readonly string[], count: number, weigh: (file: string) => number): string[][] {
  const shards = Array.from({ length: count }, (): { weight: number; files: string[] } => ({ weight: 0, files: [] }))
  for (const file of longestFirst(files)) {
    const least = shards.reduce((a, b) => (b.weight < a.weight ? b : a))
    least.weight += weigh(file)
    least.files.push(file)
  }
  return shards.map((shard) => shard.files)
}

/** Reads `2/4` as the second of four shards; undefined if it is not a shard. */
export function parseShard(text: string): Shard | undefined {
  const [, number, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number)
  if (number === undefined || count === undefined || number < 1 || number > count) return undefined
  return { number, count }
}
