import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError, loadConfiguration } from './configuration.ts'

const tenantId = '3d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11'
const load = (tenants: unknown) => loadConfiguration({ flags: { trustedTenants: JSON.stringify(tenants) } })

test('a trusted tenant has a default cloud and an id in lower case', async () => {
  const { trustedTenants } = await load([{ tenantId: tenantId.toUpperCase() }])
  assert.deepEqual(trustedTenants, [{ tenantId, authorityHost: 'https://login.microsoftonline.com' }])
  const other = await load([{ tenantId, authorityHost: 'https://127.0.0.1:8443/' }])
  assert.deepEqual(other.trustedTenants, [{ tenantId, authorityHost: 'https://127.0.0.1:8443' }])
})

test('an invalid tenant or origin stops the start', async () => {
  const wrong: readonly unknown[] = [
    [{ tenantId: 'common' }],
    [{ tenantId: 'contoso.example' }],
    [{}],
    [{ tenantId }, { tenantId: tenantId.toUpperCase() }],
    [{ tenantId, authorityHost: 'http://login.microsoftonline.com' }],
    [{ tenantId, authorityHost: 'https://login.microsoftonline.com/common' }],
    [{ tenantId, authorityHost: 'https://user@login.microsoftonline.com' }],
    [{ tenantId, issuer: 'https://issuer.example' }],
    { tenantId },
  ]
  for (const tenants of wrong) await assert.rejects(load(tenants), ConfigurationError, JSON.stringify(tenants))
})
