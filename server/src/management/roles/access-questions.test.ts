import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  at,
  codeOf,
  each,
  groupScope,
  newRegistry,
  publicOrigin,
  registryPath,
  roleGuids,
  subscriptionScope,
} from '../../../testing/management/test-management.ts'
import { assignments, openWithRegistry, roleId } from '../../../testing/management/test-roles.ts'

const { server, arm, registry } = await openWithRegistry()
const { servicePrincipal: app } = await server.createPrincipal('app')
const name = await server.assign(app.objectId, roleGuids.acrPull, registry)
const assignmentId = `${assignments(registry)}/${name}`
const question = (what: string, query: Record<string, string>, options = {}) =>
  arm(
    'GET',
    `${registry}/${what}?${new URLSearchParams({ 'api-version': '2025-03-01-preview', ...query }).toString()}`,
    undefined,
    options,
  )
const explain = (query: Record<string, string>, options = {}) => question('accessExplanation', query, options)
const pull = { action: 'pull', repository: 'team/app' }

test('an explanation has the decision, its reasons, and the smallest change that would allow the request', async () => {
  const considered = {
    id: assignmentId,
    principalId: app.objectId,
    principalType: 'ServicePrincipal',
    scope: registry,
    roleDefinitionId: roleId(roleGuids.acrPull),
    roleName: 'AcrPull',
    condition: null,
  }
  const allowed = await explain({ principal: app.objectId, ...pull })
  assert.equal(allowed.status, 200, allowed.text)
  const asked = { principal: app.objectId, repository: 'team/app', roleAssignmentMode: 'LegacyRegistryPermissions' }
  assert.deepEqual(allowed.body, {
    ...asked,
    action: 'pull',
    allowed: true,
    needs: [{ kind: 'Action', name: 'Microsoft.ContainerRegistry/registries/pull/read' }],
    assignments: [{ ...considered, result: 'allows', byWildcard: false }],
    scopeMap: null,
    firstFailure: null,
    smallestChange: null,
  })
  const denied = await explain({ principal: app.objectId, ...pull, action: 'push' })
  assert.deepEqual(denied.body, {
    ...asked,
    action: 'push',
    allowed: false,
    needs: [{ kind: 'Action', name: 'Microsoft.ContainerRegistry/registries/push/write' }],
    assignments: [{ ...considered, result: 'role-lacks-action', byWildcard: false }],
    scopeMap: null,
    firstFailure: 'role-lacks-action',
    smallestChange: {
      kind: 'assign-role',
      roleName: 'AcrPush',
      roleDefinitionId: roleId(roleGuids.acrPush),
      scope: registry,
      condition: null,
    },
  })
})

test('the smallest change allows the request', async () => {
  await arm('PATCH', registry, { properties: { roleAssignmentMode: 'AbacRepositoryPermissions' } })
  const { servicePrincipal } = await server.createPrincipal('newcomer')
  const query = { principal: servicePrincipal.objectId, ...pull, action: 'delete' }
  const change = at((await explain(query)).body, 'smallestChange')
  assert.equal(at(change, 'kind'), 'assign-role')
  const properties = {
    roleDefinitionId: at(change, 'roleDefinitionId'),
    condition: at(change, 'condition'),
    principalId: servicePrincipal.objectId,
  }
  const id = `${String(at(change, 'scope'))}/providers/Microsoft.Authorization/roleAssignments/${servicePrincipal.objectId}`
  const given = await arm('PUT', id, { properties })
  assert.equal(given.status, 201, given.text)
  assert.equal(at((await explain(query)).body, 'allowed'), true)
  const other = await explain({ ...query, repository: 'team/other' })
  assert.equal(at(other.body, 'allowed'), false, 'and nothing else')
  assert.deepEqual(at(other.body, 'smallestChange'), { kind: 'change-condition', assignmentId: id })
  await arm('PATCH', registry, { properties: { roleAssignmentMode: 'LegacyRegistryPermissions' } })
})

