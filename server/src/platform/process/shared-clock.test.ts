import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { machineClockOf } from './clock.ts'
import { createClockMemory, setClock, sharedClock } from './shared-clock.ts'

test('a shared clock shows the time of the machine until it is set', () => {
  const machine = { nowMs: 1000 }
  const clock = sharedClock(createClockMemory(), { now: () => machine.nowMs })
  assert.equal(clock.now(), 1000)
  machine.nowMs = 5000
  assert.equal(clock.now(), 5000)
})

test("a shared clock can be ahead of the machine's clock, or be stopped", () => {
  const machine = { nowMs: 1000 }
  const memory = createClockMemory()
  const clock = sharedClock(memory, { now: () => machine.nowMs })
  setClock(memory, { frozen: false, aheadMs: 500 })
  assert.equal(clock.now(), 1500)
  machine.nowMs = 2000
  assert.equal(clock.now(), 2500)
  setClock(memory, { frozen: true, nowMs: 42 })
  machine.nowMs = 3000
  assert.equal(clock.now(), 42)
  assert.equal(machineClockOf(clock).now(), 3000)
  setClock(memory, { frozen: false, aheadMs: -1000 })
  assert.equal(clock.now(), 2000)
})

test('a clock in another thread shows the new time as soon as it is set', async () => {
  const memory = createClockMemory()
  const file = new URL('shared-clock.ts', import.meta.url).href
  const body = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(${JSON.stringify(file)}).then(({ sharedClock }) => {
      const clock = sharedClock(workerData)
      parentPort.on('message', () => parentPort.postMessage(clock.now()))
      parentPort.postMessage('ready')
    })`
  const worker = new Worker(body, { eval: true, workerData: memory })
  const next = () => new Promise((resolve) => worker.once('message', resolve))
  try {
    assert.equal(await next(), 'ready')
    for (const nowMs of [1, 2, 3]) {
      setClock(memory, { frozen: true, nowMs })
      const shown = next()
      worker.postMessage('now')
      assert.equal(await shown, nowMs)
    }
  } finally {
    await worker.terminate()
  }
})
