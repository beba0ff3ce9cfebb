/**
 * Preloaded into the server: measures the delays of the event loop of the main thread, and appends a line to a file every ten
 * seconds. With a folder for it, takes a sampling heap profile, and writes it when the server ends.
 */
import { appendFileSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { isMainThread } from 'node:worker_threads'

/** The time between two measurements: a delay is what a timer takes longer. */
const intervalMs = 10
const reportEveryMs = 10_000
const longMs = 100

const file = process.env['SOAK_DELAYS']
const profileFile = process.env['SOAK_HEAP_PROFILE']

if (isMainThread && file !== undefined) {
  let count = 0
  /** @type {{ readonly at: number, readonly ms: number }[]} */
  let long = []
  let maxMs = 0
  let beganMs = performance.now()
  const measure = () => {
    const ms = performance.now() - beganMs - intervalMs
    count += 1
    maxMs = Math.max(maxMs, ms)
    if (ms >= longMs) long.push({ at: Date.now(), ms: Math.round(ms) })
    beganMs = performance.now()
    setTimeout(measure, intervalMs).unref()
  }
  setTimeout(measure, intervalMs).unref()
  setInterval(() => {
    appendFileSync(file, `${JSON.stringify({ at: Date.now(), count, maxMs: Math.round(maxMs), long })}\n`)
    count = 0
    maxMs = 0
    long = []
  }, reportEveryMs).unref()
}

if (isMainThread && profileFile !== undefined) {
  const session = new Session()
  session.connect()
  await session.post('HeapProfiler.startSampling', { samplingInterval: 64 * 1024 })
  const write = async () => {
    const { profile } = await session.post('HeapProfiler.getSamplingProfile')
    writeFileSync(profileFile, JSON.stringify(profile))
  }
  process.on('SIGUSR2', () => void write())
}
