import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cloud, azureCloud } from '../account/clouds.ts'
import { type Profile, parseProfile } from '../account/profile.ts'
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
    helperRegistries: [{ name: 'main', loginServer: 'registry.example.com:5443', cloud: 'own' }],
  })
  assert.ok(profile)
  return profile
}

const both = profileOf([
  account('ada', 'own', false),
  account('job', 'own', true),
  account('azure', 'AzureCloud', false),
])

test('a login server belongs to the cloud with its suffix, or for which it was set up, and to no other', () => {
  const cases = [
    ['contoso.azurecr.io', 'azure'],
    ['contoso.registry.example.com', 'job'],
    ['registry.example.com:5443', 'job'],
    ['registry.example.com', undefined],
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
    const found = findOwner(both, loginServer)
    assert.equal(found.kind === 'owned' ? found.owner.signIn.id : undefined, id, loginServer)
    if (id === undefined) assert.equal(found.kind, 'unknown', loginServer)
  }
})

test('without a sign-in to its cloud, a registry has no account of another cloud', () => {
  const found = findOwner(profileOf([account('ada', 'own', true)]), 'contoso.azurecr.io')
  assert.deepEqual(found, { kind: 'signed-out', cloudName: 'AzureCloud' })
})

test('a server URL may have a scheme, a path and any case', () => {
  for (const url of ['contoso.azurecr.io', 'https://contoso.azurecr.io/v2/', ' HTTP://Contoso.azurecr.io\n'])
    assert.equal(loginServerOf(url), 'contoso.azurecr.io')
})
