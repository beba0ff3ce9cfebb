import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import { usualDatabaseKind, usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
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

const logPath = `${subscriptionScope}/providers/Acrux.Server/auditEvents`

async function open(t: TestContext, kind: DatabaseKind = usualDatabaseKind) {
  const management = await openTestManagement(kind)
  t.after(management.close)
  const { arm } = management
  const list = (query: Readonly<Record<string, string>> = {}, path = logPath, token?: string): Promise<Answer> =>
    arm(
      'GET',
      `${path}?${new URLSearchParams({ 'api-version': '2024-11-01', ...query }).toString()}`,
      undefined,
      token === undefined ? {} : { token },
    )
  return { ...management, list }
}

const filter = (text: string) => ({ $filter: text })

for (const kind of usualDatabaseKinds) {
  describe(`the list of audit events, on ${kind}`, () => {
    test('has the events of a request under the correlation id of its response', async (t) => {
      const { arm, list, owner } = await open(t, kind)
      const made = await arm('PUT', registryPath('contoso'), newRegistry())
      const correlationId = made.headers.get('x-ms-correlation-request-id') ?? ''
      const found = await list(filter(`correlationId eq '${correlationId}'`))
      assert.equal(found.status, 200, found.text)
      assert.equal(each(found).length, 1)
      const event = at(found.body, 'value', 0)
      assert.deepEqual(
        [at(event, 'action'), at(event, 'outcome'), at(event, 'target'), at(event, 'actor')],
        [
          'registry.create',
          'success',
          registryPath('contoso'),
          { kind: 'service-principal', id: owner.servicePrincipal.objectId },
        ],
      )
      assert.equal(at(event, 'eventTimestamp'), '2026-11-24T12:00:00.120Z')
    })

    test('is filtered by time, principal, action, outcome, address and registry', async (t) => {
      const { arm, list, principalWith, time } = await open(t, kind)
      await arm('PUT', registryPath('contoso'), newRegistry())
      await arm('PUT', registryPath('fabrikam'), newRegistry())
      time.nowMs += 60_000
      const reader = await principalWith(roleGuids.reader, subscriptionScope)
      const denied = await arm('DELETE', registryPath('contoso').toLowerCase(), undefined, { token: reader.token })
      assert.equal(denied.status, 403)
      const actionsFor = async (text: string) => each(await list(filter(text)), 'action')
      const { objectId } = reader.servicePrincipal
      assert.deepEqual(await actionsFor(`principalId eq '${objectId}' and outcome eq 'refused'`), [
        'management.registries.delete',
      ])
      assert.deepEqual(await actionsFor(`remoteAddress eq '127.0.0.1' and outcome eq 'refused'`), [
        'management.registries.delete',
      ])
      assert.deepEqual(await actionsFor(`remoteAddress eq '192.0.2.1'`), [])
      assert.deepEqual(await actionsFor(`registry eq 'Contoso'`), ['management.registries.delete', 'registry.create'])
      assert.deepEqual(await actionsFor(`action eq 'registry.create' and registry eq 'fabrikam'`), ['registry.create'])
      const minute = '2026-11-24T12:01:00Z'
      assert.equal(new Set(await actionsFor(`eventTimestamp ge '${minute}'`)).has('registry.create'), false)
      assert.equal(new Set(await actionsFor(`eventTimestamp le '${minute}'`)).has('registry.create'), true)
      assert.deepEqual(await actionsFor(`eventTimestamp ge '2027-01-01'`), [])
      assert.deepEqual(await actionsFor(`action eq 'registry.create' and outcome eq 'refused'`), [])
    })
  })
}

test('the list of audit events comes in pages, the newest first, each event once', async (t) => {
  const { arm, list } = await open(t)
  for (let index = 0; index < 7; index += 1) {
    await arm('PATCH', registryPath(`missing${index}`), { tags: {} })
  }
  const whole = each(await list(filter(`outcome eq 'refused'`)), 'target')
  assert.deepEqual(
    whole,
    Array.from({ length: 7 }, (_, index) => registryPath(`missing${6 - index}`)),
  )
  const paged: unknown[] = []
  let answer = await list({ ...filter(`outcome eq 'refused'`), $top: '2' })
  for (;;) {
    assert.ok(each(answer).length <= 2)
    paged.push(...each(answer, 'target'))
    const next = at(answer.body, 'nextLink')
    if (next === undefined) break
    assert.ok(typeof next === 'string' && next.startsWith(`${publicOrigin}${logPath}?`))
    answer = await arm('GET', next.slice(publicOrigin.length))
  }
  assert.deepEqual(paged, whole)
})

test('the audit events of a registry are its own, since its creation', async (t) => {
  const { arm, list, time } = await open(t)
  await arm('PUT', registryPath('contoso'), newRegistry())
  await arm('DELETE', registryPath('contoso'))
  time.nowMs += 1000
  await arm('PUT', registryPath('contoso'), newRegistry())
  await arm('PUT', registryPath('contoso2'), newRegistry())
  await arm('PATCH', registryPath('contoso'), { properties: { adminUserEnabled: true } })
  const { body } = await arm('POST', `${registryPath('contoso')}/listCredentials`)
  const denied = await arm('PATCH', registryPath('contoso'), { sku: { name: 'Classic' } })
  assert.equal(denied.status, 400, 'and what was rejected')
  assert.ok(at(body, 'username') === 'contoso')
  const path = `${registryPath('contoso')}/auditEvents`
  const found = each(await list({}, path), 'action')
  assert.deepEqual(
    [found.at(0), found.at(-1), found.includes('registry.delete')],
    ['management.registries.patch', 'registry.create', false],
  )
  for (const target of each(await list({}, path), 'target')) assert.equal(target, registryPath('contoso'))
  assert.equal((await list(filter(`registry eq 'contoso2'`), path)).status, 400)
  assert.equal((await list({}, `${registryPath('missing')}/auditEvents`)).status, 404)
})

test('audit events are read only with the permission to read their resource', async (t) => {
  const { arm, list, principalWith } = await open(t)
  await arm('PUT', registryPath('contoso'), newRegistry())
  const ofRegistry = `${registryPath('contoso')}/auditEvents`
  const matrix: unknown[] = []
  for (const [role, guid] of Object.entries(roleGuids)) {
    for (const [where, scope] of [
      ['subscription', subscriptionScope],
      ['registry', registryPath('contoso')],
    ] as const) {
      const { token } = await principalWith(guid, scope)
      matrix.push([role, where, (await list({}, logPath, token)).status, (await list({}, ofRegistry, token)).status])
    }
  }
  assert.deepEqual(matrix, [
    ['owner', 'subscription', 200, 200],
    ['owner', 'registry', 403, 200],
    ['contributor', 'subscription', 200, 200],
    ['contributor', 'registry', 403, 200],
    ['reader', 'subscription', 200, 200],
    ['reader', 'registry', 403, 200],
    ['acrPull', 'subscription', 403, 403],
    ['acrPull', 'registry', 403, 403],
    ['acrPush', 'subscription', 403, 403],
    ['acrPush', 'registry', 403, 403],
  ])
})

test('the list of audit events rejects an unknown filter, page size or token', async (t) => {
  const { list } = await open(t)
  const strange = [
    filter(`target eq 'x'`),
    filter(`action ge 'x'`),
    filter(`action eq 'a' and action eq 'b'`),
    filter(`outcome eq 'maybe'`),
    filter(`eventTimestamp eq '2026-11-24'`),
    filter(`eventTimestamp ge 'yesterday'`),
    filter(`eventTimestamp ge '2026-13-40'`),
    filter(`correlationId`),
    { $top: '0' },
    { $top: '1001' },
    { $top: '-1' },
    { $skiptoken: 'x' },
    { $skiptoken: '1e3' },
  ]
  for (const query of strange) {
    const answer = await list(query)
    assert.equal(answer.status, 400, JSON.stringify(query))
    assert.ok(['InvalidFilterInQueryString', 'BadRequest'].includes(String(codeOf(answer))))
  }
  const odd = [
    filter(`correlationId eq 'x''; drop table audit_event'`),
    { $skiptoken: '0' },
    filter(`principalId eq '%'`),
  ]
  for (const query of odd) assert.deepEqual(each(await list(query)), [], JSON.stringify(query))
})

test('the last uses of credentials are listed in pages, with a permission of their own', async (t) => {
  const { list, arm, principalWith, credentialUses, time } = await open(t)
  const path = `${subscriptionScope}/providers/Acrux.Server/credentialUses`
  credentialUses.note({ kind: 'user', id: 'u-1' }, { kind: 'sign-in', id: 's-1' })
  credentialUses.note({ kind: 'user', id: 'u-1' }, { kind: 'sign-in', id: 's-2' })
  await credentialUses.flush()
  const found = await list(filter(`principalId eq 'u-1'`), path)
  assert.deepEqual(at(found.body, 'value'), [
    { principal: { kind: 'user', id: 'u-1' }, credentialId: 's-1', lastUsedAt: new Date(time.nowMs).toISOString() },
    { principal: { kind: 'user', id: 'u-1' }, credentialId: 's-2', lastUsedAt: new Date(time.nowMs).toISOString() },
  ])
  const first = await list({ ...filter(`principalId eq 'u-1'`), $top: '1' }, path)
  const next = String(at(first.body, 'nextLink')).slice(publicOrigin.length)
  const rest = await arm('GET', next)
  assert.deepEqual([...each(first, 'credentialId'), ...each(rest, 'credentialId')], ['s-1', 's-2'])
  assert.deepEqual(each(await list(filter(`credentialId eq 's-2'`), path), 'credentialId'), ['s-2'])
  for (const query of [filter(`lastUsedAt eq 'x'`), { $skiptoken: 'x' }, { $skiptoken: 'WyJhIl0' }]) {
    assert.equal((await list(query, path)).status, 400, JSON.stringify(query))
  }
  const { token } = await principalWith(roleGuids.acrPush, subscriptionScope)
  assert.equal((await list({}, path, token)).status, 403)
})
