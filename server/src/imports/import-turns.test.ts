import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ImportTurns } from './import-turns.ts'

/** Imports that end when the test says so. */
function openTurns(maxRunning: number) {
  const turns = new ImportTurns(maxRunning)
  const started: { readonly name: string; readonly end: () => void }[] = []
  const begin = (caller: string, name: string): Promise<void> => {
    turns.count(caller)
    return turns
      .run(caller, () => new Promise<void>((end) => started.push({ name, end })))
      .finally(() => turns.uncount(caller))
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
