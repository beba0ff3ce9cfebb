import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type UpstreamSettings, trustsIssuer } from './settings.ts'

const tenant = '3d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11'
const other = '72f988bf-0000-4000-8000-2d7cd011db47'
const entra = (id: string) => `https://login.microsoftonline.com/${id}/v2.0`

// prettier-ignore
const table: readonly (readonly [kind: UpstreamSettings['kind'], named: string, allowedTenants: readonly string[], issuer: string, isAccepted: boolean, why: string])[] = [
  ['oidc',  'https://id.example.com', [],       'https://id.example.com',       true,  'the exact issuer'],
  ['oidc',  'https://id.example.com', [],       'https://id.example.com/',      false, 'another spelling is another issuer'],
  ['oidc',  'https://id.example.com', [],       entra(tenant),                  false, 'another provider'],
  ['entra', entra(tenant),            [],       entra(tenant),                  true,  'the one tenant'],
  ['entra', entra(tenant),            [],       entra(other),                   false, 'another tenant'],
  ['entra', entra('organizations'),   [],       entra(tenant),                  true,  'any tenant'],
  ['entra', entra('organizations'),   [tenant], entra(tenant),                  true,  'an allowed tenant'],
  ['entra', entra('organizations'),   [other],  entra(tenant),                  false, 'a tenant that is not allowed'],
  ['entra', entra('organizations'),   [],       `https://evil.example/${tenant}/v2.0`, false, 'another host'],
  ['entra', entra('organizations'),   [],       'https://id.example.com',       false, 'no tenant'],
]

test('people of an issuer may sign in if the settings name it, or any tenant of Entra', () => {
  for (const [kind, issuer, allowedTenants, presented, expected, why] of table) {
    const settings = { kind, issuer, allowedTenants: [...allowedTenants] } as unknown as UpstreamSettings
    assert.equal(trustsIssuer(settings, presented), expected, why)
  }
})
