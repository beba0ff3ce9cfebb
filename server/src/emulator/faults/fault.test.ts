import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidFaultError, parseFault } from './fault.ts'

test('a fault without the members match and times affects every request', () => {
  assert.deepEqual(parseFault({ then: { status: 429, retryAfterSeconds: 5 } }), {
    match: {},
    then: { status: 429, retryAfterSeconds: 5 },
  })
})

test('each kind of effect is accepted', () => {
  const effects = [
    { status: 503 },
    { challenge: 'invalid_token' },
    { delayMs: 0 },
    { bytesPerSecond: 1 },
    { cutAfterBytes: 0 },
    { stallAfterBytes: 10 },
    { reset: true },
    { corrupt: true },
  ]
  const match = { surface: 'registry', method: 'GET', path: '/v2/*', repository: 'team/app', principal: 'admin' }
  for (const then of effects) assert.deepEqual(parseFault({ match, times: 2, then }), { match, times: 2, then })
})

// prettier-ignore
const invalid: readonly (readonly [string, unknown, RegExp])[] = [
  ['no object',                       'slow',                                                 /^fault: /],
  ['an unknown member',               { then: { reset: true }, time: 2 },                     /^fault: .*"time"/],
  ['an unknown member of match',      { match: { host: 'x' }, then: { reset: true } },        /^match: .*"host"/],
  ['an unknown surface',              { match: { surface: 'portal' }, then: { reset: true } }, /^match\.surface: /],
  ['a count of zero',                 { times: 0, then: { reset: true } },                    /^times: /],
  ['no effect',                       { then: {} },                                           /^then: exactly one of status, /],
  ['an absent effect',                { times: 2 },                                           /^then: /],
  ['two effects',                     { then: { status: 500, delayMs: 1 } },                  /^then: exactly one of status, /],
  ['a status of success',             { then: { status: 200 } },                              /^then\.status: /],
  ['a delay that waits for a status', { then: { delayMs: 5, retryAfterSeconds: 5 } },         /^then: .*"retryAfterSeconds"/],
  ['a delay longer than a connection', { then: { delayMs: 200_000 } },                        /^then\.delayMs: /],
  ['an unknown challenge',            { then: { challenge: 'invalid_user' } },                /^then\.challenge: /],
  ['a reset that is false',           { then: { reset: false } },                             /^then\.reset: /],
]

for (const [title, document, message] of invalid) {
  test(`a fault is invalid: ${title}`, () => {
    assert.throws(
      () => parseFault(document),
      (error) => {
        assert.ok(error instanceof InvalidFaultError)
        assert.match(error.message, message)
        return true
      },
    )
  })
}
