import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type Authorization, parseAuthorization } from './authorization-header.ts'

const base64 = (text: string, encoding: BufferEncoding = 'utf8'): string =>
  Buffer.from(text, encoding).toString('base64')
const basic = (username: string, password: string): Authorization => ({ scheme: 'basic', username, password })

test('an Authorization header is read as the client meant it', () => {
  // prettier-ignore
  const cases: readonly { header: string | undefined; authorization: Authorization; why: string }[] = [
    { header: undefined, authorization: { scheme: 'none' }, why: 'no header' },
    { header: `Basic ${base64('u:p')}`, authorization: basic('u', 'p'), why: 'plain' },
    { header: `bASIC ${base64('u:p')}`, authorization: basic('u', 'p'), why: 'schemes have no case' },
    { header: `Basic   ${base64('u:p')}  `, authorization: basic('u', 'p'), why: 'blanks' },
    { header: `Basic ${base64('u:p:q')}`, authorization: basic('u', 'p:q'), why: 'the first colon separates' },
    { header: `Basic ${base64('u:')}`, authorization: basic('u', ''), why: 'an empty password' },
    { header: `Basic ${base64(':p')}`, authorization: basic('', 'p'), why: 'an empty user name' },
    { header: `Basic ${base64('ü:ß')}`, authorization: basic('ü', 'ß'), why: 'docker writes UTF-8' },
    { header: `Basic ${base64('ü:ß', 'latin1')}`, authorization: basic('ü', 'ß'), why: 'az writes ISO 8859-1' },
    { header: `Basic ${base64('u:+/=ACR')}`, authorization: basic('u', '+/=ACR'), why: 'what ACR’s passwords are made of' },
    { header: `Basic ${base64('u:pw').replaceAll('=', '')}`, authorization: basic('u', 'pw'), why: 'no padding' },
    { header: `Basic ${base64('\ufeffu:p')}`, authorization: basic('\ufeffu', 'p'), why: 'a byte order mark is a character' },
    { header: 'Bearer a.b-c_d~e+f/g==', authorization: { scheme: 'bearer', token: 'a.b-c_d~e+f/g==' }, why: 'the alphabet of RFC 6750' },
    { header: 'bearer t', authorization: { scheme: 'bearer', token: 't' }, why: 'schemes have no case' },
  ]
  for (const { header, authorization, why } of cases) assert.deepEqual(parseAuthorization(header), authorization, why)
})

test('a header that is malformed is invalid, and never anonymous', () => {
  // prettier-ignore
  const cases: readonly { header: string; why: string }[] = [
    { header: '', why: 'empty' },
    { header: 'Basic', why: 'no credentials' },
    { header: 'Basic ', why: 'no credentials' },
    { header: 'Bearer ', why: 'no token' },
    { header: base64('u:p'), why: 'no scheme' },
    { header: `Basic ${base64('user')}`, why: 'no colon' },
    { header: 'Basic !!!!', why: 'no base64' },
    { header: 'Basic dTpw-_', why: 'the other alphabet' },
    { header: `Basic ${base64('u\0:p')}`, why: 'NUL, which PostgreSQL would not take' },
    { header: `Basic ${base64('u:p\r\n')}`, why: 'a line end' },
    { header: `Basic ${base64('u:p\x7f')}`, why: 'DEL' },
    { header: `Digest ${base64('u:p')}`, why: 'another scheme' },
    { header: 'Bearer a b', why: 'two tokens' },
    { header: 'Bearer a,b', why: 'two headers that a proxy joined' },
    { header: 'Bearer\ta', why: 'a tab' },
    { header: 'Bearer é', why: 'no ASCII' },
    { header: ' Bearer a', why: 'a blank before' },
    { header: `Bearer ${'a'.repeat(16 * 1024)}`, why: 'too long' },
    { header: `Bearer ${'.'.repeat(10_000_000)}`, why: 'ten megabytes of dots' },
  ]
  for (const { header, why } of cases) assert.deepEqual(parseAuthorization(header), { scheme: 'invalid' }, why)
})

test('any user name and password survive Basic', () => {
  const printable = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed() && !/\p{Cc}/u.test(text))
  fc.assert(
    fc.property(printable, printable, (user, password) => {
      const username = user.replaceAll(':', '')
      assert.deepEqual(parseAuthorization(`Basic ${base64(`${username}:${password}`)}`), basic(username, password))
    }),
  )
})
