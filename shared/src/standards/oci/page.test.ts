import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PageSize, parsePageSize } from './page.ts'

test('a page size is a whole number, and never more than a thousand', () => {
  const size = (value: number | undefined): PageSize => ({ ok: true, size: value })
  // prettier-ignore
  const cases: readonly { text: string | undefined; result: PageSize; why: string }[] = [
    { text: undefined, result: size(undefined), why: 'left to the server' },
    { text: '', result: size(undefined), why: 'left to the server' },
    { text: '0', result: size(0), why: 'an empty list' },
    { text: '1', result: size(1), why: 'one' },
    { text: '010', result: size(10), why: 'decimal, whatever it begins with' },
    { text: '1000', result: size(1000), why: 'the most' },
    { text: '1001', result: size(1000), why: 'a page may be shorter than asked' },
    { text: '2147483648', result: size(1000), why: '2^31 allocates nothing' },
    { text: '9'.repeat(400), result: size(1000), why: 'more than a double holds' },
    { text: '9'.repeat(401), result: { ok: false }, why: 'without end' },
    { text: '-1', result: { ok: false }, why: 'negative' },
    { text: '+1', result: { ok: false }, why: 'a sign' },
    { text: '1.5', result: { ok: false }, why: 'a fraction' },
    { text: '1e308', result: { ok: false }, why: 'an exponent' },
    { text: '0x10', result: { ok: false }, why: 'hex' },
    { text: ' 1', result: { ok: false }, why: 'a blank' },
    { text: '1\n', result: { ok: false }, why: 'a line end' },
    { text: '１', result: { ok: false }, why: 'a digit of another script' },
    { text: 'ten', result: { ok: false }, why: 'text' },
    { text: 'NaN', result: { ok: false }, why: 'text' },
  ]
  for (const { text, result, why } of cases) assert.deepEqual(parsePageSize(text), result, why)
})
