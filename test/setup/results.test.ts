import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDir } from '../harness/temp-dir.ts'
import { openResults } from './results.ts'

test('A run finds the results that earlier runs left in the same folder', () => {
  using folder = tempDir('results')
  const path = join(folder.path, 'results')
  const result = { counts: { tests: 2, fail: 1 }, files: ['test/serve/log.test.ts'], failures: ['x'], failed: true }
  const first = openResults(path)
  assert.deepEqual(first.earlier, [])
  first.write(result)
  first.close()
  const second = openResults(path)
  assert.deepEqual(second.earlier, [result])
  assert.equal(second.answered, first.answered)
})

test('Without a path, the results are gone when the run ends', () => {
  const results = openResults(undefined)
  results.write({ counts: {}, files: [], failures: [], failed: false })
  assert.ok(existsSync(results.answered))
  results.close()
  assert.ok(!existsSync(results.answered))
})
