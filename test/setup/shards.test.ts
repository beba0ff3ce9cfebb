import assert from 'node:assert/strict'
import { test } from 'node:test'
import { costOf, durationOf, mostlyWaits } from './durations.ts'
import { parseShard, shardOf } from './shards.ts'
import { allFiles } from './tiers.ts'

for (const count of [1, 2, 4]) {
  test(`Every file is in exactly one of ${count} shards`, () => {
    const shards = Array.from({ length: count }, (_, at) => shardOf(allFiles(), { number: at + 1, count }))
    assert.deepEqual(shards.flat().sort(), allFiles())
  })
}

test('Four shards take about the same time, apart from a single file that takes longer than a shard', () => {
  const shards = [1, 2, 3, 4].map((number) => shardOf(allFiles(), { number, count: 4 }))
  const sum = (files: readonly string[], weigh: (file: string) => number) =>
    files.reduce((total, file) => total + weigh(file), 0)
  for (const [kind, weigh] of [
    ['files that mostly wait', (file: string) => (mostlyWaits(file) ? durationOf(file)[1] : 0)],
    ['other files', (file: string) => (mostlyWaits(file) ? 0 : costOf(file))],
  ] as const) {
    const loads = shards.map((files) => sum(files, weigh))
    const longest = Math.max(...allFiles().map(weigh))
    assert.ok(Math.max(...loads) - Math.min(...loads) <= longest, `${kind}: ${loads.join(', ')}`)
  }
})

test('A shard is written as its number and the number of shards', () => {
  assert.deepEqual(parseShard('2/4'), { number: 2, count: 4 })
  for (const text of ['', '2', '0/4', '5/4', '2/4/6', 'a/b', '-1/4']) assert.equal(parseShard(text), undefined, text)
})
