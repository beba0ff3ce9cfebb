import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ConfigurationError, loadConfiguration } from './configuration.ts'
import { identityProviderFields } from './identity-providers.ts'

const right = {
  name: 'contoso',
  displayName: 'Contoso',
  issuer: 'https://id.example.com/realms/main',
  clientId: 'acrux',
  clientSecretFile: '/etc/acrux/contoso.secret',
}
const tenant = '3d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11'

const load = (providers: unknown) => loadConfiguration({ flags: { identityProviders: JSON.stringify(providers) } })

async function problemsOf(loading: Promise<unknown>): Promise<readonly string[]> {
  try {
    await loading
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
  return []
}

describe('an identity provider in the settings', () => {
  test('is complete with its defaults, each property of which the reference describes', async () => {
    const [provider] = (await load([right])).identityProviders
    assert.deepEqual(provider, {
      ...right,
      kind: 'oidc',
      scopes: ['openid', 'profile', 'email'],
      groupsClaim: 'groups',
      allowedTenants: [],
      createUsers: true,
      mfaAcrValues: [],
      signInHours: 8,
      privateNetwork: false,
    })
    for (const property of Object.keys(provider ?? {})) assert.ok(property in identityProviderFields, property)
  })

  const { clientSecretFile: _left, ...withoutSecret } = right
  const entra = { ...right, kind: 'entra', issuer: `https://login.microsoftonline.com/${tenant}/v2.0` }
  const several = { ...entra, issuer: 'https://login.microsoftonline.com/organizations/v2.0' }
  const cases: readonly { why: string; providers: unknown; problem?: RegExp }[] = [
    { why: 'Entra, one tenant', providers: [entra] },
    { why: 'Entra, several tenants', providers: [{ ...several, allowedTenants: [tenant.toUpperCase()] }] },
    { why: 'a certificate', providers: [{ ...withoutSecret, clientCertFile: 'c', clientKeyFile: 'k' }] },
    { why: 'every tenant', providers: [several], problem: /0\.issuer .*requires allowedTenants/ },
    { why: 'tenants of no use', providers: [{ ...entra, allowedTenants: [tenant] }], problem: /does not support it/ },
    { why: 'tenants without Entra', providers: [{ ...right, allowedTenants: [tenant] }], problem: /kind entra/ },
    { why: 'no issuer of Entra', providers: [{ ...right, kind: 'entra' }], problem: /id of a tenant/ },
    {
      why: 'common is everybody',
      providers: [{ ...entra, issuer: several.issuer.replace('organizations', 'common') }],
      problem: /id of a tenant/,
    },
    { why: 'in the clear', providers: [{ ...right, issuer: 'http://id.example.com' }], problem: /https/ },
    { why: 'a user in the URL', providers: [{ ...right, issuer: 'https://a:b@id.example.com' }], problem: /https/ },
    { why: 'a query', providers: [{ ...right, issuer: 'https://id.example.com/?a' }], problem: /https/ },
    {
      why: 'known by e-mail',
      providers: [{ ...right, allowedDomains: ['a.example'] }],
      problem: /0\.allowedDomains: no such setting/,
    },
    {
      why: 'a secret in the settings',
      providers: [{ ...withoutSecret, clientSecret: 'x' }],
      problem: /0\.clientSecret: no such setting/,
    },
    { why: 'no client credential', providers: [withoutSecret], problem: /set either clientSecretFile/ },
    {
      why: 'two client credentials',
      providers: [{ ...right, clientCertFile: 'c', clientKeyFile: 'k' }],
      problem: /set either/,
    },
    { why: 'half a client credential', providers: [{ ...withoutSecret, clientCertFile: 'c' }], problem: /set either/ },
    { why: 'a name that is a path', providers: [{ ...right, name: 'a/b' }], problem: /0\.name must be/ },
    { why: 'the same name twice', providers: [right, { ...right, issuer: 'https://b.example' }], problem: /same name/ },
    { why: 'the same issuer twice', providers: [right, { ...right, name: 'b' }], problem: /same issuer/ },
    { why: 'without an end', providers: [{ ...right, signInHours: 100_000 }], problem: /0\.signInHours must be/ },
    { why: 'a mapping', providers: right, problem: /must be a list of providers/ },
  ]
  for (const { why, providers, problem } of cases) {
    test(`${why}: ${problem === undefined ? 'accepted' : 'rejected'}`, async () => {
      const problems = await problemsOf(load(providers))
      if (problem === undefined) assert.deepEqual(problems, [])
      else assert.match(problems.join('\n'), problem)
    })
  }

  test('that is invalid is reported with its line in the file', async () => {
    const file = ['registry: contoso', 'identityProviders:', '  - name: contoso', '    issuer: http://x'].join('\n')
    const problems = await problemsOf(loadConfiguration({ flags: { config: 'a.yaml' }, readFile: () => file }))
    assert.ok(
      problems.some((problem) => problem.startsWith('a.yaml:4: identityProviders: 0.issuer must be')),
      problems.join('\n'),
    )
  })

  test('as a text that is not JSON is rejected', async () => {
    assert.match(
      (await problemsOf(loadConfiguration({ env: { ACRUX_IDENTITY_PROVIDERS: '[{' } }))).join(),
      /must be a list/,
    )
  })
})
