import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cutText } from './cut-text.ts'

test('a text is cut at a length, and between characters', () => {
  // prettier-ignore
  const cases: readonly (readonly [text: string, maxLength: number, cut: string, why: string])[] = [
    ['',       3, '',     'nothing to cut'],
    ['abc',    3, 'abc',  'exactly the length'],
    ['abcd',   3, 'abc…', 'longer'],
    ['ab😀',   4, 'ab😀', 'a pair at the end fits'],
    ['ab😀c',  4, 'ab😀…', 'a pair before the cut stays whole'],
    ['ab😀c',  3, 'ab…',  'a pair at the cut is left out'],
  ]
  for (const [text, maxLength, cut, why] of cases) {
    assert.equal(cutText(text, maxLength, '…'), cut, why)
    assert.equal(cutText(text, maxLength), cut.replace('…', ''), why)
  }
})