test('the admin account, anonymous clients and scoped tokens can be explained', async () => {
  const actions = ['repositories/team/app/content/read']
  await arm('PUT', `${registry}/scopeMaps/readers`, { properties: { actions } })
  const scopeMapId = `${registry}/scopeMaps/readers`
  await arm('PUT', `${registry}/tokens/device`, { properties: { scopeMapId, status: 'enabled' } })
  // prettier-ignore
  const table = [
    ['admin',        'pull', 'team/app', false, 'admin-account-is-off',   'enable-admin-account'],
    ['anonymous',    'pull', 'team/app', false, 'anonymous-pull-is-off',  'enable-anonymous-pull'],
    ['token:DEVICE', 'pull', 'team/app', true,  null,                     undefined],
    ['token:device', 'push', 'team/app', false, 'scope-map-lacks-action', 'extend-scope-map'],
    ['token:device', 'pull', 'other',    false, 'scope-map-lacks-action', 'extend-scope-map'],
  ] as const
  for (const [principal, action, repository, allowed, failure, change] of table) {
    const { body, text } = await explain({ principal, action, repository })
    assert.equal(at(body, 'allowed'), allowed, text)
    assert.equal(at(body, 'firstFailure'), failure)
    assert.equal(at(body, 'smallestChange', 'kind'), change)
  }
})

test('allowed principals are listed with their assignments', async () => {
  const answer = await question('allowedPrincipals', pull)
  assert.equal(answer.status, 200, answer.text)
  const names = each(answer, 'displayName')
  assert.deepEqual(new Set(names), new Set(['app', 'owner', 'device']))
  assert.deepEqual([at(answer.body, 'anonymous'), at(answer.body, 'adminAccount')], [false, false])
  const ofApp = (at(answer.body, 'value') as unknown[]).find((one) => at(one, 'displayName') === 'app')
  assert.equal(at(ofApp, 'assignments', 0, 'id'), assignmentId)
  const pushers = await question('allowedPrincipals', { ...pull, action: 'push' })
  assert.deepEqual(each(pushers, 'displayName'), ['owner'])
  await arm('PATCH', registry, { properties: { anonymousPullEnabled: true, adminUserEnabled: true } })
  const open = await question('allowedPrincipals', { action: 'catalog' })
  assert.deepEqual([at(open.body, 'anonymous'), at(open.body, 'adminAccount')], [true, true])
})

test('allowed principals include scoped tokens, and are listed in pages, each one once', async () => {
  const paged = registryPath('Paged')
  await arm('PUT', paged, newRegistry())
  const scopeMap = async (map: string, actions: readonly string[]) => {
    await arm('PUT', `${paged}/scopeMaps/${map}`, { properties: { actions } })
    return `${paged}/scopeMaps/${map}`
  }
  const pulling = await scopeMap('pulling', ['repositories/team/*/content/read'])
  const pushing = await scopeMap('pushing', ['repositories/team/app/content/write'])
  for (let number = 10; number < 17; number++) {
    const scopeMapId = number % 2 === 0 ? pulling : pushing
    const properties = { scopeMapId, status: number === 12 ? 'disabled' : 'enabled' }
    await arm('PUT', `${paged}/tokens/Token-${number}`, { properties })
  }
  await arm('PUT', `${paged}/tokens/everything`, {
    properties: { scopeMapId: `${paged}/scopeMaps/_repositories_admin` },
  })
  const puller = await server.principalWith(roleGuids.acrPull, paged)
  const ask = (query: string) => arm('GET', `${paged}/allowedPrincipals?api-version=2025-03-01-preview&${query}`)
  const whole = await ask('action=pull&repository=team/app')
  assert.equal(at(whole.body, 'nextLink'), undefined)
  const ids = each(whole, 'principalId')
  assert.deepEqual(ids.slice(2), [
    'token:everything',
    'token:Token-10',
    'token:Token-12',
    'token:Token-14',
    'token:Token-16',
  ])
  assert.deepEqual(
    new Set(ids.slice(0, 2)),
    new Set([server.owner.servicePrincipal.objectId, puller.servicePrincipal.objectId]),
  )
  assert.deepEqual(each(whole, 'status').slice(2), ['enabled', 'enabled', 'disabled', 'enabled', 'enabled'])
  assert.deepEqual(at(whole.body, 'value', 3), {
    principalId: 'token:Token-10',
    principalType: 'ScopedToken',
    displayName: 'Token-10',
    assignments: [],
    scopeMapId: pulling,
    status: 'enabled',
  })
  for (const size of [1, 2, 3, 7]) {
    const seen: unknown[] = []
    let pages = 0
    let answer = await ask(`action=pull&repository=team/app&$top=${size}`)
    for (;;) {
      assert.equal(answer.status, 200, answer.text)
      const page = each(answer, 'principalId')
      assert.ok(page.length <= size)
      seen.push(...page)
      pages += 1
      const { nextLink } = answer.body as { readonly nextLink?: string }
      if (nextLink === undefined) break
      assert.ok(pages < 20)
      answer = await arm('GET', nextLink.slice(publicOrigin.length))
    }
    assert.deepEqual(seen, ids, `in pages of ${size}`)
  }
  assert.deepEqual(each(await ask('action=catalog'), 'principalType').includes('ScopedToken'), false)
  for (const bad of ['$top=0', '$top=1001', '$skiptoken=!', `$skiptoken=${Buffer.from('x').toString('base64url')}`]) {
    assert.equal((await ask(`action=pull&repository=team/app&${bad}`)).status, 400, bad)
  }
})

