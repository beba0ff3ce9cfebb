import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from '../harness/until.ts'
import { userProject } from './user-project.ts'

const root = join(import.meta.dirname, '../..')

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a test of a user exercises every member of the interface', async () => {
  using project = userProject()
  project.link('@azure', join(root, 'node_modules/@azure'))
  project.add('every-member.ts', 'every-member.test.ts')
  const ran = await project.run(process.execPath, ['--test', '--test-reporter=tap'])
  assert.equal(ran.code, 0, `${ran.stdout}${ran.stderr}`)
  assert.match(ran.stdout, /^# fail 0$/m)
})

test('a failed test of node:test writes the log and the denials, and a test that passes writes nothing', async () => {
  using project = userProject()
  project.add('failing.mjs', 'failing.test.mjs')
  const ran = await project.run(process.execPath, ['--test', '--test-reporter=tap', '--test-name-pattern', 'fails'])
  assert.notEqual(ran.code, 0)
  const written = `${ran.stdout}${ran.stderr}`
  assert.match(written, /acrux: the log during the test:/)
  assert.match(written, /acrux: the last denials:\n.*pull team\/app/)
  const passed = await project.run(process.execPath, ['--test', '--test-reporter=tap', '--test-name-pattern', 'passes'])
  assert.equal(passed.code, 0, passed.stdout)
  assert.doesNotMatch(`${passed.stdout}${passed.stderr}`, /the log during the test/)
})

test('the emulator ends when the process of the test is killed', async () => {
  using project = userProject()
  project.add('killed.mjs', 'killed.mjs')
  const ran = await project.run(process.execPath, ['killed.mjs'])
  assert.equal(ran.code, null, ran.stderr)
  const pid = Number(ran.stdout.trim())
  assert.ok(pid > 0, ran.stdout)
  await until('the emulator has ended', () => !isRunning(pid))
})

test('an emulator that nobody stops does not keep the process alive', async () => {
  using project = userProject()
  project.add('forgotten.mjs', 'forgotten.mjs')
  const ran = await project.run(process.execPath, ['forgotten.mjs'])
  assert.deepEqual([ran.code, ran.stderr], [0, ''])
})
