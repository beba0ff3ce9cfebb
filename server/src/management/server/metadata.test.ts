import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { openTestManagement, publicOrigin } from '../../../testing/management/test-management.ts'

const server = await openTestManagement()
test.after(() => server.close())

const cloud = {
  portal: `${publicOrigin}/portal`,
  authentication: {
    loginEndpoint: publicOrigin,
    audiences: ['https://management.core.windows.net/', 'https://management.azure.com/'],
    tenant: 'common',
    identityProvider: 'AAD',
  },
  graphAudience: 'https://graph.windows.net/',
  graph: 'https://graph.windows.net/',
  name: 'Acrux',
  suffixes: {
    acrLoginServer: 'azurecr.example:5443',
    storage: 'azurecr.example:5443',
    keyVaultDns: 'vault.azure.net',
    sqlServerHostname: 'database.windows.net',
  },
  resourceManager: `${publicOrigin}/`,
  gallery: `${publicOrigin}/gallery/`,
  microsoftGraphResourceId: `${publicOrigin}/graph/`,
}

for (const query of ['?api-version=2022-09-01', '?api-version=2020-06-01', '']) {
  test(`the metadata is an object for the query "${query}"`, async () => {
    const { status, body } = await server.send('GET', `/metadata/endpoints${query}`)
    assert.equal(status, 200)
    assert.deepEqual(body, cloud)
  })
}

for (const query of ['?list=1', '?api-version=2022-09-01&list=1']) {
  test(`the metadata is a list for the query "${query}"`, async () => {
    const { status, body } = await server.send('GET', `/metadata/endpoints${query}`)
    assert.equal(status, 200)
    assert.deepEqual(body, [cloud])
  })
}

test('version 2019-05-01 is a list whose suffix has its dot, which the credential provider of AKS expects', async () => {
  const { body } = await server.send('GET', '/metadata/endpoints?api-version=2019-05-01')
  assert.deepEqual(body, [{ ...cloud, suffixes: { ...cloud.suffixes, acrLoginServer: '.azurecr.example:5443' } }])
})

test('the metadata is found with the doubled slash of az', async () => {
  assert.deepEqual((await server.send('GET', '//metadata/endpoints/?api-version=2022-09-01')).body, cloud)
})

test('the metadata comes from the configuration, not from the host of the request', async () => {
  const text = await new Promise<string>((resolve, reject) => {
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' }
    const request = http.get(`${server.base}/metadata/endpoints`, { headers }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString()))
      response.on('end', () => resolve(body))
    })
    request.on('error', reject)
  })
  assert.deepEqual(JSON.parse(text), cloud)
})
