import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { digestAlgorithm, digestHex, parseDigest } from './digest.ts'

const hex64 = 'a'.repeat(64)
const hex128 = 'b'.repeat(128)

test('a digest is an algorithm we compute and its hex to the letter', () => {
  const cases: readonly { text: string; parses: boolean; why: string }[] = [
    { text: `sha256:${hex64}`, parses: true, why: 'the usual one' },
    { text: `sha512:${hex128}`, parses: true, why: 'the other registered one' },
    { text: '', parses: false, why: 'an empty digest must not skip a check' },
    { text: 'sha256:', parses: false, why: 'nothing behind the colon' },
    { text: hex64, parses: false, why: 'no algorithm' },
    { text: `sha256:${hex64.toUpperCase()}`, parses: false, why: 'upper case would give one content two names' },
    { text: `SHA256:${hex64}`, parses: false, why: 'algorithms are lower case' },
    { text: `sha256:${hex64}a`, parses: false, why: 'one digit too many' },
    { text: `sha256:${hex64.slice(1)}`, parses: false, why: 'one digit too few' },
    { text: `sha512:${hex64}`, parses: false, why: 'the length of the other algorithm' },
    { text: `sha384:${'a'.repeat(96)}`, parses: false, why: 'an algorithm we do not compute' },
    { text: `md5:${'a'.repeat(32)}`, parses: false, why: 'a broken algorithm' },
    { text: `sha256+b64:${hex64}`, parses: false, why: 'a compound algorithm' },
    { text: 'sha256:../../../../etc/passwd', parses: false, why: 'path bits' },
    {
      text: `sha256:${'../../../../server/src/standards'.repeat(21)}a`,
      parses: false,
      why: 'path bits of the right length',
    },
    { text: `sha256:${hex64.slice(1)}\0`, parses: false, why: 'NUL' },
    { text: `sha256:${hex64}\n`, parses: false, why: 'a line end that $ would overlook in other languages' },
    { text: ` sha256:${hex64}`, parses: false, why: 'a blank' },
    { text: `sha256:${hex64},sha256:${hex64}`, parses: false, why: 'repeated' },
    { text: `sha256:${'g'.repeat(64)}`, parses: false, why: 'no hex' },
  ]
  for (const { text, parses, why } of cases) assert.equal(parseDigest(text), parses ? text : undefined, why)
})

test('every computed digest parses, and has its algorithm and its hex digits', () => {
  fc.assert(
    fc.property(fc.constantFrom('sha256', 'sha512'), fc.uint8Array(), (algorithm, bytes) => {
      const hex = createHash(algorithm).update(bytes).digest('hex')
      const digest = parseDigest(`${algorithm}:${hex}`)
      assert.ok(digest !== undefined)
      assert.equal(digestAlgorithm(digest), algorithm)
      assert.equal(digestHex(digest), hex)
    }),
  )
})
