import assert from 'node:assert/strict'
import { test } from 'node:test'
import { terminalLine, terminalText } from './terminal-text.ts'

test('characters that control a terminal, or hide or reorder text, are replaced', () => {
  // prettier-ignore
  const cases: readonly (readonly [text: string, shown: string, why: string])[] = [
    ['ünïcode 😀',      'ünïcode 😀', 'ordinary text stays'],
    ['\u001B[2J',       '?[2J',       'an escape sequence'],
    ['a\rb',            'a?b',        'a carriage return overwrites the line'],
    ['a\u009Bb',        'a?b',        'a control character of one byte in Latin-1'],
    ['a\u202Eb',        'a?b',        'a right-to-left override'],
    ['a\u200Bb',        'a?b',        'an invisible character'],
  ]
  for (const [text, shown, why] of cases) assert.equal(terminalText(text), shown, why)
})

test('a line feed stays in a text, and is replaced in a line', () => {
  assert.equal(terminalText('a\nb'), 'a\nb')
  assert.equal(terminalLine('a\nb'), 'a?b')
})
