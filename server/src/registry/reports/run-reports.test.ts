import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onlyProcess } from '../../platform/jobs/processes.ts'
import type { Database } from '../../platform/sql/database.ts'
import { openTestDatabase, usualDatabaseKind } from '../../../testing/platform/test-database.ts'
import { registryMigrations } from '../migrations.ts'
import { type RunReport, RunReports } from './run-reports.ts'

const running = (): RunReport => ({ state: 'running', startedAtMs: 1, completedAtMs: undefined })

test('of runs that one process begins at the same time, one begins, also after an earlier one', async (t) => {
  const { database, dispose } = await openTestDatabase(usualDatabaseKind, registryMigrations)
  t.after(dispose)
  const reports = new RunReports({ name: 'requested-scrub', database, processes: onlyProcess() })
  for (let round = 0; round < 3; round += 1) {
    const begun = await Promise.all([reports.begin(running()), reports.begin(running()), reports.begin(running())])
    assert.deepEqual(begun, [true, false, false])
    assert.equal(await reports.begin(running()), false)
    // The last report says that it is running, as if its end could not be recorded.
    reports.end()
  }
})

test('a run whose first report cannot be written has not begun, and the next one begins', async (t) => {
  const { database, dispose } = await openTestDatabase(usualDatabaseKind, registryMigrations)
  t.after(dispose)
  let fails = true
  const transaction: Database['transaction'] = (work) =>
    fails ? Promise.reject(new Error('no database')) : database.transaction(work)
  const failing: Database = Object.create(database, { transaction: { value: transaction } }) as Database
  const reports = new RunReports({ name: 'requested-scrub', database: failing, processes: onlyProcess() })
  await assert.rejects(reports.begin(running()), /no database/)
  fails = false
  assert.equal(await reports.begin(running()), true)
})
