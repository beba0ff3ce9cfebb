import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { returnPathOf } from './return-path.ts'

// prettier-ignore
const cases: readonly (readonly [text: unknown, path: string, why: string])[] = [
  ['/portal/', '/portal/', 'the first page'],
  ['/portal/r/contoso?tab=tags#top', '/portal/r/contoso?tab=tags#top', 'a page with its filter'],
  ['/portal/r/a%2Fb', '/portal/r/a%2Fb', 'an encoded slash stays encoded'],
  [undefined, '/portal/', 'nothing'],
  [['/portal/x'], '/portal/', 'a repeated parameter'],
  ['https://evil.example/portal/', '/portal/', 'another origin'],
  ['//evil.example/portal/', '/portal/', 'a URL without a scheme'],
  ['/portal//evil.example', '/portal//evil.example', 'two slashes inside a path name no host'],
  ['/\\evil.example/portal/', '/portal/', 'browsers read a backslash as a slash'],
  ['/portal/\\..\\..\\evil', '/portal/', 'the same inside the path'],
  ['/portal/../account/security', '/portal/', 'another surface'],
  ['/portal/%2e%2e/sign-out', '/portal/', 'the same, encoded'],
  ['/portal/a\t/b', '/portal/', 'browsers drop tabs'],
  ['/portal/\r\nset-cookie: a=b', '/portal/', 'a header must not be split'],
  ['javascript:alert(1)', '/portal/', 'a script'],
  ['/portal/sign-in?kind=fresh', '/portal/', 'a loop of sign-ins'],
  ['/PORTAL/sign-in', '/portal/', 'in any case'],
  ['/portal/sign%2Din?kind=fresh', '/portal/', 'the server decodes paths'],
  ['/portal//sign-in', '/portal/', 'the server ignores repeated slashes'],
  ['/portal/%ff', '/portal/', 'no text'],
  ['/portal/api/session', '/portal/', 'data is no page'],
  [`/portal/${'x'.repeat(2000)}`, '/portal/', 'too long for a cookie'],
]

test('after a sign-in, the browser returns only to a page of the portal', () => {
  for (const [text, path, why] of cases) assert.equal(returnPathOf(text), path, why)
})

test('no return path leads to an address outside of the portal', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.string().map((text) => `/portal/${text}`),
      ),
      (text) => {
        const target = new URL(returnPathOf(text), 'https://acrux.example')
        return target.origin === 'https://acrux.example' && target.pathname.startsWith('/portal/')
      },
    ),
  )
})
