import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonValue } from '../http/bounded-json.ts'
import { readDescriptor } from './descriptor.ts'
import { ManifestInvalidError } from './descriptor.ts'

const digest = `sha256:${'a'.repeat(64)}`
const plain = { mediaType: 'a/b', digest, size: 3 }
const withPrototypeKey: JsonValue = JSON.parse('{"__proto__":"x"}')

test('a descriptor is parsed with all fields that the registry needs', () => {
  const full = {
    ...plain,
    artifactType: 'c/d',
    platform: { architecture: 'arm64', os: 'linux', 'os.version': '10', variant: 'v8', 'os.features': ['x'] },
    annotations: { k: 'v' },
    urls: ['https://store.example.com/blob'],
    data: 'aGk=',
    'org.example.own': [1],
  }
  assert.deepEqual(readDescriptor(full, 'd'), {
    ...plain,
    artifactType: 'c/d',
    platform: { architecture: 'arm64', os: 'linux', osVersion: '10', variant: 'v8' },
    annotations: { k: 'v' },
    urls: ['https://store.example.com/blob'],
  })
})

test('a field that is null or empty is treated as missing', () => {
  const nulls = { ...plain, artifactType: '', platform: null, annotations: null, urls: null }
  assert.deepEqual(readDescriptor(nulls, 'd'), plain)
  assert.deepEqual(readDescriptor({ ...plain, platform: {} }, 'd').platform, { architecture: '', os: '' })
})

test('a malformed descriptor is rejected with its place in the document', () => {
  // prettier-ignore
  const cases: readonly { value: JsonValue | undefined; message: RegExp; why: string }[] = [
    { value: undefined, message: /^d is not a descriptor$/, why: 'missing' },
    { value: null, message: /^d is not a descriptor$/, why: 'null' },
    { value: [], message: /^d is not a descriptor$/, why: 'an array' },
    { value: 'x', message: /^d is not a descriptor$/, why: 'text' },
    { value: { digest, size: 1 }, message: /^d\.mediaType is missing$/, why: 'no type' },
    { value: { ...plain, mediaType: '' }, message: /^d\.mediaType is missing$/, why: 'an empty type' },
    { value: { ...plain, mediaType: 1 }, message: /mediaType is not a media type/, why: 'a number for a type' },
    { value: { ...plain, mediaType: 'a\nb' }, message: /mediaType is not/, why: 'a header could not carry it' },
    { value: { ...plain, mediaType: 'a\ud800b' }, message: /mediaType is not/, why: 'a lone surrogate' },
    { value: { ...plain, mediaType: 'a'.repeat(256) }, message: /mediaType is not/, why: 'too long' },
    { value: { ...plain, artifactType: {} }, message: /artifactType is not/, why: 'an object for a type' },
    { value: { ...plain, digest: null }, message: /^d\.digest is not/, why: 'no digest' },
    { value: { ...plain, digest: '' }, message: /digest is not/, why: 'an empty digest' },
    { value: { ...plain, digest: 'sha256:../x' }, message: /digest is not/, why: 'path bits' },
    { value: { ...plain, digest: [digest] }, message: /digest is not/, why: 'an array that would turn into the text' },
    { value: { ...plain, size: -1 }, message: /^d\.size is not/, why: 'negative' },
    { value: { ...plain, size: 1.5 }, message: /size is not/, why: 'a fraction' },
    { value: { ...plain, size: 2 ** 53 }, message: /size is not/, why: 'more than a double counts' },
    { value: { ...plain, size: Infinity }, message: /size is not/, why: 'what 1e999 is read as' },
    { value: { ...plain, size: '3' }, message: /size is not/, why: 'text' },
    { value: { ...plain, size: null }, message: /size is not/, why: 'null' },
    { value: { ...plain, platform: 'linux' }, message: /platform is not an object/, why: 'text' },
    { value: { ...plain, platform: { os: 1 } }, message: /platform\.os is not a string/, why: 'a number' },
    { value: { ...plain, annotations: ['a'] }, message: /annotations is not an object/, why: 'an array' },
    { value: { ...plain, annotations: { a: 1 } }, message: /value of d\.annotations is not a string/, why: 'a number' },
    { value: { ...plain, annotations: { a: '\udc00' } }, message: /Unicode/, why: 'a lone surrogate' },
    { value: { ...plain, annotations: { 'a\0': 'b' } }, message: /key of .* Unicode/, why: 'NUL' },
    { value: { ...plain, annotations: withPrototypeKey }, message: /not allowed/, why: 'a prototype' },
    { value: { ...plain, urls: 'https://x' }, message: /urls is not an array/, why: 'text' },
    { value: { ...plain, urls: [1] }, message: /entry of d\.urls is not a string/, why: 'a number' },
    { value: { ...plain, Digest: digest }, message: /digest has the wrong case/, why: 'Go would read the other one' },
  ]
  for (const { value, message, why } of cases) {
    assert.throws(
      () => readDescriptor(value, 'd'),
      (error) => {
        assert.ok(error instanceof ManifestInvalidError, why)
        assert.match(error.message, message, why)
        return true
      },
    )
  }
})

test('a size of minus zero is zero', () => {
  assert.ok(Object.is(readDescriptor({ ...plain, size: -0 }, 'd').size, 0))
})
