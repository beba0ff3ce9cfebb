import { costOf, durationOf, longestFirst, mostlyWaits } from './durations.mjs'

/**
 * The files of one of several shards. Each file, the longest first, goes to the shard that has the least to do so far. Files that mostly
 * wait are distributed apart, because they run in parallel with the others.
 *
 * @param {readonly string[]} files From the root of the repository.
 * @param {{ readonly number: number, readonly count: number }} shard Its number counts from 1.
 */
export function shardOf(files, { number, count }) {
  const { waiting = [], others = [] } = Object.groupBy(files, (file) => (mostlyWaits(file) ? 'waiting' : 'others'))
  const waitingShards = distribute(waiting, count, (file) => durationOf(file)[1])
  const otherShards = distribute(others, count, costOf)
  return [...(waitingShards[number - 1] ?? []), ...(otherShards[number - 1] ?? [])]
}

/**
 * @param {readonly string[]} files
 * @param {number} count
 * @param {(file: string) => number} weigh
 */
function distribute(files, count, weigh) {
  const shards = Array.from({ length: count }, () => ({ weight: 0, files: /** @type {string[]} */ ([]) }))
  for (const file of longestFirst(files)) {
    const least = shards.reduce((a, b) => (b.weight < a.weight ? b : a))
    least.weight += weigh(file)
    least.files.push(file)
  }
  return shards.map((shard) => shard.files)
}

/**
 * Reads `2/4` as the second of four shards; undefined if it is not a shard.
 *
 * @param {string} text
 */
export function parseShard(text) {
  const [, number, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number)
  if (number === undefined || count === undefined || number < 1 || number > count) return undefined
  return { number, count }
}
