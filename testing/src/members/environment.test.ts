import assert from 'node:assert/strict'
import { test } from 'node:test'
import { variablesOf } from './environment.ts'

const ready = {
  url: 'https://localhost:40123',
  control: 'http://127.0.0.1:40124',
  controlToken: 'control-token',
  pid: 1,
  resourceGroup: 'default',
  tenantId: 'tenant',
  subscriptionId: 'subscription',
  registry: 'acrux',
  loginServer: 'localhost:40123',
  caFile: '/a/ca.pem',
  caBundleFile: '/a/bundle.pem',
  trustStoreFile: '/a/trust.p12',
  owner: { appId: 'owner', secret: 'secret' },
}
const folderOf = (name: string) => `/tmp/${name}`

test('a client gets variables with which it uses the emulator and trusts its authority', () => {
  assert.deepEqual(variablesOf('sdk', ready, folderOf), {
    AZURE_AUTHORITY_HOST: 'https://localhost:40123',
    AZURE_TENANT_ID: 'tenant',
    AZURE_CLIENT_ID: 'owner',
    AZURE_CLIENT_SECRET: 'secret',
    AZURE_SUBSCRIPTION_ID: 'subscription',
    NODE_EXTRA_CA_CERTS: '/a/ca.pem',
    REQUESTS_CA_BUNDLE: '/a/bundle.pem',
    SSL_CERT_FILE: '/a/bundle.pem',
  })
  assert.equal(variablesOf('terraform', ready, folderOf)['ARM_METADATA_HOSTNAME'], 'localhost:40123')
  assert.match(variablesOf('java', ready, folderOf)['JAVA_TOOL_OPTIONS'] ?? '', /trustStore=\/a\/trust\.p12 /)
})

test('an unknown client is rejected, with a list of the known clients', () => {
  assert.throws(
    () => variablesOf('curl' as 'az', ready, folderOf),
    /no client curl: the clients are az, docker, podman/,
  )
})

test('a client that stores a sign-in gets a directory for the sign-in', () => {
  const created: string[] = []
  const create = (name: string) => {
    created.push(name)
    return folderOf(name)
  }
  assert.equal(variablesOf('az', ready, create)['AZURE_CONFIG_DIR'], '/tmp/azure')
  assert.equal(variablesOf('docker', ready, create)['DOCKER_CONFIG'], '/tmp/docker')
  assert.equal(variablesOf('podman', ready, create)['REGISTRY_AUTH_FILE'], '/tmp/podman/auth.json')
  assert.deepEqual(created, ['azure', 'docker', 'podman'])
})

test('over HTTP, no variable contains a certificate authority', () => {
  const http = { ...ready, caFile: null, caBundleFile: null, trustStoreFile: null }
  assert.deepEqual(Object.keys(variablesOf('docker', http, folderOf)), ['DOCKER_COMMAND', 'DOCKER_CONFIG'])
})
