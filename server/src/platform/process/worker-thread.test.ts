import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WorkerThread } from './worker-thread.ts'

/** A module for a thread that answers questions about a text. */
const module = (answer: string): URL => {
  const source = `import { answerQuestions } from ${JSON.stringify(new URL('./worker-thread.ts', import.meta.url).href)}
answerQuestions((text) => { ${answer} })`
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`)
}

test('A thread answers questions in order, and an error affects only its own question', async () => {
  const file = module("if (text === '') throw new RangeError('no text'); return text.length")
  const thread = new WorkerThread<string, number>(file, 1000)
  const outcomes = await Promise.allSettled(['a', '', 'abc'].map((text) => thread.ask(text)))
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : String(outcome.reason))),
    [1, 'Error: RangeError: no text', 3],
  )
})

test('When a thread ends, unanswered questions are rejected, and the next question starts a new thread', async () => {
  const thread = new WorkerThread<string, number>(module("while (text === 'stuck'); return text.length"), 1000)
  const stuck = Promise.allSettled([thread.ask('stuck'), thread.ask('behind it')])
  thread.end()
  assert.deepEqual(
    (await stuck).map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(await thread.ask('next'), 4)
})

test('An idle thread ends, and the next question starts a new thread', async () => {
  const thread = new WorkerThread<string, number>(module('return (globalThis.asked = (globalThis.asked ?? 0) + 1)'), 1)
  assert.deepEqual(await Promise.all([thread.ask(''), thread.ask('')]), [1, 2])
  await sleep(100)
  assert.equal(await thread.ask(''), 1)
})
