import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maskSecrets } from './log.ts'

// prettier-ignore
const texts: readonly (readonly [text: string, masked: string, why: string])[] = [
  ['a eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln b', 'a *** b',                             'a JWT'],
  ['client_secret=a~b.c&scope=x',                    'client_secret=***&scope=x',           'a form field'],
  ['https://h/?code=abc123&state=s',                 'https://h/?code=***&state=s',         'a query parameter'],
  ['authorization: Basic dXNlcjpwYXNzd29yZA==',      'authorization: Basic ***',            'a header'],
  ['eyJuZXh0X2xpbmsiOiBudWxsfQ==',                   'eyJuZXh0X2xpbmsiOiBudWxsfQ==',        'the token of a page'],
  ['GET https://localhost/v2/ 401',                  'GET https://localhost/v2/ 401',       'nothing secret'],
]

for (const [text, masked, why] of texts) {
  test(`masked text shows no secret: ${why}`, () => assert.equal(maskSecrets(text), masked))
}
