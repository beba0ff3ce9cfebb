import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onlyProcess } from '../../platform/jobs/processes.ts'
import { createLog } from '../../platform/log/log.ts'
import { type Job, startJobs } from './jobs.ts'

function open() {
  const time = { nowMs: 1_000_000 }
  const ran: string[] = []
  const job = (name: string, followsClock: boolean): Job => ({
    runs: 'once for all',
    intervalSeconds: 3600,
    ...(followsClock ? { followsClock: true } : {}),
    run: async () => void ran.push(name),
    failure: 'it failed',
    failureLevel: 'error',
  })
  const jobs = startJobs(
    { purge: job('purge', true), watch: job('watch', false) },
    { processes: onlyProcess(), isPaused: () => false, clock: { now: () => time.nowMs }, log: createLog('silent') },
  )
  return { time, ran, jobs }
}

test('a job that follows the clock runs once for each interval that passes on the steered clock', async (t) => {
  const { time, ran, jobs } = open()
  t.after(() => jobs.stop())
  time.nowMs += 59 * 60_000
  await jobs.runDue()
  assert.deepEqual(ran, [])
  time.nowMs += 60_000
  await jobs.runDue()
  await jobs.runDue()
  assert.deepEqual(ran, ['purge'])
})

test('a job that follows the clock runs if the clock is set back to a time before its last run', async (t) => {
  const { time, ran, jobs } = open()
  t.after(() => jobs.stop())
  time.nowMs -= 24 * 3_600_000
  await jobs.runDue()
  assert.deepEqual(ran, ['purge'])
})
