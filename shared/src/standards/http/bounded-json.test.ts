import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { foldedKeys, isJsonObject, misspeltKey, ownValue, parseBoundedJson } from './bounded-json.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

test('JSON is read only if it is UTF-8 and nests less deep than allowed', () => {
  // prettier-ignore
  const cases: readonly { input: Uint8Array; parses: boolean; why: string }[] = [
    { input: bytes('{"a":[1]}'), parses: true, why: 'plain' },
    { input: bytes(nested(9)), parses: true, why: 'the deepest' },
    { input: bytes(nested(10)), parses: false, why: 'one too deep' },
    { input: bytes(nested(100_000)), parses: false, why: 'far too deep, and no stack is blown' },
    { input: bytes('{"a":'.repeat(10_000)), parses: false, why: 'too deep and cut off' },
    { input: bytes(`["${'['.repeat(50)}\\"${'{'.repeat(50)}"]`), parses: true, why: 'brackets in a string do not nest' },
    { input: bytes('["\\\\",[[]]]'), parses: true, why: 'an escaped backslash ends before the quote' },
    { input: bytes(''), parses: false, why: 'nothing' },
    { input: bytes('{'), parses: false, why: 'cut off' },
    { input: bytes(']'.repeat(50)), parses: false, why: 'closes what it never opened' },
    { input: bytes('{"a":NaN}'), parses: false, why: 'NaN is no JSON' },
    { input: bytes('{"a":1}x'), parses: false, why: 'something behind' },
    { input: bytes('\ufeff{}'), parses: false, why: 'a byte order mark' },
    { input: Uint8Array.of(0x22, 0xff, 0x22), parses: false, why: 'no UTF-8' },
    { input: Uint8Array.of(0x22, 0xc0, 0xa2, 0x22), parses: false, why: 'an overlong quote' },
    { input: Uint8Array.of(0x22, 0x5c), parses: false, why: 'ends within an escape' },
  ]
  for (const { input, parses, why } of cases) assert.equal(parseBoundedJson(input, 10) !== undefined, parses, why)
})

test('JSON is read only if it has no more values than allowed', () => {
  // prettier-ignore
  const cases: readonly { input: string; values: number; why: string }[] = [
    { input: '1', values: 1, why: 'one value' },
    { input: '[1,2,3]', values: 4, why: 'a list and what it holds' },
    { input: '{"a":1,"b":{"c":2}}', values: 4, why: 'objects and their members' },
    { input: `["${','.repeat(1000)}[{"]`, values: 2, why: 'what stands in a string is no value' },
    { input: `["${'x'.repeat(63)}\\"",2]`, values: 3, why: 'an escape at the end of what is looked at byte by byte' },
    { input: `["${'x'.repeat(64)}\\\\",2]`, values: 3, why: 'an escaped backslash behind that' },
    { input: `["${'x'.repeat(100)}\\"${',1'.repeat(50)}",2]`, values: 3, why: 'an escaped quote behind that' },
    { input: `["${'\\"'.repeat(1000)}",2]`, values: 3, why: 'nothing but escaped quotes' },
  ]
  for (const { input, values, why } of cases) {
    assert.notEqual(parseBoundedJson(bytes(input), 10, values), undefined, why)
    assert.equal(parseBoundedJson(bytes(input), 10, values - 1), undefined, why)
  }
  assert.equal(parseBoundedJson(bytes(`[${'1,'.repeat(20_000)}1]`), 10), undefined, 'more than any document has')
})

test('strings of any length and escapes are passed over as a parser would', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('"', '\\', 'x', ','), maxLength: 300 })), (texts) => {
      const input = JSON.stringify(texts)
      assert.deepEqual(parseBoundedJson(bytes(input), 3, texts.length + 2), texts)
    }),
  )
})

test('the output of JSON.stringify parses to the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value)
      assert.deepEqual(parseBoundedJson(bytes(text), 100), JSON.parse(text))
    }),
  )
})

test('only own members of a document are read', () => {
  const document = parseBoundedJson(bytes('{"__proto__":{"layers":[]},"a":1}'), 10)
  assert.ok(isJsonObject(document))
  assert.equal(ownValue(document, 'a'), 1)
  assert.equal(ownValue(document, 'layers'), undefined)
  assert.equal(ownValue(document, 'toString'), undefined)
  assert.equal(ownValue(document, 'constructor'), undefined)
})

test('a key that Go would treat as a known one is found', () => {
  const keys = foldedKeys(['layers', 'mediaType'])
  const cases: readonly { key: string; known: string | undefined; why: string }[] = [
    { key: 'layers', known: undefined, why: 'spelt as it should be' },
    { key: 'Layers', known: 'layers', why: 'another case' },
    { key: 'mediatype', known: 'mediaType', why: 'another case' },
    { key: 'layer\u017f', known: 'layers', why: 'the long s folds to s' },
    { key: 'layer', known: undefined, why: 'another word' },
    { key: 'org.example', known: undefined, why: 'a field of one’s own' },
  ]
  for (const { key, known, why } of cases) assert.equal(misspeltKey({ [key]: 1 }, keys), known, why)
})
