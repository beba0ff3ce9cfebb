import assert from 'node:assert/strict'
import { test } from 'node:test'
import { percentOf, sizeText } from './progress-bar.ts'

test('a size has the largest unit in which it is at least 1', () => {
  // prettier-ignore
  const cases: readonly (readonly [bytes: number, text: string])[] = [
    [0,             '0 B'],
    [1023,          '1023 B'],
    [1024,          '1.0 KiB'],
    [1536 * 1024,   '1.5 MiB'],
    [2 ** 30,       '1.0 GiB'],
    [2 ** 52,       '4096.0 TiB'],
  ]
  for (const [bytes, text] of cases) assert.equal(sizeText(bytes), text)
})

test('a percentage is rounded down, so that 100 % means complete', () => {
  assert.equal(percentOf(0), '0 %')
  assert.equal(percentOf(0.999), '99 %')
  assert.equal(percentOf(1), '100 %')
})
