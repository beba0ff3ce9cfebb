import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from '../../platform/log/log.ts'
import { openClockWatch } from './clock-watch.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'

for (const kind of testDatabaseKinds) {
  test(`${kind}: a server compares its clock only with the clock of PostgreSQL, and logs when the clocks begin to differ and when they agree again`, async (t) => {
    const { database, dispose } = await openTestDatabase(kind, [])
    t.after(dispose)
    const lines: string[] = []
    const log = createLog('info', { write: (line) => void lines.push(line) })
    let offsetMs = 0
    const watch = await openClockWatch({ database, clock: { now: () => Date.now() + offsetMs }, log })
    for (const [ms, logged] of [
      [0, 0],
      [-5000, 0],
      [-60_000, 1],
      [600_000, 1],
      [0, 2],
    ] as const) {
      offsetMs = ms
      await watch.probe()
      if (kind === 'sqlite') {
        assert.deepEqual([watch.aheadMs(), lines.length], [undefined, 0])
        continue
      }
      const differenceMs = watch.aheadMs() ?? Number.NaN
      assert.ok(Math.abs(differenceMs - ms) < 2000, `${differenceMs} ms`)
      assert.equal(lines.length, logged)
    }
  })
}
