import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clients, variableNames, variablesOf } from './variables.ts'

const facts = {
  resourceManager: 'https://registry.example.com',
  authorityHost: 'https://registry.example.com',
  authority: { own: '/a/ca.pem', bundle: '/a/bundle.pem' },
  azureConfigDir: '/a/azure',
  tenantId: 't',
}

test("a client gets the variables with which it uses the server and trusts the server's authority", () => {
  assert.deepEqual(variablesOf('sdk', facts), {
    AZURE_AUTHORITY_HOST: 'https://registry.example.com',
    AZURE_TENANT_ID: 't',
    NODE_EXTRA_CA_CERTS: '/a/ca.pem',
    REQUESTS_CA_BUNDLE: '/a/bundle.pem',
    SSL_CERT_FILE: '/a/bundle.pem',
  })
  assert.equal(
    variablesOf('az', facts)['ARM_CLOUD_METADATA_URL'],
    'https://registry.example.com/metadata/endpoints?api-version=2019-05-01',
  )
})

test('a server that the system trusts, or a client without a sign-in, needs no variable', () => {
  const trusted = { ...facts, authority: undefined, tenantId: undefined }
  assert.deepEqual(Object.keys(variablesOf('sdk', trusted)), ['AZURE_AUTHORITY_HOST'])
  assert.deepEqual(Object.keys(variablesOf('docker', trusted)), ['DOCKER_COMMAND'])
})

test('the names are all variables that a client may get', () => {
  for (const client of clients) assert.deepEqual(Object.keys(variablesOf(client, facts)), variableNames(client))
})
