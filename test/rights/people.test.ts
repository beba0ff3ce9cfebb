import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { arm, armScope, expectStatus, graph, registryId, roles } from '../harness/arm.ts'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { accessToken, askAccessToken, basic, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertUnauthorizedBody } from './refusal.ts'
import { askExchange } from './tokens.ts'

const server = await startServer({ args: ['--identity-password-grant'] })
after(() => server[Symbol.asyncDispose]())

const { servicePrincipal, subscriptionId, tenantId } = server.firstRun
const manifestPath = '/v2/team/app/manifests/1'
const pull = 'repository:team/app:pull'
const password = 'tidal lantern 7 quilt'
const newPassword = 'seven brass kettles'
await pushImage(server, 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))

async function signIn(username: string, scope: string): Promise<HttpResponse> {
  return request({
    method: 'POST',
    url: `${server.baseUrl}/${tenantId}/oauth2/v2.0/token`,
    caFile: server.caFile,
    ...form({
      grant_type: 'password',
      client_id: '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
      username,
      password,
      scope: `${scope} openid offline_access`,
    }),
  })
}

/** A person who may pull, with every token that a sign-in leads to. */
async function makePerson() {
  const userPrincipalName = `p-${randomUUID()}@contoso.example`
  const body = { accountEnabled: true, displayName: 'Person', userPrincipalName, passwordProfile: { password } }
  const objectId = stringAt(expectStatus(await graph(server, 'POST', '/users', body), 201).json(), 'id')
  const roleDefinitionId = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roles.acrPull}`
  const assignment = `${registryId(server)}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
  const properties = { roleDefinitionId, principalId: objectId, principalType: 'User' }
  expectStatus(await arm(server, 'PUT', `${assignment}?api-version=2022-04-01`, { properties }), 201)
  const signedIn = expectStatus(await signIn(userPrincipalName, armScope), 200).json()
  const identity = stringAt(signedIn, 'access_token')
  const graphScope = `${server.baseUrl}/graph//.default`
  const graphToken = stringAt(expectStatus(await signIn(userPrincipalName, graphScope), 200).json(), 'access_token')
  const refresh = stringAt(expectStatus(await askExchange(server, identity), 200).json(), 'refresh_token')
  const access = await accessToken(server, { refreshToken: refresh }, [pull])
  assert.equal((await get(server, manifestPath, `Bearer ${access}`)).status, 200)
  return { userPrincipalName, objectId, identity, graphToken, refresh, access }
}

type Person = Awaited<ReturnType<typeof makePerson>>

const patch = (body: object) => async (person: Person) =>
  expectStatus(await graph(server, 'PATCH', `/users/${person.objectId}`, body), 204)

const endings: Record<string, (person: Person) => Promise<unknown>> = {
  'an owner signs the person out everywhere': async ({ objectId }) =>
    expectStatus(await graph(server, 'POST', `/users/${objectId}/revokeSignInSessions`), 200),
  'the person signs out everywhere': async ({ graphToken }) =>
    expectStatus(await graph(server, 'POST', '/me/revokeSignInSessions', undefined, graphToken), 200),
  'the person changes the password': async ({ graphToken }) => {
    const body = { currentPassword: password, newPassword }
    expectStatus(await graph(server, 'POST', '/me/changePassword', body, graphToken), 204)
  },
  'an owner resets the password': patch({ passwordProfile: { password: newPassword } }),
  'the person is disabled': patch({ accountEnabled: false }),
  'the person is deleted': async ({ objectId }) =>
    expectStatus(await graph(server, 'DELETE', `/users/${objectId}`), 204),
}

for (const [what, end] of Object.entries(endings)) {
  test(`every token of a person is refused at the next request once ${what}`, async () => {
    const person = await makePerson()
    await end(person)
    assertUnauthorizedBody(await get(server, manifestPath, `Bearer ${person.access}`))
    assertUnauthorizedBody(await askAccessToken(server, { refreshToken: person.refresh }, [pull]))
    assertUnauthorizedBody(await askExchange(server, person.identity))
    assert.equal((await arm(server, 'GET', '/subscriptions', undefined, person.identity)).status, 401)
    assert.equal((await graph(server, 'GET', '/me', undefined, person.graphToken)).status, 401)
  })
}

test('a person reads themselves at /me, and nothing of anybody else', async () => {
  const person = await makePerson()
  const other = await makePerson()
  const me = expectStatus(await graph(server, 'GET', '/me', undefined, person.graphToken), 200).json()
  assert.equal(stringAt(me, 'userPrincipalName'), person.userPrincipalName)
  for (const path of [`/users/${other.objectId}`, `/users/${other.userPrincipalName}/memberOf`, '/groups']) {
    assert.equal((await graph(server, 'GET', path, undefined, person.graphToken)).status, 403, path)
  }
  const own = await graph(server, 'GET', `/users/${person.userPrincipalName}/memberOf`, undefined, person.graphToken)
  assert.equal(own.status, 200)
})
