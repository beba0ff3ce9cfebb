import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isName } from '../azure/object-name.ts'
import { isPlainDocument, isPlainLine, isPlainText, plainLine } from './plain-text.ts'

const controls = [
  '\0',
  '\u001b',
  '\u007f',
  '\u0085',
  '\u009b',
  '\u061c',
  '\u200e',
  '\u200f',
  '\u202e',
  '\u2066',
  '\u2069',
]

test('a text with a control character or a bidirectional control is not plain', () => {
  for (const control of controls) {
    const text = `a${control}b`
    const shown = JSON.stringify(text)
    assert.equal(isPlainLine(text), false, shown)
    assert.equal(isPlainText(text), false, shown)
    assert.equal(isName(text), false, shown)
    assert.equal(plainLine(text), 'a\ufffdb', shown)
    for (const document of [text, [text], { a: { b: [text] } }, { [text]: 1 }, { passwords: text }])
      assert.equal(isPlainDocument(document), false, shown)
    assert.equal(isPlainDocument({ passwordProfile: { password: text } }), true, shown)
  }
})

test('only a text of several lines may have tabs and line ends', () => {
  for (const end of ['\t', '\n', '\r']) {
    assert.equal(isPlainLine(`a${end}b`), false)
    assert.equal(isPlainText(`a${end}b`), true)
    assert.equal(isPlainDocument({ description: `a${end}b` }), true)
    assert.equal(isPlainDocument({ [`a${end}b`]: 'c' }), false)
  }
})

test('the letters of every script, and joined emoji, are plain', () => {
  for (const text of ['Zoë Ærø', 'שלום', 'مرحبا', '日本語', 'नमस्\u200dते', '👩\u200d🚀', 'a\u00a0b', ''])
    assert.equal(isPlainLine(text) && isPlainText(text) && plainLine(text) === text, true, text)
})
