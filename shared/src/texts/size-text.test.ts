import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evenSizeText, sizeText } from './size-text.ts'

// prettier-ignore
const sizes: readonly (readonly [bytes: number, text: string, even: string])[] = [
  [0,                '0 B',       '0 B'],
  [1023,             '1,023 B',   '1023 B'],
  [1024,             '1 KiB',     '1.0 KiB'],
  [1536,             '1.5 KiB',   '1.5 KiB'],
  [1536 * 1024,      '1.5 MiB',   '1.5 MiB'],
  [5 * 1024 ** 3,    '5 GiB',     '5.0 GiB'],
  [2048 * 1024 ** 4, '2,048 TiB', '2048.0 TiB'],
]

test('a number of bytes has the largest unit in which it is at least 1', () => {
  for (const [bytes, text, even] of sizes) {
    assert.equal(sizeText(bytes), text)
    assert.equal(evenSizeText(bytes), even)
  }
})
