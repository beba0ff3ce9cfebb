import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { testDatabaseKinds } from '../platform/sql/test-database.ts'
import { openTestProvider, testTenantId } from './test-provider.ts'

const strange = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '\0',
    '%',
    '%00',
    '%zz',
    '__proto__',
    'client_credentials',
    '/.default',
    "'",
    '\r\nx: y',
    testTenantId,
  ),
)
const names = ['grant_type', 'client_id', 'client_secret', 'scope', 'resource', 'client_assertion', '__proto__', 'x']

for (const kind of testDatabaseKinds) {
  test(`nothing that a stranger sends to the provider gives a token or a 5xx (${kind})`, async (t) => {
    const provider = await openTestProvider(kind)
    t.after(provider.close)
    const fields = fc.array(fc.tuple(fc.constantFrom(...names), strange), { maxLength: 8 })
    const tenant = fc.oneof(fc.constantFrom(testTenantId, 'common', 'contoso.example', 'a.b'), strange)
    const suffix = fc.constantFrom('/oauth2/token', '/oauth2/v2.0/token')
    await fc.assert(
      fc.asyncProperty(tenant, suffix, fields, fc.boolean(), strange, async (name, path, pairs, raw, password) => {
        const wellFormed = pairs.map(([key, text]): [string, string] => [key, text.toWellFormed()])
        const body = raw
          ? wellFormed.map((pair) => pair.join('=')).join('&')
          : new URLSearchParams([['grant_type', 'client_credentials'], ...wellFormed]).toString()
        const basic = Buffer.from(`${testTenantId}:${password}`).toString('base64')
        const url = `/${encodeURIComponent(name.toWellFormed())}${path}`
        const response = await provider.post(url, body, raw ? { authorization: `Basic ${basic}` } : {})
        const text = await response.text()
        assert.ok(response.status >= 400 && response.status < 500, `${url} ${body}: ${response.status} ${text}`)
      }),
      { numRuns: 300 },
    )
  })

  test(`no text is a token, and none makes the verification throw (${kind})`, async (t) => {
    const provider = await openTestProvider(kind)
    t.after(provider.close)
    const parts = (await provider.token()).split('.')
    const part = fc.oneof(
      fc.constantFrom(...parts),
      fc.base64String().map((text) => text.replaceAll(/[+/=]/g, '_')),
      fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
      strange,
    )
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (chosen) => {
        const text = chosen.join('.')
        fc.pre(text !== parts.join('.'))
        assert.equal((await provider.identity.verifyAccessToken(text, ['arm', 'acr', 'graph'])).ok, false)
      }),
      { numRuns: 500 },
    )
  })
}
