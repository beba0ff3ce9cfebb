import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { openTestProvider, testTenantId } from '../../../testing/identity/test-provider.ts'

const strange = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '\0',
    '%',
    '%00',
    '%zz',
    '__proto__',
    '/.default',
    '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
    'https://management.core.windows.net//.default offline_access openid',
    "'",
    '\r\nx: y',
    testTenantId,
  ),
)
const names = [
  'client_id',
  'client_secret',
  'scope',
  'resource',
  'client_assertion',
  'code',
  'code_verifier',
  'device_code',
  'redirect_uri',
  'refresh_token',
  'username',
  'password',
  '__proto__',
  'x',
]
const grantTypes = [
  'client_credentials',
  'authorization_code',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:device_code',
  'password',
]

for (const kind of usualDatabaseKinds) {
  test(`no unauthenticated request to the provider causes a token or a 5xx (${kind})`, async (t) => {
    const provider = await openTestProvider(kind, { passwordGrant: true })
    t.after(provider.close)
    const fields = fc.array(fc.tuple(fc.constantFrom(...names), strange), { maxLength: 8 })
    const tenant = fc.oneof(fc.constantFrom(testTenantId, 'common', 'contoso.example', 'a.b'), strange)
    const suffix = fc.constantFrom('/oauth2/token', '/oauth2/v2.0/token', '/oauth2/v2.0/devicecode')
    const grant = fc.constantFrom(...grantTypes)
    await fc.assert(
      fc.asyncProperty(
        fc.record({ name: tenant, path: suffix, type: grant, pairs: fields, raw: fc.boolean(), password: strange }),
        async ({ name, path, type, pairs, raw, password }) => {
          const wellFormed = pairs.map(([key, text]): [string, string] => [key, text.toWellFormed()])
          const body = raw
            ? wellFormed.map((pair) => pair.join('=')).join('&')
            : new URLSearchParams([['grant_type', type], ...wellFormed]).toString()
          const basic = Buffer.from(`${testTenantId}:${password}`).toString('base64')
          const url = `/${encodeURIComponent(name.toWellFormed())}${path}`
          const response = await provider.post(url, body, raw ? { authorization: `Basic ${basic}` } : {})
          const text = await response.text()
          const isDevice = response.status === 200 && path.endsWith('/devicecode') && !text.includes('access_token')
          const isRejected = response.status >= 400 && response.status < 500
          assert.ok(isDevice || isRejected, `${url} ${body}: ${response.status} ${text}`)
        },
      ),
      { numRuns: 300 },
    )
  })

  test(`no random text is a valid token or makes the verification throw (${kind})`, async (t) => {
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
