import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { azHome, claimsOf, loginServerSuffix, signInArguments, step, useCloud } from './az/az.ts'

const server = await startServer()
const az = azHome(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { tenantId, subscriptionId, resourceGroup, servicePrincipal, owner } = server.firstRun
const origin = server.baseUrl
const armResource = 'https://management.core.windows.net/'
const signedIn = [
  {
    id: subscriptionId,
    tenantId,
    state: 'Enabled',
    isDefault: true,
    user: { name: servicePrincipal.appId, type: 'servicePrincipal' },
  },
]

step('az knows the server as a cloud when every endpoint is named by a flag', ['az'], async () => {
  await az.text(
    'cloud',
    'register',
    '-n',
    'named',
    '--endpoint-resource-manager',
    `${origin}/`,
    '--endpoint-active-directory',
    origin,
    '--endpoint-active-directory-resource-id',
    armResource,
    '--endpoint-active-directory-graph-resource-id',
    'https://graph.windows.net/',
    '--suffix-acr-login-server-endpoint',
    loginServerSuffix(server),
  )
  await az.text('cloud', 'set', '-n', 'named')
  await az.text('config', 'set', 'core.instance_discovery=false')
  const cloud = await az.json('cloud', 'show', '-n', 'named')
  assert.equal(stringAt(cloud, 'endpoints', 'activeDirectory'), origin)
  assert.equal(stringAt(cloud, 'suffixes', 'acrLoginServerEndpoint'), loginServerSuffix(server))
  assert.match(stringAt(cloud, 'endpoints', 'microsoftGraphResourceId'), new RegExp(`^${origin}/graph/?$`))
})

step('az login signs a service principal in and finds the subscription', ['az'], async () => {
  const accounts = await az.json(...signInArguments(server))
  assert.partialDeepStrictEqual(accounts, signedIn)
  assert.partialDeepStrictEqual(await az.json('account', 'show'), { ...signedIn[0], environmentName: 'named' })
  assert.partialDeepStrictEqual(await az.json('account', 'list'), signedIn)
})

step('az account get-access-token hands out identity tokens of our provider for ARM and for ACR', ['az'], async () => {
  const forArm = await az.json('account', 'get-access-token')
  assert.partialDeepStrictEqual(forArm, { subscription: subscriptionId, tenant: tenantId, tokenType: 'Bearer' })
  const claims = claimsOf(stringAt(forArm, 'accessToken'))
  assert.partialDeepStrictEqual(claims, { tid: tenantId })
  assert.match(stringAt(claims, 'aud'), /^https:\/\/management\.core\.windows\.net\/?$/)
  assert.ok(stringAt(claims, 'iss').startsWith(`${origin}/${tenantId}`))

  const forAcr = await az.json('account', 'get-access-token', '--resource', 'https://containerregistry.azure.net')
  assert.match(
    stringAt(claimsOf(stringAt(forAcr, 'accessToken')), 'aud'),
    /^https:\/\/containerregistry\.azure\.net\/?$/,
  )
})

step('az group creates, shows, lists, finds and deletes a resource group', ['az'], async () => {
  const made = await az.json('group', 'create', '-n', 'Team', '-l', 'eastus', '--tags', 'purpose=test')
  assert.partialDeepStrictEqual(made, {
    id: `/subscriptions/${subscriptionId}/resourceGroups/Team`,
    name: 'Team',
    location: 'eastus',
    tags: { purpose: 'test' },
    type: 'Microsoft.Resources/resourceGroups',
    properties: { provisioningState: 'Succeeded' },
  })
  assert.deepEqual(await az.json('group', 'show', '-n', 'team'), made)
  const names = (await az.text('group', 'list', '--query', '[].name', '-o', 'tsv')).split('\n').sort()
  assert.deepEqual(names, ['Team', resourceGroup].sort())
  assert.equal(await az.text('group', 'exists', '-n', 'TEAM'), 'true')

  await az.text('group', 'delete', '-n', 'Team', '--yes')
  assert.equal(await az.text('group', 'exists', '-n', 'Team'), 'false')
  await az.fails(3, /ResourceGroupNotFound/, 'group', 'show', '-n', 'Team')
})

step('az finds every endpoint by itself when it is given the resource manager alone', ['az'], async () => {
  using other = azHome(server.caFile)
  await useCloud(other, server)
  const cloud = await other.json('cloud', 'show', '-n', 'acrux')
  assert.equal(stringAt(cloud, 'endpoints', 'activeDirectory').replace(/\/$/, ''), origin)
  assert.equal(stringAt(cloud, 'endpoints', 'resourceManager').replace(/\/$/, ''), origin)
  assert.equal(stringAt(cloud, 'suffixes', 'acrLoginServerEndpoint'), loginServerSuffix(server))
  assert.partialDeepStrictEqual(await other.json(...signInArguments(server)), signedIn)
})

step('az takes the endpoints from a file', ['az'], async () => {
  using other = azHome(server.caFile)
  const file = join(other.home.path, 'cloud.json')
  const endpoints = {
    resourceManager: `${origin}/`,
    activeDirectory: origin,
    activeDirectoryResourceId: armResource,
    activeDirectoryGraphResourceId: 'https://graph.windows.net/',
    microsoftGraphResourceId: `${origin}/graph/`,
  }
  writeFileSync(file, JSON.stringify({ endpoints, suffixes: { acrLoginServerEndpoint: loginServerSuffix(server) } }))
  await other.text('cloud', 'register', '-n', 'filed', '--cloud-config', `@${file}`)
  await other.text('cloud', 'set', '-n', 'filed')
  await other.text('config', 'set', 'core.instance_discovery=false')
  assert.partialDeepStrictEqual(await other.json(...signInArguments(server)), signedIn)
})

step('az needs nothing but its environment to find the server', ['az'], async () => {
  using other = azHome(server.caFile, {
    ARM_CLOUD_METADATA_URL: `${origin}/metadata/endpoints?api-version=2019-05-01`,
    AZURE_CORE_INSTANCE_DISCOVERY: 'false',
  })
  assert.partialDeepStrictEqual(await other.json(...signInArguments(server)), signedIn)
  const names = await other.text('acr', 'list', '--query', '[].name', '-o', 'tsv')
  assert.equal(names, server.firstRun.registry)
})

step('az login finds the tenant by its domain', ['az'], async () => {
  using other = azHome(server.caFile)
  await useCloud(other, server)
  const domain = owner.userPrincipalName.split('@')[1]
  assert.partialDeepStrictEqual(await other.json(...signInArguments(server, servicePrincipal, domain)), signedIn)
})

step('az login repeats why the provider denied: a wrong secret, an unknown application', ['az'], async () => {
  using other = azHome(server.caFile)
  await useCloud(other, server)
  const wrong = { appId: servicePrincipal.appId, password: `${servicePrincipal.password}x` }
  await other.fails(1, /ERROR: AADSTS7000215: /, ...signInArguments(server, wrong))
  const unknown = { appId: '5b6a8c0e-9a43-4f9b-8a57-0a2d3c1f7e11', password: servicePrincipal.password }
  await other.fails(1, /ERROR: AADSTS700016: /, ...signInArguments(server, unknown))
  await other.fails(1, /az login/, 'account', 'show')
})

step('az does not talk to a server whose certificate it cannot verify', ['az'], async () => {
  using other = azHome(server.caFile, { REQUESTS_CA_BUNDLE: undefined, SSL_CERT_FILE: undefined })
  await other.fails(
    1,
    /certificate verify failed|CERTIFICATE_VERIFY_FAILED/i,
    'cloud',
    'register',
    '-n',
    'unverified',
    '--endpoint-resource-manager',
    origin,
  )
})

step('az logout forgets the account', ['az'], async () => {
  await az.text('logout')
  await az.fails(1, /az login/, 'acr', 'list')
})
