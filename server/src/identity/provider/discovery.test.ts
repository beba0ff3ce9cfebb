import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { openTestProvider, testOrigin, testTenantId } from '../../../testing/identity/test-provider.ts'
import { usualDatabaseKind } from '../../../testing/platform/test-database.ts'

type Metadata = Record<string, string | string[]> & { issuer: string }

test('discovery names the served endpoints below the configured origin, never below the Host of the request', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  for (const tenant of [testTenantId, testTenantId.toUpperCase(), 'contoso.example', 'Contoso.Example']) {
    for (const [version, suffix] of [
      ['v1', ''],
      ['v2', '/v2.0'],
    ] as const) {
      const response = await provider.get(`/${tenant}${suffix}/.well-known/openid-configuration`, {
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'http',
      })
      assert.equal(response.status, 200)
      const metadata = (await response.json()) as Metadata
      assert.equal(metadata.issuer, `${testOrigin}/${testTenantId}/${version === 'v2' ? 'v2.0' : ''}`)
      // az reads the tenant's id there. [azure-cli core/auth]
      assert.equal(metadata.issuer.split('/')[3], testTenantId)
      assert.deepEqual(metadata['grant_types_supported'], [
        'authorization_code',
        'refresh_token',
        'urn:ietf:params:oauth:grant-type:device_code',
        'client_credentials',
      ])
      assert.deepEqual(metadata['response_types_supported'], ['code'])
      assert.deepEqual(metadata['code_challenge_methods_supported'], ['S256'])
      for (const [name, value] of Object.entries(metadata)) {
        if (!/_endpoint$|_uri$/.test(name)) continue
        assert.ok(String(value).startsWith(`${testOrigin}/`), name)
        // Another module serves the pages.
        if (['authorization_endpoint', 'end_session_endpoint'].includes(name)) continue
        const served = await provider.get(String(value).slice(testOrigin.length))
        assert.notEqual(served.status, 404, `${name} is served`)
      }
    }
  }
})

test('the metadata of "common" and "organizations" has the tenant placeholder and endpoints of its own', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  for (const alias of ['common', 'organizations']) {
    const response = await provider.get(`/${alias}/v2.0/.well-known/openid-configuration`)
    const metadata = (await response.json()) as Metadata
    assert.equal(metadata.issuer, `${testOrigin}/{tenantid}/v2.0`)
    assert.equal(metadata['token_endpoint'], `${testOrigin}/${alias}/oauth2/v2.0/token`)
  }
})

test('an unknown tenant is AADSTS90002, and no path of another surface is read as a tenant', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  for (const tenant of ['consumers', 'other.example', '0d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11', 'contoso.example.evil']) {
    const response = await provider.get(`/${tenant}/v2.0/.well-known/openid-configuration`)
    assert.equal(response.status, 400, tenant)
    assert.equal(response.headers.get('cache-control'), 'no-store', tenant)
    const body = (await response.json()) as { error: string; error_codes: number[] }
    assert.deepEqual([body.error, body.error_codes], ['invalid_tenant', [90002]])
  }
  for (const [path, surface] of [
    ['/v2/a.b/manifests/x', '/v2/*'],
    ['/oauth2/token', '/oauth2/token'],
    ['/subscriptions/oauth2/v2.0/token', '/subscriptions/*'],
  ] as const) {
    assert.deepEqual(await (await provider.get(path)).json(), { surface })
  }
  for (const path of ['/graphs/oauth2/token', '/portal/oauth2/token', '/a/oauth2/token']) {
    const response = await provider.get(path)
    assert.equal(response.status, 404, path)
    assert.equal('error_codes' in ((await response.json()) as object), false, path)
  }
  const nowhere = await provider.get(`/${testTenantId}/saml2`)
  assert.equal(nowhere.status, 404)
})

test('discovery names the password grant only if it is enabled', async (t) => {
  for (const passwordGrant of [false, true]) {
    const provider = await openTestProvider(usualDatabaseKind, { passwordGrant })
    t.after(provider.close)
    const response = await provider.get(`/${testTenantId}/v2.0/.well-known/openid-configuration`)
    const metadata = (await response.json()) as Metadata
    assert.equal(metadata['grant_types_supported']?.includes('password'), passwordGrant)
  }
})

test('a client verifies tokens with the published keys, before and after a rotation', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  const before = await provider.token()
  await provider.identity.rotateKeys()
  const after = await provider.token()
  for (const path of [`/${testTenantId}/discovery/v2.0/keys`, '/common/discovery/keys', '/discovery/keys']) {
    const published = (await (await provider.get(path)).json()) as { keys: Record<string, unknown>[] }
    assert.equal(published.keys.length, 2)
    for (const key of published.keys)
      assert.deepEqual(Object.keys(key).toSorted(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
  }
  const keys = createRemoteJWKSet(new URL(`${provider.base}/common/discovery/keys`))
  for (const token of [before, after]) {
    await jwtVerify(token, keys, {
      issuer: `${testOrigin}/${testTenantId}/v2.0`,
      audience: 'https://management.core.windows.net/',
      currentDate: new Date(provider.time.nowMs),
    })
  }
})
