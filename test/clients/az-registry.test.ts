import assert from 'node:assert/strict'
import { after } from 'node:test'
import { at, listAt, stringAt } from '../harness/json.ts'
import { basic, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { azHome, loginServerSuffix, signIn, step } from './az/az.ts'

const server = await startServer()
const az = azHome(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { registry, loginServer, resourceGroup, subscriptionId } = server.firstRun
const registriesOf = (group: string): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/${group}/providers/Microsoft.ContainerRegistry/registries`

/** The password of that name in the answer of `az acr credential`. */
function passwordNamed(name: string, credentials: unknown): string {
  const found = listAt(credentials, 'passwords').find((one) => at(one, 'name') === name)
  return stringAt(found, 'value')
}

async function signsIn(username: string, password: string): Promise<boolean> {
  const { status } = await get(server, '/v2/', basic(username, password))
  assert.ok(status === 200 || status === 401, `GET /v2/ answered ${status}`)
  return status === 200
}

step('az acr list and show give the whole registry document', ['az'], async () => {
  await signIn(az, server)
  const shown = await az.json('acr', 'show', '-n', registry)
  assert.partialDeepStrictEqual(shown, {
    id: `${registriesOf(resourceGroup)}/${registry}`,
    name: registry,
    type: 'Microsoft.ContainerRegistry/registries',
    resourceGroup,
    loginServer,
    provisioningState: 'Succeeded',
    adminUserEnabled: false,
    anonymousPullEnabled: false,
    dataEndpointEnabled: false,
    encryption: { status: 'disabled' },
    networkRuleBypassOptions: 'AzureServices',
    publicNetworkAccess: 'Enabled',
    roleAssignmentMode: 'LegacyRegistryPermissions',
    zoneRedundancy: 'Disabled',
    policies: {
      azureAdAuthenticationAsArmPolicy: { status: 'enabled' },
      exportPolicy: { status: 'enabled' },
      quarantinePolicy: { status: 'disabled' },
      retentionPolicy: { days: 7, status: 'disabled' },
      softDeletePolicy: { retentionDays: 7, status: 'disabled' },
      trustPolicy: { status: 'disabled', type: 'Notary' },
    },
  })
  assert.ok(['Basic', 'Standard', 'Premium'].includes(stringAt(shown, 'sku', 'name')))
  assert.equal(stringAt(shown, 'sku', 'tier'), stringAt(shown, 'sku', 'name'))
  assert.ok(!Number.isNaN(Date.parse(stringAt(shown, 'creationDate'))))
  assert.deepEqual(await az.json('acr', 'list'), [shown])
  assert.deepEqual(await az.json('acr', 'list', '-g', resourceGroup.toUpperCase()), [shown])
  assert.equal(
    await az.text('acr', 'show', '-n', registry.toUpperCase(), '--query', 'loginServer', '-o', 'tsv'),
    loginServer,
  )
})

step('az acr show ends with ARM’s own error for a registry that is not there', ['az'], async () => {
  await az.fails(1, /could not be found/, 'acr', 'show', '-n', 'nosuchregistry')
  await az.fails(3, /ResourceNotFound/, 'acr', 'show', '-n', 'nosuchregistry', '-g', resourceGroup)
})

step('az acr check-name distinguishes free names from taken ones, in any case', ['az'], async () => {
  assert.partialDeepStrictEqual(await az.json('acr', 'check-name', '-n', 'freename'), {
    nameAvailable: true,
    availableLoginServerName: `freename${loginServerSuffix(server)}`,
  })
  const taken = await az.json('acr', 'check-name', '-n', registry.toUpperCase())
  assert.partialDeepStrictEqual(taken, { nameAvailable: false, reason: 'AlreadyExists' })
  assert.match(stringAt(taken, 'message'), new RegExp(`registry ${registry} is already in use`, 'i'))
})

step('az acr create makes a registry with a login server of its own', ['az'], async () => {
  await az.text('group', 'create', '-n', 'Second', '-l', 'westus')
  const made = await az.json('acr', 'create', '-n', 'contoso1', '-g', 'Second', '--sku', 'Basic')
  assert.partialDeepStrictEqual(made, {
    id: `${registriesOf('Second')}/contoso1`,
    name: 'contoso1',
    location: 'westus',
    sku: { name: 'Basic', tier: 'Basic' },
    loginServer: `contoso1${loginServerSuffix(server)}`,
    provisioningState: 'Succeeded',
    adminUserEnabled: false,
  })
  assert.deepEqual(await az.json('acr', 'show', '-n', 'contoso1'), made)
  const names = (await az.text('acr', 'list', '--query', '[].name', '-o', 'tsv')).split('\n').sort()
  assert.deepEqual(names, ['contoso1', registry].sort())
  const { status, headers } = await get(server, '/v2/', undefined, {
    loginServer: `contoso1${loginServerSuffix(server)}`,
  })
  assert.equal(status, 401)
  assert.match(String(headers['www-authenticate']), /service="contoso1\.azurecr\.localhost:\d+"$/)
})

step('az acr create is denied a name that is taken, and a group that is not there', ['az'], async () => {
  await az.fails(
    1,
    /AlreadyInUse|is already in use/,
    'acr',
    'create',
    '-n',
    'contoso1',
    '-g',
    resourceGroup,
    '--sku',
    'Basic',
  )
  // az looks the group up to learn its location, while it still reads its arguments: hence its code for those.
  await az.fails(2, /ResourceGroupNotFound/, 'acr', 'create', '-n', 'contoso2', '-g', 'nosuch', '--sku', 'Basic')
})

step('az acr update changes SKU, tags and anonymous pull, which Basic does not have', ['az'], async () => {
  await az.fails(
    1,
    /Anonymous pull is not supported/,
    'acr',
    'update',
    '-n',
    'contoso1',
    '--anonymous-pull-enabled',
    'true',
  )
  assert.partialDeepStrictEqual(await az.json('acr', 'update', '-n', 'contoso1', '--sku', 'Standard'), {
    sku: { name: 'Standard', tier: 'Standard' },
    anonymousPullEnabled: false,
  })
  assert.partialDeepStrictEqual(
    await az.json(
      'acr',
      'update',
      '-n',
      'contoso1',
      '--anonymous-pull-enabled',
      'true',
      '--tags',
      'team=a',
      'env=test',
    ),
    { anonymousPullEnabled: true, tags: { team: 'a', env: 'test' }, sku: { name: 'Standard' } },
  )
  const shown = await az.json('acr', 'show', '-n', 'contoso1')
  assert.partialDeepStrictEqual(shown, { anonymousPullEnabled: true, tags: { team: 'a', env: 'test' } })
})

step('az acr show-usage compares the usage with the limits of the SKU', ['az'], async () => {
  const rows = listAt(await az.json('acr', 'show-usage', '-n', 'contoso1'), 'value')
  const names = rows.map((row) => stringAt(row, 'name'))
  for (const name of ['Size', 'Webhooks', 'ScopeMaps', 'Tokens']) assert.ok(names.includes(name), `${name} is counted`)
  assert.partialDeepStrictEqual(
    rows.find((row) => at(row, 'name') === 'Size'),
    { limit: 107_374_182_400, currentValue: 0, unit: 'Bytes' },
  )
})

step('az acr show-usage shows the stored bytes, and a quota as the limit', ['az'], async () => {
  const { servicePrincipal } = server.firstRun
  const sizeRow = async () => {
    const rows = listAt(await az.json('acr', 'show-usage', '-n', registry), 'value')
    return rows.find((row) => at(row, 'name') === 'Size')
  }
  await pushImage(server, 'usage/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))
  const quotas = `${server.baseUrl}${registriesOf(resourceGroup)}/${registry}/providers/Acrux.Server/quotas`
  const put = ['rest', '--method', 'put', '--url', `${quotas}/all?api-version=2025-03-01-preview`]
  const made = await az.json(...put, '--body', '{"properties":{"limitBytes":5000000}}')
  const usedBytes = at(made, 'properties', 'usedBytes')
  assert.ok(Number(usedBytes) > 0)
  assert.partialDeepStrictEqual(await sizeRow(), { limit: 5_000_000, currentValue: usedBytes, unit: 'Bytes' })
  await az.text('rest', '--method', 'delete', '--url', `${quotas}/all?api-version=2025-03-01-preview`)
  assert.notEqual(at(await sizeRow(), 'limit'), 5_000_000)
})

step('az acr show-endpoints names the login server', ['az'], async () => {
  assert.partialDeepStrictEqual(await az.json('acr', 'show-endpoints', '-n', registry), { loginServer })
})

step('az acr credential show wants the admin account on, and then gives two passwords that work', ['az'], async () => {
  await az.fails(1, /admin-enabled true/, 'acr', 'credential', 'show', '-n', registry)
  const updated = await az.json('acr', 'update', '-n', registry, '--admin-enabled', 'true')
  assert.partialDeepStrictEqual(updated, { adminUserEnabled: true })

  const credentials = await az.json('acr', 'credential', 'show', '-n', registry)
  assert.equal(stringAt(credentials, 'username'), registry)
  assert.deepEqual(
    listAt(credentials, 'passwords').map((one) => at(one, 'name')),
    ['password', 'password2'],
  )
  const first = passwordNamed('password', credentials)
  const second = passwordNamed('password2', credentials)
  assert.notEqual(first, second)
  assert.match(first, /^[A-Za-z0-9+/=]{32,}$/)
  assert.ok(await signsIn(registry, first))
  assert.ok(await signsIn(registry.toUpperCase(), second))
})

step('az acr credential renew ends one password and leaves the other alone', ['az'], async () => {
  const before = await az.json('acr', 'credential', 'show', '-n', registry)
  const renewed = await az.json('acr', 'credential', 'renew', '-n', registry, '--password-name', 'password2')
  assert.deepEqual(await az.json('acr', 'credential', 'show', '-n', registry), renewed)
  assert.equal(passwordNamed('password', renewed), passwordNamed('password', before))
  assert.notEqual(passwordNamed('password2', renewed), passwordNamed('password2', before))
  assert.ok(await signsIn(registry, passwordNamed('password', before)))
  assert.ok(await signsIn(registry, passwordNamed('password2', renewed)))
  assert.ok(!(await signsIn(registry, passwordNamed('password2', before))))
})

step('az acr update disables the admin account, and both passwords stop working', ['az'], async () => {
  const credentials = await az.json('acr', 'credential', 'show', '-n', registry)
  await az.text('acr', 'update', '-n', registry, '--admin-enabled', 'false')
  for (const name of ['password', 'password2']) assert.ok(!(await signsIn(registry, passwordNamed(name, credentials))))
})

step('az acr delete ends the registry and its login server', ['az'], async () => {
  assert.equal(await az.text('acr', 'delete', '-n', 'contoso1', '--yes'), '')
  assert.equal(await az.text('acr', 'list', '--query', '[].name', '-o', 'tsv'), registry)
  const { status } = await get(server, '/v2/', undefined, { loginServer: `contoso1${loginServerSuffix(server)}` })
  assert.equal(status, 404)
  assert.partialDeepStrictEqual(await az.json('acr', 'check-name', '-n', 'contoso1'), { nameAvailable: true })
})
