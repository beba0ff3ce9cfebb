import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Ran, run } from '../harness/clients.ts'
import { tempDir } from '../harness/temp-dir.ts'

async function runTests(code: string): Promise<Ran> {
  using dir = tempDir('leftovers')
  const file = join(dir.path, 'example.test.mjs')
  writeFileSync(file, `import { test } from 'node:test'\n${code}`)
  const preload = `--import=${new URL('leftovers.mjs', import.meta.url).href}`
  const env = { PATH: process.env['PATH'] ?? '', ACRUX_TEST_PATIENCE_MS: '100' }
  return await run(process.execPath, [preload, '--test', '--test-reporter=tap', file], { env, timeoutMs: 60_000 })
}

test('a process that a passed test keeps alive is ended, and fails', async () => {
  const ran = await runTests(
    `test('leaves a server', () => { process.getBuiltinModule('net').createServer().listen(0) })`,
  )
  assert.equal(ran.code, 1, ran.stderr)
  assert.match(ran.stdout, /^ok .* leaves a server\n[^]*still open: .*TCPServerWrap[^]*^not ok .*example\.test\.mjs$/m)
})

test('a process that a failed test keeps alive is ended', async () => {
  const ran = await runTests(
    `test('leaves a timer', () => { setInterval(() => undefined, 1000); throw new Error('failed') })`,
  )
  assert.equal(ran.code, 1, ran.stderr)
  assert.match(ran.stdout, /^not ok .* leaves a timer\n[^]*still open: .*Timeout/m)
})

test('a process that ends later than its tests, by itself, passes', async () => {
  const ran = await runTests(`test('leaves a moment', () => { setTimeout(() => undefined, 50) })`)
  assert.equal(ran.code, 0, ran.stdout)
  assert.doesNotMatch(ran.stdout, /still open/)
})
