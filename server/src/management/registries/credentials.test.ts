import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Answer,
  at,
  codeOf,
  newRegistry,
  openTestManagement,
  registryPath,
  roleGuids,
  subscriptionScope,
} from '../../../testing/management/test-management.ts'

const server = await openTestManagement()
const { arm } = server
test.after(() => server.close())

const path = registryPath('Contoso')
await arm('PUT', path, newRegistry({ adminUserEnabled: true }))
const list = () => arm('POST', `${path}/listCredentials`)
const regenerate = (name: unknown) => arm('POST', `${path}/regenerateCredential`, { name })
const valueOf = ({ body }: Answer, index: number) => String(at(body, 'passwords', index, 'value'))

test('the credentials of the admin account are listed, and the listing records an event without them', async () => {
  const answer = await list()
  assert.equal(answer.status, 200)
  assert.deepEqual(answer.body, {
    username: 'Contoso',
    passwords: [
      { name: 'password', value: valueOf(answer, 0) },
      { name: 'password2', value: valueOf(answer, 1) },
    ],
  })
  assert.equal(valueOf(answer, 0).length, 52)
  assert.notEqual(valueOf(answer, 0), valueOf(answer, 1))
  const [event] = (await server.events()).filter(({ action }) => action === 'registry.list-credentials')
  assert.partialDeepStrictEqual(event, {
    outcome: 'success',
    target: path,
    actor_id: server.owner.servicePrincipal.objectId,
  })
})

for (const [name, index] of [
  ['password', 0],
  ['Password', 0],
  ['password2', 1],
  ['PASSWORD2', 1],
] as const) {
  test(`renewing "${name}" changes that password and not the other`, async () => {
    const before = await list()
    const renewed = await regenerate(name)
    assert.equal(renewed.status, 200)
    assert.notEqual(valueOf(renewed, index), valueOf(before, index))
    assert.equal(valueOf(renewed, 1 - index), valueOf(before, 1 - index))
    assert.deepEqual((await list()).body, renewed.body)
  })
}

for (const name of ['password3', '', 7, null, undefined, ['password']]) {
  test(`renewing ${JSON.stringify(name)} is rejected, and changes nothing`, async () => {
    const before = await list()
    const answer = await regenerate(name)
    assert.equal(answer.status, 400)
    assert.equal(codeOf(answer), 'InvalidRequestContent')
    assert.deepEqual((await list()).body, before.body)
  })
}

test('the credentials of a disabled admin account are neither shown nor renewed, and the denial records an event', async () => {
  const before = await list()
  await arm('PATCH', path, { properties: { adminUserEnabled: false } })
  for (const answer of [await list(), await regenerate('password')]) {
    assert.equal(answer.status, 400)
    assert.deepEqual(answer.body, {
      error: {
        code: 'UnAuthorizedForCredentialOperations',
        message: `Cannot perform credential operations for ${path} as admin user is disabled. Kindly enable admin user as per docs: https://docs.microsoft.com/en-us/azure/container-registry/container-registry-authentication#admin-account`,
      },
    })
  }
  const rejected = (await server.events()).filter(({ reason }) => reason === 'UnAuthorizedForCredentialOperations')
  assert.equal(rejected.length, 2)
  await arm('PATCH', path, { properties: { adminUserEnabled: true } })
  assert.deepEqual((await list()).body, before.body)
})

test('fault 29: the passwords are shown to nobody who has not that very right', async () => {
  for (const role of [roleGuids.reader, roleGuids.acrPull, roleGuids.acrPush]) {
    const principal = await server.principalWith(role, path)
    assert.equal((await arm('POST', `${path}/listCredentials`, undefined, principal)).status, 403)
    const renewal = await arm('POST', `${path}/regenerateCredential`, { name: 'password' }, principal)
    assert.equal(renewal.status, 403)
  }
  const shown = await arm('GET', path)
  const passwords = await list()
  for (const index of [0, 1]) assert.ok(!shown.text.includes(valueOf(passwords, index)))
})

