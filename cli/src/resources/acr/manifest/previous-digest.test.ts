import assert from 'node:assert/strict'
import { test } from 'node:test'
import { previousDigest } from './previous-digest.ts'

test('a tag moves back to the last other manifest that still exists', () => {
  const a = { digest: 'sha256:a', exists: true }
  const b = { digest: 'sha256:b', exists: true }
  const gone = { digest: 'sha256:c', exists: false }
  assert.equal(previousDigest([a, b]), 'sha256:b')
  assert.equal(previousDigest([a, a, gone, b]), 'sha256:b')
  assert.equal(previousDigest([{ cause: 'delete' }, a]), 'sha256:a', 'a deleted tag')
  assert.equal(previousDigest([a, gone]), undefined)
  assert.equal(previousDigest([]), undefined)
})
