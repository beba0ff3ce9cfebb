import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { decompressed } from './built-file.ts'

test('a built file is decompressed only once', () => {
  const [one, other] = [gzipSync('one'), gzipSync('other')]
  assert.equal(decompressed(one).toString(), 'one')
  assert.equal(decompressed(other).toString(), 'other')
  assert.equal(decompressed(one), decompressed(one))
})
