import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sizeText } from './size-text.ts'

// prettier-ignore
const sizes = [
  [0,                '0 B'],
  [1023,             '1,023 B'],
  [1024,             '1 KiB'],
  [1536,             '1.5 KiB'],
  [5 * 1024 ** 3,    '5 GiB'],
  [2048 * 1024 ** 4, '2,048 TiB'],
] as const

test('a number of bytes has the largest unit that leaves a digit before the point', () => {
  for (const [bytes, text] of sizes) assert.equal(sizeText(bytes), text)
})
