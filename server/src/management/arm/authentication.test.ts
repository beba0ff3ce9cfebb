import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  at,
  codeOf,
  openTestManagement,
  publicOrigin,
  registryPath,
  subscriptionScope,
  tenantId,
} from '../../../testing/management/test-management.ts'

const server = await openTestManagement()
const { arm, send } = server
test.after(() => server.close())

const authorizationUri = `authorization_uri="${publicOrigin}/${tenantId}"`
const acrScope = 'https://containerregistry.azure.net/.default'
const graphScope = `${publicOrigin}/graph//.default`

test('the response to a request without a credential names the authority', async () => {
  const answer = await arm('GET', '/subscriptions', undefined, { token: '' })
  assert.equal(answer.status, 401)
  assert.deepEqual(answer.body, {
    error: {
      code: 'AuthenticationFailed',
      message: "Authentication failed. The 'Authorization' header is missing.",
    },
  })
  assert.equal(
    answer.headers.get('www-authenticate'),
    `Bearer ${authorizationUri}, error="invalid_token", error_description="The 'Authorization' header is missing."`,
  )
})

for (const header of ['Bearer', 'Bearer ', 'Bearer a b', 'Basic YTpi', 'Negotiate abc', 'x'.repeat(8000)]) {
  test(`a header of ${JSON.stringify(header.slice(0, 20))} does not authenticate`, async () => {
    const answer = await send('GET', '/subscriptions?api-version=1', { headers: { authorization: header } })
    assert.equal(answer.status, 401)
    assert.equal(codeOf(answer), 'AuthenticationFailed')
    assert.match(answer.headers.get('www-authenticate') ?? '', /error="invalid_token"/)
  })
}

for (const [audience, scope] of [
  ['ACR', acrScope],
  ['Graph', graphScope],
] as const) {
  test(`a token for ${audience} is not a token for ARM`, async () => {
    const token = await server.tokenFor(server.owner, scope)
    const answer = await arm('GET', '/subscriptions', undefined, { token })
    assert.equal(answer.status, 401)
    assert.match(String(at(answer.body, 'error', 'message')), /wrong audience/)
    assert.match(answer.headers.get('www-authenticate') ?? '', /error="invalid_token"/)
  })
}

/** What the challenge of continuous access evaluation asks for. */
function claimsAskedFor(headers: Headers): unknown {
  const challenge = headers.get('www-authenticate') ?? ''
  const match = new RegExp(
    `^Bearer realm="", ${authorizationUri}, error="insufficient_claims", claims="([A-Za-z0-9+/=]+)"$`,
  ).exec(challenge)
  assert.ok(match !== null, challenge)
  return JSON.parse(Buffer.from(match[1] ?? '', 'base64').toString())
}

test('a rejected token that a new one can replace is answered with the claims to request it', async () => {
  const [header, payload] = server.ownerToken.split('.')
  const forged = `${header}.${payload}.${'A'.repeat(342)}`
  const nbf = { essential: true, value: String(Math.floor(server.time.nowMs / 1000)) }
  const answer = await arm('GET', '/subscriptions', undefined, { token: forged })
  assert.equal(answer.status, 401)
  assert.deepEqual(claimsAskedFor(answer.headers), { access_token: { nbf } })
})

test('a token is denied from the next request after its secret or its principal is deleted', async () => {
  const { servicePrincipal, secret } = await server.createPrincipal('leaver')
  const token = await server.tokenFor({ servicePrincipal, secret })
  assert.equal((await arm('GET', '/subscriptions', undefined, { token })).status, 200)
  await server.database.transaction((transaction) =>
    server.directory.applications.deleteServicePrincipal(transaction, servicePrincipal.objectId),
  )
  const answer = await arm('GET', '/subscriptions', undefined, { token })
  assert.equal(answer.status, 401)
  claimsAskedFor(answer.headers)
})

test('an authenticated request must have an api-version; any value is accepted, in any case of the name', async () => {
  const missing = await arm('GET', '/subscriptions?')
  assert.equal(missing.status, 400)
  assert.deepEqual(missing.body, {
    error: {
      code: 'MissingApiVersionParameter',
      message: 'The api-version query parameter (?api-version=) is required for all requests.',
    },
  })
  assert.equal((await arm('GET', '/subscriptions?api-version=')).status, 400)
  assert.equal((await arm('GET', '/subscriptions?', undefined, { token: '' })).status, 401)
  for (const query of ['api-version=1999-01-01', 'API-Version=x', 'api-version=1&api-version=2']) {
    assert.equal((await arm('GET', `/subscriptions?${query}`)).status, 200, query)
  }
})