test('a switch of the mode is previewed with the number of principals that it changes, and in pages', async () => {
  const switched = registryPath('Switched')
  await arm('PUT', switched, newRegistry())
  const ids: string[] = []
  for (let count = 0; count < 3; count += 1) {
    const { servicePrincipal } = await server.createPrincipal(`puller-${count}`)
    await server.assign(servicePrincipal.objectId, roleGuids.acrPull, switched)
    ids.push(servicePrincipal.objectId)
  }
  const preview = (query: string) =>
    arm('GET', `${switched}/providers/Acrux.Server/modeChanges?api-version=2025-03-01-preview&${query}`)
  const first = await preview('mode=AbacRepositoryPermissions&$top=2')
  assert.equal(first.status, 200, first.text)
  // The owner loses permissions too.
  assert.deepEqual([at(first.body, 'count'), at(first.body, 'isCountComplete')], [4, true])
  const next = await arm('GET', String(at(first.body, 'nextLink')).slice(publicOrigin.length))
  assert.deepEqual([at(next.body, 'nextLink'), at(next.body, 'count')], [undefined, undefined])
  const rows = [first, next].flatMap(({ body }) => at(body, 'value') as unknown[])
  const expected = [...ids, server.owner.servicePrincipal.objectId].sort()
  assert.deepEqual(
    rows.map((row) => at(row, 'principalId')),
    expected,
  )
  const everywhere = { repositories: ['*'], except: [], byCondition: false }
  assert.deepEqual(
    rows.find((row) => at(row, 'displayName') === 'puller-0'),
    {
      principalId: ids[0],
      principalType: 'ServicePrincipal',
      displayName: 'puller-0',
      roleNames: ['AcrPull'],
      lost: [
        { action: 'pull', ...everywhere },
        { action: 'catalog', ...everywhere },
      ],
      gained: [],
    },
  )
  assert.equal(at((await preview('mode=LegacyRegistryPermissions')).body, 'count'), 0, 'the mode that it has')
  for (const bad of ['', 'mode=Legacy', 'mode=AbacRepositoryPermissions&$top=0']) {
    assert.deepEqual(codeOf(await preview(bad)), 'BadRequest', bad)
  }
})

test('questions about access need the permission to read the role assignments of the registry', async () => {
  const reader = await server.principalWith(roleGuids.reader, groupScope)
  const puller = await server.principalWith(roleGuids.acrPull, subscriptionScope)
  for (const what of ['accessExplanation', 'allowedPrincipals', 'providers/Acrux.Server/modeChanges']) {
    const query = { principal: puller.servicePrincipal.objectId, mode: 'AbacRepositoryPermissions', ...pull }
    assert.equal((await question(what, query, { token: reader.token })).status, 200)
    const denied = await question(what, query, { token: puller.token })
    assert.deepEqual([denied.status, codeOf(denied)], [403, 'AuthorizationFailed'], 'of themselves neither')
  }
})

// prettier-ignore
const denials = [
  ['nobody in particular',       { ...pull },                                                'BadRequest'],
  ['somebody who is not there',  { ...pull, principal: '99999999-9999-4999-8999-999999999999' }, 'PrincipalNotFound'],
  ['a token that is not there',  { ...pull, principal: 'token:nosuch' },                     'PrincipalNotFound'],
  ['no action',                  { principal: 'admin', repository: 'a' },                    'BadRequest'],
  ['an action that is none',     { principal: 'admin', repository: 'a', action: 'fly' },     'BadRequest'],
  ['no repository',              { principal: 'admin', action: 'pull' },                     'BadRequest'],
  ['a repository that is none',  { principal: 'admin', action: 'pull', repository: 'A/..' }, 'BadRequest'],
  ['the catalog of a repository', { principal: 'admin', action: 'catalog', repository: 'a' }, 'BadRequest'],
] as const
for (const [what, query, code] of denials) {
  test(`a question about ${what} is rejected`, async () => {
    const answer = await explain(query)
    assert.deepEqual([answer.status, codeOf(answer)], [400, code])
  })
}
