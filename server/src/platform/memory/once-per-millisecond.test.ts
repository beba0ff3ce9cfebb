import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oncePerMillisecond } from './once-per-millisecond.ts'

test('a time is written out once for as long as it stays, and again when it comes back', () => {
  const written: number[] = []
  const text = oncePerMillisecond((ms) => {
    written.push(ms)
    return `at ${ms}`
  })
  const texts = [0, 0, 5, 5, 4, 5].map(text)
  assert.deepEqual(texts, ['at 0', 'at 0', 'at 5', 'at 5', 'at 4', 'at 5'])
  assert.deepEqual(written, [0, 5, 4, 5])
})
