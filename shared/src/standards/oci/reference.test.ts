import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseReference, parseTag } from './reference.ts'

test('a tag has the grammar of distribution-spec', () => {
  const cases: readonly { text: string; parses: boolean; why: string }[] = [
    { text: 'latest', parses: true, why: 'the usual one' },
    { text: '_', parses: true, why: 'an underscore may begin' },
    { text: '1.0-RC_1', parses: true, why: 'upper case is allowed' },
    { text: 'sha256-abc.sig', parses: true, why: 'what cosign writes' },
    { text: 'a'.repeat(128), parses: true, why: 'the longest' },
    { text: 'a'.repeat(129), parses: false, why: 'one too long' },
    { text: '', parses: false, why: 'nothing' },
    { text: '.a', parses: false, why: 'begins with a dot' },
    { text: '-a', parses: false, why: 'begins with a hyphen' },
    { text: '..', parses: false, why: 'a parent directory' },
    { text: 'a:b', parses: false, why: 'would look like a digest' },
    { text: 'a/b', parses: false, why: 'a slash' },
    { text: 'a\n', parses: false, why: 'a line end' },
    { text: 'ä', parses: false, why: 'no ASCII' },
  ]
  for (const { text, parses, why } of cases) assert.equal(parseTag(text), parses ? text : undefined, why)
})

test('a reference is a digest, a tag or nothing', () => {
  const digest = `sha256:${'0'.repeat(64)}`
  assert.deepEqual(parseReference(digest), { kind: 'digest', digest })
  assert.deepEqual(parseReference('latest'), { kind: 'tag', tag: 'latest' })
  assert.deepEqual(parseReference('0'.repeat(64)), { kind: 'tag', tag: '0'.repeat(64) }, 'bare hex is a lawful tag')
  assert.equal(parseReference('sha256:baddigeststring'), undefined, 'a malformed digest does not become a tag')
  assert.equal(parseReference(''), undefined)
})

test('a reference keeps its text', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const reference = parseReference(text)
      if (reference !== undefined) assert.equal(reference.kind === 'tag' ? reference.tag : reference.digest, text)
    }),
  )
})
