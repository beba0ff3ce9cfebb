import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import { CallerBudgets } from '../../platform/limits/caller-budget.ts'
import { usualCallerLimits } from '../../platform/limits/caller-limits.ts'
import { usualDatabaseKind, usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { ManagementContext } from '../context.ts'
import { listOwnDenials } from '../server/audit-events.ts'
import {
  at,
  each,
  newRegistry,
  openTestManagement,
  registryPath,
  roleGuids,
  tenantId,
} from '../../../testing/management/test-management.ts'
import { getOwnDenial } from './decisions.ts'

const contoso = registryPath('contoso')
const own = '/providers/Acrux.Server/denials'
const host = 'contoso.azurecr.example:5443'

const basic = (name: string, password: string) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

/** A registry, and Ada, who may pull from it. */
async function open(t: TestContext, kind: (typeof usualDatabaseKinds)[number]) {
  const server = await openTestManagement(kind)
  t.after(server.close)
  // The ids of requests have the time of the machine.
  t.mock.timers.enable({ apis: ['Date'], now: server.time.nowMs })
  const { app, arm, assign, createPerson } = server
  await arm('PUT', contoso, newRegistry())
  const ada = await createPerson('ada')
  const assignment = await assign(ada.objectId, roleGuids.acrPull, contoso)
  const post = async (url: string, headers: Record<string, string>, form: Record<string, string> = {}) => {
    const payload = new URLSearchParams(form).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await app.inject({ method: 'POST', url, headers: { host, ...type, ...headers }, payload })
    return { status: answer.statusCode, body: answer.body, id: String(answer.headers['x-ms-correlation-request-id']) }
  }
  /** Starts an upload. Returns the id of the denial. */
  const push = async (authorization: string): Promise<string> => {
    const denied = await post('/v2/team/app/blobs/uploads/', { authorization })
    assert.equal(denied.status, 401, denied.body)
    return denied.id
  }
  const form = { grant_type: 'access_token', service: host, access_token: ada.token }
  const exchange = async () => String(at(JSON.parse((await post('/oauth2/exchange', {}, form)).body), 'refresh_token'))
  /** Asks the token service for a token. Returns the id of the denial. */
  const get = async (authorization: string): Promise<string> => {
    const denied = await app.inject({ url: `/oauth2/token?service=${host}`, headers: { host, authorization } })
    assert.equal(denied.statusCode, 401, denied.body)
    return String(denied.headers['x-ms-correlation-request-id'])
  }
  const pushAsAda = async () => {
    const refresh_token = await exchange()
    const scope = 'repository:team/app:pull,push'
    const issued = await post('/oauth2/token', {}, { grant_type: 'refresh_token', service: host, scope, refresh_token })
    return push(`Bearer ${String(at(JSON.parse(issued.body), 'access_token'))}`)
  }
  const ownDenial = (id: string, token = ada.token) => arm('GET', `${own}/${id}`, undefined, { token })
  const ownDenials = (token = ada.token) => arm('GET', own, undefined, { token })
  return { ...server, ada, assignment, exchange, get, post, push, pushAsAda, ownDenial, ownDenials }
}

for (const kind of usualDatabaseKinds) {
  describe(`the own denials of a user, on ${kind}`, () => {
    test('say what the user sent and what to ask for, and nothing that others set up', async (t) => {
      const { arm, ada, assign, assignment, pushAsAda, ownDenial } = await open(t, kind)
      const denied = await pushAsAda()
      const { status, body, text } = await ownDenial(denied)
      assert.equal(status, 200, text)
      assert.deepEqual(at(body, 'principal'), { kind: 'user', id: ada.objectId })
      assert.deepEqual(at(body, 'asked'), { action: 'push', repository: 'team/app', scope: '/registries/contoso' })
      assert.equal(at(body, 'firstFailure'), 'role-lacks-action')
      assert.deepEqual(at(body, 'smallestChange'), { kind: 'assign-role', roleName: 'AcrPush', condition: null })
      assert.deepEqual([at(body, 'assignments'), at(body, 'assignmentCount'), at(body, 'scopeMap')], [[], 0, null])
      assert.doesNotMatch(text, /resourceGroups|subscriptions/i)

      await arm('PATCH', contoso, { properties: { roleAssignmentMode: 'AbacRepositoryPermissions' } })
      const roleDefinitionId = '/providers/Microsoft.Authorization/roleDefinitions/2a1e307c-b015-4ebd-883e-5b7698a07328'
      const condition =
        "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWithIgnoreCase 'hidden/'"
      const id = `${contoso}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}`
      const properties = { roleDefinitionId, principalId: ada.objectId, condition, conditionVersion: '2.0' }
      const given = await arm('PUT', id, { properties })
      assert.equal(given.status, 201, given.text)
      const unmet = await ownDenial(await pushAsAda())
      assert.equal(at(unmet.body, 'firstFailure'), 'condition-is-not-met', unmet.text)
      assert.deepEqual(at(unmet.body, 'smallestChange'), { kind: 'change-condition' })
      const since = await ownDenial(denied)
      assert.deepEqual(at(since.body, 'since', 'smallestChange'), { kind: 'change-condition' }, since.text)
      assert.deepEqual(at(since.body, 'since', 'assignments'), [])
      for (const { text: each } of [unmet, since]) {
        assert.doesNotMatch(each, /resourceGroups|subscriptions|hidden/i)
        assert.ok(!each.includes(assignment))
      }
      await arm('PATCH', contoso, { properties: { roleAssignmentMode: 'LegacyRegistryPermissions' } })
      await assign(ada.objectId, roleGuids.acrPush, contoso)
      assert.equal(at((await ownDenial(denied)).body, 'since', 'allowed'), true)
    })

    test('keep the scope that the request named', async (t) => {
      const { arm, ada, ownDenial } = await open(t, kind)
      const denied = await arm('PATCH', contoso, { tags: {} }, { token: ada.token })
      assert.equal(denied.status, 403)
      const { body, text } = await ownDenial(String(denied.headers.get('x-ms-correlation-request-id')))
      assert.equal(at(body, 'asked', 'scope'), contoso, text)
      assert.equal(at(body, 'smallestChange', 'scope'), contoso)
    })

    test('are neither those of others, nor requests in which others sent the id of the user as a name', async (t) => {
      const { ada, createPerson, post, push, pushAsAda, ownDenial, ownDenials } = await open(t, kind)
      const bob = await createPerson('bob')
      const denied = await pushAsAda()
      assert.equal((await ownDenial(denied, bob.token)).status, 404)
      assert.deepEqual(each(await ownDenials(bob.token), 'correlationId'), [])
      const planted = [await push(basic(ada.objectId, 'a text of another person'))]
      const form = {
        grant_type: 'client_credentials',
        client_id: ada.objectId,
        client_secret: 'x',
        scope: 'x/.default',
      }
      planted.push((await post(`/${tenantId}/oauth2/v2.0/token`, {}, form)).id)
      for (const id of planted) assert.equal((await ownDenial(id)).status, 404)
      assert.deepEqual(each(await ownDenials(), 'correlationId'), [denied])
    })

    test('are those with a token of the user in place of a password, if the token is valid', async (t) => {
      const { ada, arm, createPerson, exchange, get, principalWith, push, ownDenial, time } = await open(t, kind)
      const bob = await createPerson('bob')
      const refresh = await exchange()
      const [nullGuid, userName] = ['00000000-0000-0000-0000-000000000000', 'ada@contoso.example']
      const sent = [
        await push(basic(nullGuid, refresh)),
        await push(basic(userName, refresh)),
        await get(basic(nullGuid, ada.token)),
        await get(basic(userName, ada.token)),
      ]
      for (const id of sent) {
        const { body, text } = await ownDenial(id)
        assert.deepEqual(at(body, 'principal'), { kind: 'user', id: ada.objectId }, text)
        assert.equal(at(body, 'firstFailure'), 'token-in-place-of-password')
        assert.equal((await ownDenial(id, bob.token)).status, 404)
      }
      const [header, payload] = ada.token.split('.')
      const forged = [
        await push(basic(nullGuid, `${refresh.slice(0, -4)}AAAA`)),
        await get(basic(userName, `${header}.${payload}.${'A'.repeat(86)}`)),
      ]
      time.nowMs += 4 * 3600 * 1000
      t.mock.timers.setTime(time.nowMs)
      const expired = [await push(basic(nullGuid, refresh)), await get(basic(userName, ada.token))]
      const { token } = await principalWith(roleGuids.owner, contoso)
      for (const id of [...forged, ...expired]) {
        const { body, text } = await arm('GET', `${contoso}/decisions/${id}`, undefined, { token })
        assert.equal(at(body, 'principal', 'kind'), 'claimed', text)
      }
    })

    test('are answered in a batch', async (t) => {
      const { arm, ada, pushAsAda } = await open(t, kind)
      const denied = await pushAsAda()
      const relativeUrls = [own, `${own}/${denied}`].map((path) => `${path}?api-version=2024-11-01`)
      const requests = relativeUrls.map((relativeUrl) => ({ httpMethod: 'GET', relativeUrl }))
      const { body, text } = await arm('POST', '/batch', { requests }, { token: ada.token })
      const statuses = requests.map((_, index) => at(body, 'responses', index, 'httpStatusCode'))
      assert.deepEqual(statuses, [200, 200], text)
    })
  })
}

test('an id without a time is not looked for, though it has the length of one', async (t) => {
  const { ownDenial, pushAsAda } = await open(t, usualDatabaseKind)
  const denied = await pushAsAda()
  assert.equal((await ownDenial(denied.toUpperCase())).status, 200, 'in any case')
  for (const id of [`00000000-0000-7-${'a'.repeat(20)}`, '00000000-0000-4000-8000-000000000000', 'x'])
    assert.equal((await ownDenial(id)).status, 404, id)
})

test('a user has one search for own denials at a time', async () => {
  let running = 0
  let most = 0
  const search = async () => {
    most = Math.max(most, (running += 1))
    await new Promise((resolve) => setImmediate(resolve))
    running -= 1
    return { events: [], next: undefined }
  }
  const decisions = { findOwn: async () => void (await search()) }
  const context = { auditLog: { list: search }, decisions } as unknown as ManagementContext
  const budget = new CallerBudgets(usualCallerLimits, () => 0).of('ada')
  const caller = { principal: { kind: 'user', objectId: 'ada' } }
  const call = { budget, caller, names: { name: 'x' }, request: { query: {} } } as unknown as ManagementCall
  const answers = [1, 2, 3].flatMap(() => [listOwnDenials(context, call), getOwnDenial(context, call)])
  const statuses = (await Promise.allSettled(answers)).map(({ status }) => status)
  assert.deepEqual(new Set(statuses), new Set(['fulfilled', 'rejected']))
  assert.equal(most, 1)
})