test('every response has the headers of ARM, and the correlation id of its events', async () => {
  await arm('PUT', registryPath('headers'), { location: 'local', sku: { name: 'Basic' } })
  const answers = [
    await arm('GET', '/subscriptions'),
    await arm('GET', registryPath('headers')),
    await arm('GET', registryPath('nosuch')),
    await arm('GET', '/subscriptions', undefined, { token: '' }),
    await arm('GET', '/subscriptions/nothing/is/here'),
  ]
  for (const { headers } of answers) {
    assert.equal(headers.get('cache-control'), 'no-cache')
    assert.equal(headers.get('pragma'), 'no-cache')
    assert.equal(headers.get('expires'), '-1')
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8')
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.match(headers.get('strict-transport-security') ?? '', /max-age=\d+/)
    const id = headers.get('x-ms-correlation-request-id')
    assert.equal(headers.get('x-ms-request-id'), id)
    assert.match(headers.get('x-ms-routing-request-id') ?? '', /^LOCAL:20261124T120000Z:[0-9a-f-]{36}$/)
  }
  const versions = answers.map(({ headers }) => headers.has('api-supported-versions'))
  assert.deepEqual(versions, [false, true, false, false, false])
  const made = await arm('PATCH', registryPath('headers'), { tags: { a: 'b' } })
  const [event] = (await server.events()).filter(
    ({ correlation_id: id }) => id === made.headers.get('x-ms-correlation-request-id'),
  )
  assert.equal(event?.action, 'registry.update')
})

test('paths are matched in any case, with trailing or doubled slashes', async () => {
  const id = registryPath('casing')
  await arm('PUT', id, { location: 'local', sku: { name: 'Basic' } })
  for (const path of [
    id,
    id.toLowerCase(),
    id.toUpperCase(),
    `/${id}`,
    `${id}/`,
    id.replace('/providers', '//providers'),
  ]) {
    const { status, body } = await arm('GET', path)
    assert.equal(status, 200, path)
    assert.equal(at(body, 'id'), id)
  }
})

test('a path that is not in the table gives 404 in the form of ARM', async () => {
  for (const path of [
    `${subscriptionScope}/nothing`,
    '/providers/Microsoft.Nothing/things',
    `${registryPath('contoso')}/scopeMaps/x/providers/Microsoft.Authorization/roleAssignments`,
  ]) {
    const answer = await arm('GET', path)
    assert.equal(answer.status, 404, path)
    assert.equal(codeOf(answer), 'NotFound')
  }
  assert.equal(codeOf(await arm('GET', `${registryPath('nosuch')}/nothing`)), 'ResourceNotFound')
  assert.equal((await arm('POST', '/subscriptions')).status, 404)
})

test('invalid names are rejected in the same way for every caller, whether or not resources exist', async () => {
  const stranger = await server.tokenFor(await server.createPrincipal('stranger'))
  const rejections = [
    ['/subscriptions/me/resourceGroups', 'InvalidSubscriptionId'],
    ['/subscriptions/%2e%2e%2f/resourceGroups', 'InvalidSubscriptionId'],
    [`${subscriptionScope}/resourceGroups/a%20b`, 'InvalidResourceGroupName'],
    [`${subscriptionScope}/resourceGroups/a%00`, 'InvalidResourceGroupName'],
    [`${subscriptionScope}/resourceGroups/a.`, 'InvalidResourceGroupName'],
    [`${subscriptionScope}/resourceGroups/${'a'.repeat(91)}`, 'InvalidResourceGroupName'],
    [registryPath('a%2Fb'), 'InvalidResourceName'],
    [registryPath('.x'), 'InvalidResourceName'],
  ] as const
  for (const [path, code] of rejections) {
    for (const token of [server.ownerToken, stranger]) {
      const answer = await arm('GET', path, undefined, { token })
      assert.equal(answer.status, 400, path)
      assert.equal(codeOf(answer), code, path)
    }
  }
})
