/**
 * Fails a process of tests that is still there a minute after its last test. A test that leaves a server, a connection or a
 * timer keeps its process alive, and the whole run would wait for ever: a time limit for tests does not end it.
 */
import { after } from 'node:test'

const patienceMs = Number(process.env.ACRUX_TEST_PATIENCE_MS ?? 60_000)

// The process that starts the others has no such variable.
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  after(() => {
    const timer = setTimeout(() => {
      const left = process.getActiveResourcesInfo().join(', ')
      process.stderr.write(`The tests have ended, but their process has not. Something is still open: ${left}\n`)
      process.exit(1)
    }, patienceMs)
    timer.unref()
  })
}
