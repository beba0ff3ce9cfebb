import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { splitRawPath } from './raw-path.ts'

test('a raw path is decoded exactly once and split at its slashes', () => {
  // prettier-ignore
  const cases: readonly { path: string; segments: readonly string[] | undefined; why: string }[] = [
    { path: '/', segments: [''], why: 'the root' },
    { path: '/a/b', segments: ['a', 'b'], why: 'plain' },
    { path: '/a%2Fb', segments: ['a', 'b'], why: 'an escaped slash is a slash' },
    { path: '/a%3Ab', segments: ['a:b'], why: 'an escaped colon' },
    { path: '/a%3ab', segments: ['a:b'], why: 'hex has no case' },
    { path: '/a//b/', segments: ['a', '', 'b', ''], why: 'empty segments are kept, for the grammar to reject' },
    { path: '/a%252Fb', segments: ['a%2Fb'], why: 'not decoded twice' },
    { path: '/a+b', segments: ['a+b'], why: 'a plus is no blank here' },
    { path: '/%C3%BC', segments: ['ü'], why: 'UTF-8' },
    { path: '/...', segments: ['...'], why: 'no dot segment' },
    { path: 'a/b', segments: undefined, why: 'not absolute' },
    { path: '', segments: undefined, why: 'nothing' },
    { path: '*', segments: undefined, why: 'what OPTIONS may ask' },
    { path: 'https://other.example/v2/', segments: undefined, why: 'the form that proxies get' },
    { path: '/a?b', segments: undefined, why: 'a query is the caller’s to cut off' },
    { path: '/a#b', segments: undefined, why: 'a fragment' },
    { path: '/a%', segments: undefined, why: 'half an escape' },
    { path: '/a%zz', segments: undefined, why: 'no hex' },
    { path: '/%ff', segments: undefined, why: 'no UTF-8' },
    { path: '/%c0%ae%c0%ae/', segments: undefined, why: 'overlong dots' },
    { path: '/a/../b', segments: undefined, why: 'a parent directory' },
    { path: '/a/%2e%2e/b', segments: undefined, why: 'an escaped parent directory' },
    { path: '/a%2f..%2fb', segments: undefined, why: 'a parent directory between escaped slashes' },
    { path: '/a/.', segments: undefined, why: 'the directory itself' },
    { path: '/a%00b', segments: undefined, why: 'NUL' },
    { path: '/a%0d%0ab', segments: undefined, why: 'a line end' },
    { path: '/a%7fb', segments: undefined, why: 'DEL' },
    { path: '/a%C2%85b', segments: undefined, why: 'a control character of the upper half' },
    { path: '/a\\b', segments: undefined, why: 'a backslash' },
    { path: '/a%5Cb', segments: undefined, why: 'an escaped backslash' },
    { path: `/${'a'.repeat(4096)}`, segments: undefined, why: 'too long' },
  ]
  for (const { path, segments, why } of cases) assert.deepEqual(splitRawPath(path), segments, why)
})

test('no segment is a path traversal', () => {
  const pieces = fc.constantFrom('/', '.', '..', '%2e', '%2E%2e', '%2f', '%5c', '\\', '%00', '%', '%25', 'a', 'é', '\n')
  fc.assert(
    fc.property(fc.array(pieces), (path) => {
      for (const segment of splitRawPath(`/${path.join('')}`) ?? []) {
        assert.ok(segment !== '.' && segment !== '..')
        assert.doesNotMatch(segment, /[/\\\p{Cc}]/u)
      }
    }),
    { numRuns: 1000 },
  )
})
