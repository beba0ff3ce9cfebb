/**
 * Fails a process of tests that is still there a minute after its last test. A test that leaves a server, a connection or a
 * timer keeps its process alive, and the whole run would wait for ever: a time limit for tests does not end it.
 */
import { isMainThread } from 'node:worker_threads'

const patienceMs = Number(process.env.ACRUX_TEST_PATIENCE_MS ?? 60_000)

// The process that starts the others has no such variable. Each thread of a process imports this file too, and would load the test
// runner: a test that opens a database starts two threads.
if (isMainThread && process.env.NODE_TEST_CONTEXT !== undefined) {
  const { after } = await import('node:test')
  after(() => {
    const timer = setTimeout(() => {
      const left = process.getActiveResourcesInfo().join(', ')
      process.stderr.write(`The tests have ended, but their process has not. Something is still open: ${left}\n`)
      process.exit(1)
    }, patienceMs)
    timer.unref()
  })
}
