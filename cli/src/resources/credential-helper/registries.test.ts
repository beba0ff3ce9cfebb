import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cloud, azureCloud } from '../../framework/profile/clouds.ts'
import { type Profile, parseProfile } from '../../framework/profile/profile.ts'
import { findOwner, loginServerOf } from './registries.ts'

const own: Cloud = { ...azureCloud, name: 'own', suffixes: { acrLoginServerEndpoint: '.registry.example.com' } }

function account(id: string, cloud: string, isDefault: boolean) {
  const user = { name: `${id}@contoso.com`, type: 'user' }
  return {
    signIn: { id, cloud, tenantId: 'one', userName: user.name, secretStore: 'file', method: { kind: 'secret' } },
    stored: { signIn: id, subscription: { id, tenantId: 'one', environmentName: cloud, isDefault, user } },
  }
}

function profileOf(accounts: readonly ReturnType<typeof account>[]): Profile {
  const profile = parseProfile({
    version: 1,
    activeCloud: 'own',
    clouds: [own],
    signIns: accounts.map(({ signIn }) => signIn),
    subscriptions: accounts.map(({ stored }) => stored),
    helperRegistries: [
      { name: 'main', loginServer: 'registry.example.com:5443', cloud: 'own' },
      { name: 'other', loginServer: 'other.example.org', cloud: 'own' },
    ],
  })
  assert.ok(profile)
  return profile
}

const both = profileOf([
  account('ada', 'own', false),
  account('job', 'own', true),
  account('azure', 'AzureCloud', false),
])

test('a login server belongs to the cloud with its suffix, or to the cloud that was set up for it, and to no other cloud', () => {
  const cases = [
    ['contoso.azurecr.io', 'azure'],
    ['contoso.registry.example.com', 'job'],
    ['registry.example.com:5443', 'job'],
    ['registry.example.com', undefined],
    ['other.example.org', 'job'],
    ['other.example.org.example.net', undefined],
    ['other.example.org:5443', undefined],
    ['another.example.org', undefined],
    ['contosoazurecr.io', undefined],
    ['contoso.azurecr.io.example.net', undefined],
    ['contoso.azurecr.cn', undefined],
    ['azurecr.io', undefined],
    ['index.docker.io', undefined],
    ['evil.example?.azurecr.io', undefined],
    ['evil.example#.azurecr.io', undefined],
    [String.raw`evil.example\.azurecr.io`, undefined],
    ['evil.example@contoso.azurecr.io', undefined],
    ['', undefined],
  ] as const
  for (const [loginServer, id] of cases) {
    assert.equal(ownerOf(both, loginServer), id, loginServer)
    if (id === undefined) assert.equal(findOwner(both, loginServer).kind, 'unknown', loginServer)
  }
})

test('a suffix without a leading dot matches no login server, because another host could end with the same text', () => {
  const clouds = [{ ...own, suffixes: { acrLoginServerEndpoint: 'registry.example.com' } }]
  for (const loginServer of ['evilregistry.example.com', 'registry.example.com', 'contoso.registry.example.com'])
    assert.equal(findOwner({ ...both, clouds, helperRegistries: [] }, loginServer).kind, 'unknown', loginServer)
})

test('a server that claims the suffix of another server gets no login servers of the other server', () => {
  const claims = ['.io', '.azurecr.io', '.example.com', '.contoso.azurecr.io'].map((acrLoginServerEndpoint) => ({
    ...azureCloud,
    name: acrLoginServerEndpoint,
    suffixes: { acrLoginServerEndpoint },
  }))
  const profile = { ...both, clouds: [...claims, own] }
  assert.equal(ownerOf(profile, 'contoso.azurecr.io'), 'azure')
  assert.equal(ownerOf(profile, 'app.contoso.azurecr.io'), 'azure')
  assert.equal(ownerOf(profile, 'contoso.registry.example.com'), 'job')
})

function ownerOf(profile: Profile, loginServer: string): string | undefined {
  const found = findOwner(profile, loginServer)
  return found.kind === 'owned' ? found.owner.signIn.id : undefined
}

test("if nobody is signed in to a registry's cloud, no account of another cloud is used", () => {
  const found = findOwner(profileOf([account('ada', 'own', true)]), 'contoso.azurecr.io')
  assert.deepEqual(found, { kind: 'signed-out', cloudName: 'AzureCloud' })
})

test('a server URL may have a scheme, a path and any case', () => {
  for (const url of ['contoso.azurecr.io', 'https://contoso.azurecr.io/v2/', ' HTTP://Contoso.azurecr.io\n'])
    assert.equal(loginServerOf(url), 'contoso.azurecr.io')
})
