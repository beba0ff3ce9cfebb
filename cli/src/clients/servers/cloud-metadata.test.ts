import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cloudOfMetadata } from './cloud-metadata.ts'

const asked = 'https://registry.example.com:5443'

function metadataWith(changes: object = {}): object {
  return {
    name: 'Acrux',
    resourceManager: `${asked}/`,
    authentication: { loginEndpoint: asked, audiences: ['https://management.core.windows.net/'] },
    microsoftGraphResourceId: `${asked}/graph/`,
    suffixes: { acrLoginServer: 'azurecr.example.com:5443' },
    ...changes,
  }
}

test('a server describes its cloud, with the dot before the suffix of login servers', () => {
  const cloud = cloudOfMetadata('example', asked, metadataWith())
  assert.equal(cloud.isAcrux, true)
  assert.equal(cloud.endpoints.resourceManager, `${asked}/`)
  assert.equal(cloud.endpoints['portal'], null)
  assert.equal(cloud.suffixes['acrLoginServerEndpoint'], '.azurecr.example.com:5443')
  assert.equal(cloud.suffixes['keyvaultDns'], null)
})

test('a server describes no cloud of another origin', () => {
  const others = [
    'https://registry.example.com/',
    'https://registry.example.com:5444',
    'https://registry.example.net:5443/',
  ]
  for (const resourceManager of others)
    assert.throws(
      () => cloudOfMetadata('example', asked, metadataWith({ resourceManager })),
      /https:\/\/registry\.example\.com:5443 describes another server: https:\/\/registry/,
      resourceManager,
    )
})

test('a malformed address or suffix in the description of a server is rejected', () => {
  const authentication = (loginEndpoint: unknown, audiences: unknown = ['https://management.example.com/']) => ({
    authentication: { loginEndpoint, audiences },
  })
  const rejected: readonly object[] = [
    { resourceManager: 'http://registry.example.com:5443/' },
    { resourceManager: `${asked}/\u001b[2J` },
    { resourceManager: `${asked}/?x` },
    { resourceManager: 'https://user@registry.example.com:5443/' },
    authentication(undefined),
    authentication('http://registry.example.com:5443'),
    authentication(`${asked}\n`),
    authentication(`${asked}/\u202e`),
    authentication(`${asked}/${'a'.repeat(3000)}`),
    authentication(asked, []),
    authentication(asked, ['\u001b]0;title\u0007']),
    authentication(asked, [7]),
    { microsoftGraphResourceId: 'http://registry.example.com/graph' },
    { portal: 'javascript:alert(1)' },
    { portal: `${asked}/\u009b31m` },
    { gallery: `https://${asked}@evil.example.com/#` },
    { suffixes: { acrLoginServer: 'evil.example.com/' } },
    { suffixes: { acrLoginServer: 'evil.example.com?' } },
    { suffixes: { acrLoginServer: '.' } },
    { suffixes: { acrLoginServer: '..example.com' } },
    { suffixes: { acrLoginServer: 'a'.repeat(300) } },
    { suffixes: { keyVaultDns: 'vault.example.com\u001b[1m' } },
    { suffixes: { storage: 'storage example' } },
  ]
  for (const changes of rejected)
    assert.throws(
      () => cloudOfMetadata('example', asked, metadataWith(changes)),
      /does not describe its/,
      JSON.stringify(changes),
    )
  for (const metadata of [undefined, null, 'text', [], [metadataWith()], {}])
    assert.throws(() => cloudOfMetadata('example', asked, metadata), /does not describe its endpoints/)
})