test('a renewal that races with the deletion of the registry causes no server error', async () => {
  for (let round = 0; round < 8; round++) {
    const racing = registryPath('racing')
    await arm('PUT', racing, newRegistry({ adminUserEnabled: true }))
    const [renewed, listed] = await Promise.all([
      arm('POST', `${racing}/regenerateCredential`, { name: 'password' }),
      arm('POST', `${racing}/listCredentials`),
      arm('DELETE', racing),
    ])
    assert.ok(renewed.status === 200 || renewed.status === 404, renewed.text)
    assert.ok(listed.status === 200 || listed.status === 404, listed.text)
  }
})

test('the log and the events contain no password, token or client secret', async () => {
  const passwords = await regenerate('password')
  await arm('GET', path, undefined, { token: `${server.ownerToken}x` })
  await arm('POST', `${path}/regenerateCredential`, undefined, { raw: `{"name":"${valueOf(passwords, 0)}"}` })
  const written = server.logLines.join('') + JSON.stringify(await server.events())
  assert.ok(written.includes('listCredentials'), 'the log was read')
  const secrets = [
    valueOf(passwords, 0),
    valueOf(passwords, 1),
    server.owner.secret,
    server.ownerToken.split('.')[2] ?? '',
    server.ownerToken.split('.')[1] ?? '',
  ]
  for (const secret of secrets) assert.ok(!written.includes(secret.slice(0, 24)))
})

const check = (name: unknown, rest: object = {}) =>
  arm('POST', `${subscriptionScope}/providers/Microsoft.ContainerRegistry/checkNameAvailability`, {
    name,
    type: 'Microsoft.ContainerRegistry/registries',
    ...rest,
  })

test('a name is available, taken in any case, or invalid', async () => {
  assert.equal(
    (await check('FreeName', { autoGeneratedDomainNameLabelScope: 'Unsecure' })).text,
    '{"availableLoginServerName":"freename.azurecr.example:5443","nameAvailable":true}',
  )
  assert.equal(
    (await check('CONTOSO')).text,
    '{"nameAvailable":false,"reason":"AlreadyExists","message":"The registry CONTOSO is already in use."}',
  )
  for (const name of ['', 'abcd', 'a-b-c-d', 'a'.repeat(51), 'contoso\u212a']) {
    assert.deepEqual((await check(name)).body, {
      nameAvailable: false,
      reason: 'Invalid',
      message: 'Resource names may contain alpha numeric characters only and must be between 5 and 50 characters.',
    })
  }
  assert.equal((await check('freename', { type: 'Microsoft.Storage/storageAccounts' })).status, 400)
  assert.equal((await check('freename', { autoGeneratedDomainNameLabelScope: 'NoReuse' })).status, 400)
  assert.equal((await check(7)).status, 400)
})

test('usage is shown with the limits of the SKU', async () => {
  const rows = async (sku: string) => {
    await arm('PATCH', path, { sku: { name: sku } })
    return (await arm('GET', `${path}/listUsages`)).body
  }
  const count = (name: string, limit: number) => ({ name, limit, currentValue: 0, unit: 'Count' })
  const size = (limit: number) => ({ name: 'Size', limit, currentValue: 0, unit: 'Bytes' })
  assert.deepEqual(await rows('Basic'), {
    value: [size(10_737_418_240), count('Webhooks', 2), count('ScopeMaps', 100), count('Tokens', 100)],
  })
  assert.deepEqual(await rows('Standard'), {
    value: [size(107_374_182_400), count('Webhooks', 10), count('ScopeMaps', 500), count('Tokens', 500)],
  })
  assert.deepEqual(await rows('Premium'), {
    value: [
      size(536_870_912_000),
      count('Webhooks', 500),
      count('Geo-replications', -1),
      count('IPRules', 200),
      count('VNetRules', 100),
      count('PrivateEndpointConnections', 200),
      count('ScopeMaps', 50_000),
      count('Tokens', 50_000),
    ],
  })
})
