import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import {
  type Answer,
  at,
  codeOf,
  each,
  newRegistry,
  openTestManagement,
  publicOrigin,
  registryPath,
  roleGuids,
  subscriptionScope,
} from '../../../testing/management/test-management.ts'

const logPath = `${subscriptionScope}/providers/Microsoft.Insights/eventtypes/management/values`
const since = 'eventTimestamp ge 2026-11-24T00:00:00Z'
const ofAuthorization = `resourceProvider eq Microsoft.Authorization and ${since}`

async function open(t: TestContext) {
  const management = await openTestManagement()
  t.after(management.close)
  const { arm } = management
  const list = (query: Readonly<Record<string, string>>, token?: string): Promise<Answer> =>
    arm(
      'GET',
      `${logPath}?${new URLSearchParams({ 'api-version': '2015-04-01', ...query }).toString()}`,
      undefined,
      token === undefined ? {} : { token },
    )
  const assign = async (principalId: string, scope: string): Promise<string> => {
    const path = `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
    const roleDefinitionId = `${subscriptionScope}/providers/Microsoft.Authorization/roleDefinitions/${roleGuids.acrPull}`
    const made = await arm('PUT', path, { properties: { roleDefinitionId, principalId } })
    assert.equal(made.status, 201, made.text)
    return path
  }
  return { ...management, list, assign }
}

test('a change of a role assignment is two events of the activity log, its end and its start', async (t) => {
  const { arm, list, assign, owner, principalWith } = await open(t)
  await arm('PUT', registryPath('contoso'), newRegistry())
  const { servicePrincipal } = await principalWith(roleGuids.reader, subscriptionScope)
  const path = await assign(servicePrincipal.objectId, registryPath('contoso'))
  await arm('DELETE', path)
  const found = await list({ $filter: ofAuthorization })
  assert.equal(found.status, 200, found.text)
  const value = at(found.body, 'value') as readonly unknown[]
  const shown = value
    .filter((event) => at(event, 'resourceId') === path)
    .map((event) => [
      at(event, 'operationName', 'value'),
      at(event, 'status', 'value'),
      at(event, 'httpRequest', 'method'),
      at(event, 'caller'),
    ])
  const write = 'Microsoft.Authorization/roleAssignments/write'
  const remove = 'Microsoft.Authorization/roleAssignments/delete'
  const caller = owner.servicePrincipal.objectId
  assert.deepEqual(shown, [
    [remove, 'Succeeded', 'DELETE', caller],
    [remove, 'Started', 'DELETE', caller],
    [write, 'Succeeded', 'PUT', caller],
    [write, 'Started', 'PUT', caller],
  ])
  const [deletion, , , creation] = value
  for (const text of [at(deletion, 'properties', 'responseBody'), at(creation, 'properties', 'requestbody')]) {
    const { properties } = JSON.parse(String(text)) as { properties: Readonly<Record<string, string>> }
    assert.equal(properties['principalId'], servicePrincipal.objectId)
    assert.equal(properties['scope'], registryPath('contoso'))
    assert.ok(properties['roleDefinitionId']?.endsWith(roleGuids.acrPull))
  }
})

test('the activity log comes in pages, and only from the time of the filter on', async (t) => {
  const { list, assign, principalWith, time, arm } = await open(t)
  await arm('PUT', registryPath('contoso'), newRegistry())
  const { servicePrincipal } = await principalWith(roleGuids.reader, subscriptionScope)
  await assign(servicePrincipal.objectId, subscriptionScope)
  time.nowMs += 3_600_000
  const path = await assign(servicePrincipal.objectId, registryPath('contoso'))
  const later = `resourceProvider eq 'microsoft.authorization' and eventTimestamp ge '2026-11-24T12:30:00Z'`
  assert.deepEqual(each(await list({ $filter: later }), 'resourceId'), [path, path])
  const before = `${ofAuthorization} and eventTimestamp le 2026-11-24T12:30:00Z`
  assert.ok(!each(await list({ $filter: before }), 'resourceId').includes(path))

  const whole = each(await list({ $filter: ofAuthorization }), 'id')
  assert.ok(whole.length >= 4)
  const paged: unknown[] = []
  for (let answer = await list({ $filter: ofAuthorization, $top: '1' }); ;) {
    paged.push(...each(answer, 'id'))
    const next = at(answer.body, 'nextLink')
    if (typeof next !== 'string') break
    answer = await arm('GET', next.slice(publicOrigin.length))
  }
  assert.deepEqual(paged, whole)
})

test('the activity log rejects filters that ask for more than changes of role assignments', async (t) => {
  const { list } = await open(t)
  for (const text of [
    since,
    'resourceProvider eq Microsoft.Authorization',
    `resourceProvider eq Microsoft.ContainerRegistry and ${since}`,
    `${ofAuthorization} and resourceGroupName eq default`,
    'resourceProvider eq Microsoft.Authorization and eventTimestamp ge yesterday',
  ]) {
    const answer = await list({ $filter: text })
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'InvalidFilterInQueryString'], text)
  }
  assert.equal((await list({})).status, 400)
})

test('the activity log is for those who can read the subscription', async (t) => {
  const { list, principalWith, arm } = await open(t)
  await arm('PUT', registryPath('contoso'), newRegistry())
  const reader = await principalWith(roleGuids.reader, subscriptionScope)
  assert.equal((await list({ $filter: ofAuthorization }, reader.token)).status, 200)
  const readerOfRegistry = await principalWith(roleGuids.reader, registryPath('contoso'))
  assert.equal((await list({ $filter: ofAuthorization }, readerOfRegistry.token)).status, 403)
  const puller = await principalWith(roleGuids.acrPull, subscriptionScope)
  assert.equal((await list({ $filter: ofAuthorization }, puller.token)).status, 403)
})
