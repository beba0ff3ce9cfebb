import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SharedCounts, createCountsMemory } from './shared-counts.ts'

function threeThreads() {
  const memory = createCountsMemory(3)
  return [0, 1, 2].map((thread) => new SharedCounts(memory, thread)) as [SharedCounts, SharedCounts, SharedCounts]
}

describe('shared counts', () => {
  it('the counts of the other threads are summed, by name and in total', () => {
    const [first, second, third] = threeThreads()
    const name = first.placeOf('a')
    first.add(name, 2)
    second.add(second.placeOf('a'), 3)
    second.add(second.placeOf('b'), 4)
    assert.deepEqual([first.others(name), second.others(name), third.others(name)], [3, 2, 5])
    assert.deepEqual([first.others(), second.others(), third.others()], [7, 2, 9])
    second.add(second.placeOf('b'), -4)
    assert.equal(third.others(), 5)
  })

  it('after a thread ended, its counts are no longer in the sum', () => {
    const [first, second, third] = threeThreads()
    for (const counts of [first, second]) counts.add(counts.placeOf('a'), 1)
    second.clear()
    assert.deepEqual([third.others(third.placeOf('a')), third.others()], [1, 1])
  })

  it('no name has the same index as the total', () => {
    const [counts] = threeThreads()
    for (let index = 0; index < 100_000; index += 1) assert.notEqual(counts.placeOf(`name ${index}`), 0)
  })
})
