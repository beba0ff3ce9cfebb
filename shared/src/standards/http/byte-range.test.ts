import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type ByteRange, parseByteRange, parseContentRange } from './byte-range.ts'

const part = (start: number, end: number): ByteRange => ({ kind: 'part', start, end })
const whole: ByteRange = { kind: 'whole' }
const unsatisfiable: ByteRange = { kind: 'unsatisfiable' }

test('a Range is parsed according to RFC 9110 §14.1.2', () => {
  // prettier-ignore
  const cases: readonly { header: string | undefined; sizeBytes: number; range: ByteRange; why: string }[] = [
    { header: undefined, sizeBytes: 100, range: whole, why: 'no header' },
    { header: 'bytes=0-9', sizeBytes: 100, range: part(0, 9), why: 'the first ten' },
    { header: 'BYTES=0-9', sizeBytes: 100, range: part(0, 9), why: 'units have no case' },
    { header: 'bytes= 0-9 ', sizeBytes: 100, range: part(0, 9), why: 'blanks around a list’s element' },
    { header: 'bytes=90-', sizeBytes: 100, range: part(90, 99), why: 'open' },
    { header: 'bytes=90-200', sizeBytes: 100, range: part(90, 99), why: 'an end behind the end' },
    { header: 'bytes=99-99', sizeBytes: 100, range: part(99, 99), why: 'the last byte' },
    { header: 'bytes=-10', sizeBytes: 100, range: part(90, 99), why: 'a suffix' },
    { header: 'bytes=-200', sizeBytes: 100, range: part(0, 99), why: 'a suffix longer than all' },
    { header: `bytes=0-${'9'.repeat(400)}`, sizeBytes: 100, range: part(0, 99), why: 'more than a double holds' },
    { header: 'bytes=100-', sizeBytes: 100, range: unsatisfiable, why: 'begins behind the end' },
    { header: 'bytes=100-200', sizeBytes: 100, range: unsatisfiable, why: 'begins behind the end' },
    { header: `bytes=${'9'.repeat(400)}-`, sizeBytes: 100, range: unsatisfiable, why: 'more than a double holds' },
    { header: 'bytes=-0', sizeBytes: 100, range: unsatisfiable, why: 'the last nothing' },
    { header: 'bytes=0-', sizeBytes: 0, range: unsatisfiable, why: 'something of nothing' },
    { header: 'bytes=-5', sizeBytes: 0, range: whole, why: 'a suffix of nothing is all of it' },
    { header: 'bytes=9-0', sizeBytes: 100, range: unsatisfiable, why: 'ends before it begins' },
    { header: 'bytes=0-1,5-6', sizeBytes: 100, range: whole, why: 'several' },
    { header: 'bytes=0-1,', sizeBytes: 100, range: whole, why: 'a list' },
    { header: 'bytes=-', sizeBytes: 100, range: whole, why: 'neither end' },
    { header: 'bytes=', sizeBytes: 100, range: whole, why: 'nothing' },
    { header: 'bytes=a-b', sizeBytes: 100, range: whole, why: 'text' },
    { header: 'bytes=0x1-2', sizeBytes: 100, range: whole, why: 'hex' },
    { header: 'bytes=--1', sizeBytes: 100, range: whole, why: 'a sign' },
    { header: 'bytes 0-9', sizeBytes: 100, range: whole, why: 'the form of another header' },
    { header: 'items=0-9', sizeBytes: 100, range: whole, why: 'another unit' },
    { header: '', sizeBytes: 100, range: whole, why: 'an empty header' },
  ]
  for (const { header, sizeBytes, range, why } of cases) assert.deepEqual(parseByteRange(header, sizeBytes), range, why)
})

test('a part is always within the representation', () => {
  const number = fc.option(fc.nat(300), { nil: '' as const })
  fc.assert(
    fc.property(number, number, fc.nat(200), (first, last, sizeBytes) => {
      const range = parseByteRange(`bytes=${first}-${last}`, sizeBytes)
      if (range.kind === 'part') assert.ok(0 <= range.start && range.start <= range.end && range.end < sizeBytes)
    }),
  )
})

test('the Content-Range of a chunk is read in the form of either specification', () => {
  // prettier-ignore
  const cases: readonly { header: string | undefined; range: { start: number; end: number } | undefined; why: string }[] = [
    { header: '0-99', range: { start: 0, end: 99 }, why: 'as distribution-spec has it' },
    { header: 'bytes 0-99/*', range: { start: 0, end: 99 }, why: 'as HTTP has it' },
    { header: 'bytes 0-99/100', range: { start: 0, end: 99 }, why: 'with the size' },
    { header: 'bytes 0-99', range: { start: 0, end: 99 }, why: 'a mixture' },
    { header: '5-5', range: { start: 5, end: 5 }, why: 'one byte' },
    { header: undefined, range: undefined, why: 'no header' },
    { header: '', range: undefined, why: 'an empty header' },
    { header: '9-5', range: undefined, why: 'ends before it begins' },
    { header: '0--1', range: undefined, why: 'what an empty chunk may be written as' },
    { header: 'bytes 0-99/99', range: undefined, why: 'ends behind its own end' },
    { header: 'bytes */100', range: undefined, why: 'no range' },
    { header: '0-', range: undefined, why: 'open' },
    { header: '-5', range: undefined, why: 'a suffix' },
    { header: 'bytes=0-99', range: undefined, why: 'the form of another header' },
    { header: '0-99,100-199', range: undefined, why: 'several' },
    { header: '0-9007199254740992', range: undefined, why: 'more than a double counts' },
    { header: '0-99999999999999999999', range: undefined, why: 'more than a double counts' },
    { header: '0-99\n', range: undefined, why: 'a line end' },
  ]
  for (const { header, range, why } of cases) assert.deepEqual(parseContentRange(header), range, why)
})
