import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from './turns.ts'

test('one piece of work starts in each turn of the event loop, and callers take turns', async () => {
  const turns = new Turns()
  const [one, two] = [{}, {}]
  const begun: { readonly name: string; readonly at: number }[] = []
  const loop = { turn: 0, isOver: false }
  const count = () => {
    loop.turn += 1
    if (!loop.isOver) setImmediate(count)
  }
  setImmediate(count)
  const work = async (caller: object, name: string) => {
    await turns.next(caller)
    begun.push({ name, at: loop.turn })
  }
  await Promise.all([work(one, 'one'), work(one, 'one'), work(one, 'one'), work(two, 'two')])
  loop.isOver = true
  assert.deepEqual(
    begun.map(({ name }) => name),
    ['one', 'two', 'one', 'one'],
  )
  assert.equal(new Set(begun.map(({ at }) => at)).size, 4)
})

test('the stopwatch measures work as long as the work does not wait', async () => {
  const turns = new Turns()
  const busy = (milliseconds: number) => {
    for (const end = performance.now() + milliseconds; performance.now() < end;);
  }
  const whole = turns.stopwatch()
  busy(5)
  await Promise.resolve()
  busy(5)
  assert.ok(whole() >= 10)
  const waiting = turns.stopwatch()
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  assert.equal(waiting(), 0)
})
