import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ImportTurns } from './import-turns.ts'

/** Imports that end when the test says so. */
function openTurns(maxRunning: number) {
  const turns = new ImportTurns(maxRunning)
  const started: { readonly name: string; readonly end: () => void }[] = []
  const never = new AbortController().signal
  /** Begins an import into a registry, by default one that only the caller uses. */
  const begin = (caller: string, name: string, { rid = caller, signal = never } = {}): Promise<void> => {
    const owner = { caller, rid }
    turns.count(owner)
    return turns
      .run(owner, signal, () => new Promise<void>((end) => started.push({ name, end })))
      .finally(() => turns.uncount(owner))
  }
  const names = async (): Promise<string[]> => {
    await nextTurn()
    return started.map(({ name }) => name)
  }
  return { started, begin, names }
}

test('a caller whose imports never end leaves others a turn and places in the queue', async () => {
  const { started, begin, names } = openTurns(4)
  const endless: Promise<void>[] = []
  assert.throws(
    () => {
      for (let number = 0; number < 68; number += 1) endless.push(begin('a', `a${number}`))
    },
    { name: 'ImportError', reason: 'busy' },
  )
  assert.equal(endless.length, 34)
  const others = [begin('b', 'b0'), begin('c', 'c0')]
  assert.deepEqual(await names(), ['a0', 'a1', 'a2', 'b0'])
  started[3]?.end()
  await others[0]
  assert.deepEqual(await names(), ['a0', 'a1', 'a2', 'b0', 'c0'])
  for (let number = 0; number < started.length; number += 1) {
    started[number]?.end()
    await nextTurn()
  }
  await Promise.all([...endless, ...others])
})

test('callers that wait for an import take turns, and each keeps its order', async () => {
  const { started, begin, names } = openTurns(1)
  const all = [begin('a', 'a0'), begin('a', 'a1'), begin('a', 'a2'), begin('b', 'b0'), begin('b', 'b1')]
  for (let number = 0; number < all.length; number += 1) {
    await nextTurn()
    assert.equal(started.length, number + 1)
    started[number]?.end()
  }
  await Promise.all(all)
  assert.deepEqual(await names(), ['a0', 'b0', 'a1', 'b1', 'a2'])
})

test('a registry whose imports never end leaves other registries a turn and places in the queue', async () => {
  const { started, begin, names } = openTurns(4)
  const endless: Promise<void>[] = []
  assert.throws(
    () => {
      for (let number = 0; number < 68; number += 1) {
        endless.push(begin(`caller ${number}`, `a${number}`, { rid: 'crowded' }))
      }
    },
    { name: 'ImportError', reason: 'busy' },
  )
  assert.equal(endless.length, 51)
  const other = begin('b', 'b0')
  assert.deepEqual(await names(), ['a0', 'a1', 'a2', 'b0'])
  for (let number = 0; number < started.length; number += 1) {
    started[number]?.end()
    await nextTurn()
  }
  await Promise.all([...endless, other])
  assert.equal(started.length, 52)
})

test('one end starts all imports that it admits', async () => {
  const { started, begin, names } = openTurns(4)
  const all = [0, 1, 2].map((number) => begin('a', `a${number}`, { rid: 'one' }))
  all.push(begin('a', 'a into two', { rid: 'two' }), begin('b', 'b into one', { rid: 'one' }))
  assert.deepEqual(await names(), ['a0', 'a1', 'a2'])
  started[0]?.end()
  assert.deepEqual((await names()).slice(3).toSorted(), ['a into two', 'b into one'])
  for (const { end } of started) end()
  await Promise.all(all)
})

test('an import whose signal is aborted before its turn leaves the queue, and gives its place back', async () => {
  const { started, begin, names } = openTurns(1)
  const first = begin('a', 'a0')
  const stop = new AbortController()
  const second = begin('a', 'a1', { signal: stop.signal })
  const third = begin('a', 'a2')
  stop.abort(new Error('enough'))
  await assert.rejects(second, /enough/)
  await assert.rejects(begin('a', 'a3', { signal: stop.signal }), /enough/)
  started[0]?.end()
  await first
  assert.deepEqual(await names(), ['a0', 'a2'])
  started[1]?.end()
  await third
})
