import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HealthComponent, type HealthReading, createHealth } from './health.ts'
import { createLog } from '../log/log.ts'

const log = createLog('silent')

function component(name: string, required: boolean, check: HealthComponent['check']): HealthComponent {
  return { name, required, check }
}

function reading(state: HealthReading['state']): HealthReading {
  return { state, message: `It is ${state}.` }
}

test('only a required component makes the server unavailable', async () => {
  const states = ['ok', 'degraded', 'unavailable'] as const
  for (const required of [true, false]) {
    for (const state of states) {
      const components = [
        component('fine', true, async () => reading('ok')),
        component('asked', required, async () => reading(state)),
      ]
      const health = createHealth({ components, clock: { now: () => 0 }, log })
      const report = await health.report()
      const expected = state === 'unavailable' && !required ? 'degraded' : state
      assert.equal(report.status, expected, `${state}, required: ${required}`)
      assert.deepEqual(report.components[1], { name: 'asked', ...reading(state) })
    }
  }
})

test('a check that fails or hangs affects only the state of its own component', async () => {
  const components = [
    component('fails', false, () => {
      throw new Error('secret cause')
    }),
    component('rejects', false, () => Promise.reject(new Error('secret cause'))),
    component('hangs', true, () => new Promise<HealthReading>(() => undefined)),
    component('fine', true, async () => reading('ok')),
  ]
  const report = await createHealth({ components, clock: { now: () => 0 }, log }).report()
  assert.equal(report.status, 'unavailable')
  assert.deepEqual(
    report.components.map(({ state, message }) => [state, message]),
    [
      ['unavailable', 'The check failed.'],
      ['unavailable', 'The check failed.'],
      ['unavailable', 'The check did not finish within 2 seconds.'],
      ['ok', 'It is ok.'],
    ],
  )
})

test('a component is checked at most once a second, unless the report is refreshed', async () => {
  let asked = 0
  let nowMs = 5000
  const components = [
    component('counted', true, async () => {
      asked += 1
      return reading('ok')
    }),
  ]
  const health = createHealth({ components, clock: { now: () => nowMs }, log })
  await Promise.all(Array.from({ length: 100 }, () => health.report()))
  nowMs += 999
  await health.report()
  assert.equal(asked, 1)
  nowMs += 1
  await health.report()
  assert.equal(asked, 2)
  health.refresh()
  await health.report()
  assert.equal(asked, 3)
  nowMs -= 1_000_000
  await health.report()
  assert.equal(asked, 4, 'a clock that was set back keeps no report alive')
})

test('a hanging check is started again only after it has finished, and a failed check is started again at the next report', async () => {
  const asked = { hangs: 0, fails: 0 }
  let nowMs = 0
  let finish: (reading: HealthReading) => void = () => undefined
  const components = [
    component('hangs', true, async () => {
      asked.hangs += 1
      return asked.hangs === 1 ? new Promise<HealthReading>((resolve) => (finish = resolve)) : reading('ok')
    }),
    component('fails', false, () => {
      asked.fails += 1
      throw new Error('secret cause')
    }),
  ]
  const health = createHealth({ components, clock: { now: () => nowMs }, log })
  for (; nowMs < 2000; nowMs += 1000) assert.equal((await health.report()).status, 'unavailable')
  assert.deepEqual(asked, { hangs: 1, fails: 2 })
  finish(reading('degraded'))
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal((await health.report()).components[0]?.state, 'ok')
  assert.deepEqual(asked, { hangs: 2, fails: 3 })
})
