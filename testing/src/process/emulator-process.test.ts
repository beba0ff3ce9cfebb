import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { AcruxStartError } from '../api/errors.ts'
import { startEmulator } from './emulator-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'acrux-process-'))
after(() => rmSync(folder, { recursive: true }))

/** A script that replaces the program `acrux` in the test. */
function programOf(script: string): string {
  const file = join(folder, `${script.length}.cjs`)
  writeFileSync(file, script)
  return file
}

const ready = `
  const file = process.argv[process.argv.indexOf('--ready-file') + 1]
  require('node:fs').writeFileSync(file, JSON.stringify({ url: 'https://localhost:1', flags: process.env.NODE_OPTIONS ?? '' }))
  process.stderr.write('a line of the log\\n')
  console.log('acrux: ready at https://localhost:1')
  process.stdin.on('end', () => process.exit(0)).resume()`

test('the content of the ready file describes the started emulator, and the emulator ends when it is stopped', async () => {
  const emulator = await startEmulator({ program: programOf(ready) })
  assert.deepEqual(emulator.ready, { url: 'https://localhost:1', flags: '' })
  await emulator.stop()
  assert.match(emulator.output.text(), /a line of the log/)
  await emulator.stop()
})

// prettier-ignore
const failures = [
  ['an emulator that ends',           "console.error('the seed cannot be applied'); process.exitCode = 20", 20, /the seed cannot be applied/],
  ['an emulator that ends by a signal', "process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 1000)", undefined, /ended with SIGTERM/],
] as const

for (const [title, script, exitCode, message] of failures) {
  test(`the start fails with the exit code and the output if the program ${title}`, async () => {
    const failed = await startEmulator({ program: programOf(script) }).catch((error: unknown) => error)
    assert.ok(failed instanceof AcruxStartError, String(failed))
    assert.equal(failed.exitCode, exitCode)
    assert.match(failed.message, message)
  })
}

test('an emulator that is not ready in time is killed', async () => {
  const program = programOf('setInterval(() => {}, 1000)')
  await assert.rejects(startEmulator({ program, startTimeoutMs: 100 }), /not ready within 100 ms/)
})

test('the start fails if the program does not exist', async () => {
  const program = join(folder, 'missing')
  await assert.rejects(
    startEmulator({ program }),
    (error) => error instanceof AcruxStartError && /ENOENT/.test(error.message),
  )
})
