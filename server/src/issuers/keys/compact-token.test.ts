import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audiencesOf, instantClaim, parseCompactToken } from './compact-token.ts'

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const compact = (header: unknown, claims: unknown = { iss: 'x' }, signature = 'AAAA') =>
  `${encode(header)}.${encode(claims)}.${signature}`

// prettier-ignore
const rejected: readonly (readonly [why: string, text: string])[] = [
  ['no content',                               ''],
  ['two parts',                                'e30.e30'],
  ['four parts',                               'e30.e30.AAAA.AAAA'],
  ['no signature',                             compact({ alg: 'RS256' }, {}, '')],
  ['padding',                                  compact({ alg: 'RS256' }, {}, 'AA==')],
  ['the alphabet of base64',                   compact({ alg: 'RS256' }, {}, 'AA+/')],
  ['a leading space',                          ` ${compact({ alg: 'RS256' })}`],
  ['a trailing line break',                    `${compact({ alg: 'RS256' })}\n`],
  ['bits after the last byte',                 compact({ alg: 'RS256' }, {}, 'AB')],
  ['a header that is a list',                  compact([])],
  ['claims that are a string',                 compact({ alg: 'RS256' }, '"x"')],
  ['no algorithm',                             compact({})],
  ['an algorithm that is a number',            compact({ alg: 1 })],
  ['an algorithm of the prototype',            compact('{"__proto__":{"alg":"RS256"}}')],
  ['a duplicate algorithm',                    compact('{"alg":"none","alg":"RS256"}')],
  ['a duplicate claim',                        compact({ alg: 'RS256' }, '{"sub":"a","sub":"b"}')],
  ['a duplicate claim in two spellings',       compact({ alg: 'RS256' }, '{"sub":"a","su\\u0062":"b"}')],
  ['a byte order mark',                        compact({ alg: 'RS256' }, '\ufeff{}')],
  ['data after the claims',                    compact({ alg: 'RS256' }, '{}x')],
  ['a critical extension',                     compact({ alg: 'RS256', crit: ['exp'], exp: 1 })],
  ['an empty list of extensions',              compact({ alg: 'RS256', crit: [] })],
  ['a payload that is not encoded',            compact({ alg: 'RS256', b64: false })],
  ['compression',                              compact({ alg: 'RS256', zip: 'DEF' })],
  ['encryption',                               compact({ alg: 'RSA-OAEP', enc: 'A256GCM' })],
  ['a key id that is a number',                compact({ alg: 'RS256', kid: 1 })],
  ['a key id that is too long',                compact({ alg: 'RS256', kid: 'x'.repeat(513) })],
  ['a header that is too long',                compact({ alg: 'RS256', x5c: ['x'.repeat(7000)] })],
  ['claims that are too long',                 compact({ alg: 'RS256' }, { x: 'x'.repeat(13_000) })],
  ['claims that are nested too deep',          compact({ alg: 'RS256' }, '['.repeat(3000) + ']'.repeat(3000))],
]

for (const [why, text] of rejected) {
  test(`a text with ${why} is not parsed [RFC 7515 §2, §4.1.11; RFC 8725 §3]`, () => {
    assert.equal(parseCompactToken(text), undefined)
  })
}

test('a token is parsed, and keys and URLs in its header are ignored', () => {
  const text = compact({ alg: 'RS256', kid: 'k', jku: 'https://evil.example' }, { iss: 'x', aud: ['a', 'b'], exp: 1.5 })
  const token = parseCompactToken(text)
  assert.ok(token !== undefined)
  assert.deepEqual([token.text, token.alg, token.kid], [text, 'RS256', 'k'])
  assert.deepEqual(audiencesOf(token.claims), ['a', 'b'])
  assert.equal(instantClaim(token.claims, 'exp'), 1.5)
})

test('an instant is a number of seconds, and the audience one text or a short list', () => {
  for (const exp of ['1', -1, 1e12, null, [1], true]) assert.equal(instantClaim({ exp }, 'exp'), undefined)
  for (const aud of [1, null, {}, [1], ['a', 1], Array<string>(17).fill('a')])
    assert.deepEqual(audiencesOf({ aud }), [])
})
