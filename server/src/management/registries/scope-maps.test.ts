import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Answer,
  at,
  codeOf,
  each,
  newRegistry,
  openTestManagement,
  registryPath,
  roleGuids,
} from '../../../testing/management/test-management.ts'

const server = await openTestManagement()
const { arm, time } = server
test.after(() => server.close())

const registry = registryPath('Contoso')
const other = registryPath('fabrikam')
await arm('PUT', registry, newRegistry())
await arm('PUT', other, newRegistry())
const { appId } = server.owner.servicePrincipal
const read = ['repositories/team/app/content/read']

function put(name: string, properties: object, of = registry): Promise<Answer> {
  return arm('PUT', `${of}/scopeMaps/${name}`, { properties })
}
const get = (name: string, of = registry) => arm('GET', `${of}/scopeMaps/${name}`)
const remove = (name: string, of = registry) => arm('DELETE', `${of}/scopeMaps/${name}`)

test('a new scope map is answered with 200 and its document, in the order of Azure', async () => {
  const made = await put('Readers', {
    actions: read,
    description: 'who reads',
    type: 'SystemDefined',
    creationDate: 'x',
  })
  assert.equal(made.status, 200)
  const at120 = '2026-11-24T12:00:00.1200000+00:00'
  const expected = {
    type: 'Microsoft.ContainerRegistry/registries/scopeMaps',
    id: `${registry}/scopeMaps/Readers`,
    name: 'Readers',
    systemData: {
      createdBy: appId,
      createdByType: 'Application',
      createdAt: at120,
      lastModifiedBy: appId,
      lastModifiedByType: 'Application',
      lastModifiedAt: at120,
    },
    properties: {
      description: 'who reads',
      type: 'UserDefined',
      creationDate: at120,
      provisioningState: 'Succeeded',
      actions: read,
    },
  }
  assert.equal(made.text, JSON.stringify(expected))
  const shown = await arm('GET', `${registry}/SCOPEMAPS/readers`)
  assert.equal(shown.status, 200)
  assert.equal(shown.text, made.text)
  const plain = await put('plain', { actions: read })
  assert.ok(!plain.text.includes('description'))
})

test('PUT replaces a scope map as a whole, and keeps its creation time and author', async () => {
  await put('replaced', { actions: read, description: 'one' })
  time.nowMs += 60_000
  const again = await put('REPLACED', { actions: ['Repositories/Other/Content/Write'] })
  time.nowMs -= 60_000
  assert.equal(again.status, 200)
  assert.equal(at(again.body, 'name'), 'replaced')
  assert.equal(at(again.body, 'properties', 'description'), undefined)
  assert.deepEqual(at(again.body, 'properties', 'actions'), ['repositories/other/content/write'])
  assert.equal(at(again.body, 'properties', 'creationDate'), '2026-11-24T12:00:00.1200000+00:00')
  assert.equal(at(again.body, 'systemData', 'lastModifiedAt'), '2026-11-24T12:01:00.1200000+00:00')
})

test('PATCH is answered with 201, and replaces the actions if it names them', async () => {
  await put('patched', { actions: read, description: 'kept' })
  const patch = (properties: object) => arm('PATCH', `${registry}/scopeMaps/patched`, { properties })
  const actions = ['repositories/other/metadata/read', 'gateway/edge1/config/read']
  const answer = await patch({ actions })
  assert.equal(answer.status, 201)
  assert.deepEqual(at(answer.body, 'properties', 'actions'), actions)
  assert.equal(at(answer.body, 'properties', 'description'), 'kept')
  const described = await patch({ description: 'new' })
  assert.deepEqual(at(described.body, 'properties', 'actions'), actions)
  assert.equal(at(described.body, 'properties', 'description'), 'new')
  assert.equal(codeOf(await patch({ actions: [] })), 'InvalidScopeMapAction')
  const missing = await arm('PATCH', `${registry}/scopeMaps/missing`, { properties: { actions: read } })
  assert.equal(missing.status, 404)
})

test('a missing scope map is answered with the text of the provider, and its deletion with 204', async () => {
  const answer = await get('nowhere')
  assert.equal(answer.status, 404)
  const error = { code: 'ResourceNotFound', message: 'The resource nowhere could not be found.' }
  assert.deepEqual(answer.body, { error })
  for (const name of ['nowhere', 'a', '%00%00%00%00%00', 'x'.repeat(300)]) {
    assert.equal((await remove(name)).status, 204, name)
    assert.equal((await get(name)).status, 404, name)
  }
  await put('deleted', { actions: read })
  assert.equal((await remove('DELETED')).status, 200)
  assert.equal((await remove('deleted')).status, 204)
  assert.equal((await get('missing', registryPath('missing'))).status, 404)
})

// prettier-ignore
const systemMaps: readonly (readonly [name: string, ...permissions: string[]])[] = [
  ['_repositories_admin', 'metadata/read', 'metadata/write', 'content/read', 'content/write', 'content/delete'],
  ['_repositories_pull', 'content/read'],
  ['_repositories_pull_metadata_read', 'content/read', 'metadata/read'],
  ['_repositories_push', 'content/read', 'content/write'],
  ['_repositories_push_metadata_write', 'metadata/read', 'metadata/write', 'content/read', 'content/write'],
]

test('the list begins with the five system-defined scope maps, which have the age of the registry and no author', async () => {
  const listed = await arm('GET', `${other}/scopeMaps`)
  assert.equal(listed.status, 200)
  assert.deepEqual(
    each(listed, 'name'),
    systemMaps.map(([name]) => name),
  )
  for (const [index, [name, ...permissions]] of systemMaps.entries()) {
    const document = at(listed.body, 'value', index)
    assert.deepEqual(Object.keys(document as object), ['type', 'id', 'name', 'properties'])
    assert.equal(at(document, 'id'), `${other}/scopeMaps/${name}`)
    assert.equal(at(document, 'properties', 'type'), 'SystemDefined')
    assert.equal(at(document, 'properties', 'creationDate'), '2026-11-24T12:00:00.1200000+00:00')
    assert.deepEqual(
      at(document, 'properties', 'actions'),
      permissions.map((permission) => `repositories/*/${permission}`),
    )
    assert.deepEqual((await get(name.toUpperCase(), other)).body, document)
  }
  await put('_first', { actions: read }, other)
  assert.deepEqual(each(await arm('GET', `${other}/scopeMaps`), 'name').slice(5), ['_first'])
})

test('a system-defined scope map cannot be changed or deleted, and its names are reserved', async () => {
  for (const name of ['_repositories_pull', '_REPOSITORIES_PULL', '_repositories_new']) {
    const path = `${registry}/scopeMaps/${name}`
    const body = { properties: { actions: read } }
    const answers = [await arm('PUT', path, body)]
    if (name !== '_repositories_new') answers.push(await arm('PATCH', path, body), await arm('DELETE', path))
    for (const answer of answers) {
      assert.equal(answer.status, 400)
      assert.equal(codeOf(answer), 'SystemDefinedScopeMap')
    }
  }
  assert.deepEqual(at((await get('_repositories_pull')).body, 'properties', 'actions'), ['repositories/*/content/read'])
})

test('a PUT of an unchanged system-defined scope map is accepted', async () => {
  const present = await get('_repositories_push')
  const actions = ['REPOSITORIES/*/content/write', 'repositories/*/content/read']
  for (const properties of [{ actions }, (present.body as { properties: object }).properties]) {
    const answer = await put('_repositories_push', properties)
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(answer.body, present.body)
  }
  const other = { actions, description: 'mine' }
  assert.equal(codeOf(await put('_repositories_push', other)), 'SystemDefinedScopeMap')
  assert.equal(codeOf(await put('_repositories_push', { actions: actions.slice(1) })), 'SystemDefinedScopeMap')
})

test('fault 35: an action that is none, none at all, and more than 500 are rejected, and 500 are taken', async () => {
  const numbered = (count: number) => Array.from({ length: count }, (_, index) => `repositories/r${index}/content/read`)
  // prettier-ignore
  const rejected: readonly (readonly [actions: unknown, code: string])[] = [
    [[],                                          'InvalidScopeMapAction'],
    [undefined,                                   'InvalidScopeMapAction'],
    [['repositories/a/*/b/content/read'],         'InvalidScopeMapAction'],
    [['repositories/a*/content/read'],            'InvalidScopeMapAction'],
    [[...read, 'repositories/app/content/admin'], 'InvalidScopeMapAction'],
    [['*'],                                       'InvalidScopeMapAction'],
    [['x'.repeat(10_000)],                        'InvalidScopeMapAction'],
    [numbered(501),                               'InvalidScopeMapAction'],
    [numbered(10_001),                            'InvalidRequestContent'],
    ['repositories/app/content/read',             'InvalidRequestContent'],
    [[1],                                         'InvalidRequestContent'],
  ]
  for (const [actions, code] of rejected) {
    const answer = await put('refused', { actions })
    assert.equal(answer.status, 400)
    assert.equal(codeOf(answer), code)
  }
  assert.equal((await get('refused')).status, 404)
  const full = numbered(500)
  const made = await put('full-map', { actions: [...full, ...full.slice(0, 10)] })
  assert.deepEqual(at(made.body, 'properties', 'actions'), full)
  assert.equal((await put('described', { actions: read, description: 'x'.repeat(257) })).status, 400)
  assert.equal((await put('zero', { actions: read, description: 'x\0y' })).status, 400)
})

test('an invalid name is rejected', async () => {
  for (const name of [
    'abcd',
    'a'.repeat(51),
    'with.dot',
    'with%20blank',
    'with%2Fslash',
    'ünïcode',
    '%00%00%00%00%00',
  ]) {
    const answer = await put(name, { actions: read })
    assert.ok(answer.status === 400 || answer.status === 404, `${name}: ${answer.status}`)
  }
  for (const name of ['abcde', 'a'.repeat(50), 'A-b_c', '_____']) {
    assert.equal((await put(name, { actions: read })).status, 200, name)
  }
})

test('a scope map that a token uses cannot be deleted', async () => {
  await put('in-use', { actions: read })
  const scopeMapId = `${registry}/scopeMaps/in-use`
  await arm('PUT', `${registry}/tokens/nightly`, { properties: { scopeMapId } })
  const rejected = await remove('IN-USE')
  assert.equal(rejected.status, 409)
  assert.equal(codeOf(rejected), 'ScopeMapInUse')
  assert.match(String(at(rejected.body, 'error', 'message')), /nightly/)
  assert.equal((await get('in-use')).status, 200)
  await arm('DELETE', `${registry}/tokens/nightly`)
  assert.equal((await remove('in-use')).status, 200)
})

test('a scope map is found only in its own registry', async () => {
  await put('private', { actions: read })
  for (const answer of [await get('private', other), await remove('private', other)]) {
    assert.ok(answer.status === 404 || answer.status === 204)
  }
  assert.equal((await get('private')).status, 200)
})

test('the limit of the SKU applies to custom scope maps', async () => {
  const basic = registryPath('basicone')
  await arm('PUT', basic, { location: 'local', sku: { name: 'Basic' } })
  const usage = async () =>
    (at((await arm('GET', `${basic}/listUsages`)).body, 'value') as { name: string; currentValue: number }[]).find(
      ({ name }) => name === 'ScopeMaps',
    )?.currentValue
  assert.equal(await usage(), 0)
  for (let index = 0; index < 100; index++) {
    assert.equal((await put(`map-${index}`, { actions: read }, basic)).status, 200)
  }
  assert.equal(await usage(), 100)
  const rejected = await put('one-more', { actions: read }, basic)
  assert.equal(rejected.status, 409)
  assert.equal(codeOf(rejected), 'QuotaExceeded')
  assert.equal((await put('map-1', { actions: read }, basic)).status, 200)
  await arm('PATCH', basic, { sku: { name: 'Standard' } })
  assert.equal((await put('one-more', { actions: read }, basic)).status, 200)
})

test('a SKU with a limit below the number of scope maps or tokens is rejected', async () => {
  const basic = registryPath('basicone')
  const lower = { sku: { name: 'Basic' } }
  for (const [method, body] of [
    ['PATCH', lower],
    ['PUT', { location: 'local', ...lower }],
  ] as const) {
    const rejected = await arm(method, basic, body)
    assert.equal(rejected.status, 409, rejected.text)
    assert.equal(codeOf(rejected), 'QuotaExceeded')
    assert.match(rejected.text, /101 ScopeMaps, and no more than 100 are supported for SKU Managed_Basic/)
  }
  assert.equal(at((await arm('GET', basic)).body, 'sku', 'name'), 'Standard')
  await arm('DELETE', `${basic}/scopeMaps/one-more`)
  for (let index = 0; index <= 100; index++) {
    const scopeMapId = `${basic}/scopeMaps/map-1`
    assert.equal((await arm('PUT', `${basic}/tokens/token-${index}`, { properties: { scopeMapId } })).status, 201)
  }
  assert.match((await arm('PATCH', basic, lower)).text, /101 Tokens, and no more than 100/)
  await arm('DELETE', `${basic}/tokens/token-0`)
  assert.equal((await arm('PATCH', basic, lower)).status, 200)
})

test('deleting a registry deletes its scope maps', async () => {
  const passing = registryPath('passing')
  await arm('PUT', passing, newRegistry())
  await put('readers', { actions: read }, passing)
  await arm('DELETE', passing)
  await arm('PUT', passing, newRegistry())
  assert.equal((await get('readers', passing)).status, 404)
})

test('every change of a scope map records an event', async () => {
  await put('watched', { actions: read })
  time.nowMs += 1
  await put('watched', { actions: ['repositories/a/content/write'] })
  time.nowMs += 1
  await arm('PATCH', `${registry}/scopeMaps/watched`, { properties: { description: 'd' } })
  time.nowMs += 1
  await remove('watched')
  time.nowMs += 1
  const events = (await server.events()).filter(({ target }) => target === `${registry}/scopeMaps/watched`)
  assert.deepEqual(
    events.map(({ action }) => action),
    ['scope-map.create', 'scope-map.update', 'scope-map.update', 'scope-map.delete'],
  )
  assert.ok(
    events.every(
      ({ actor_id, outcome }) => actor_id === server.owner.servicePrincipal.objectId && outcome === 'success',
    ),
  )
  assert.deepEqual(at(JSON.parse(events[1]?.detail ?? ''), 'actions'), ['repositories/a/content/write'])
})

test('scope maps are read and written only with a role that allows it', async () => {
  const administrator = await server.principalWith('3bc748fc-213d-45c1-8d91-9da5725539b9', registry)
  const configurationReader = await server.principalWith('69b07be0-09bf-439a-b9a6-e73de851bd59', registry)
  const reader = await server.principalWith(roleGuids.reader, registry)
  const pusher = await server.principalWith(roleGuids.acrPush, registry)
  const path = `${registry}/scopeMaps/by-role`
  const body = { properties: { actions: read } }
  // prettier-ignore
  const matrix: readonly (readonly [who: { readonly token: string }, read: number, write: number])[] = [
    [pusher,              403, 403],
    [reader,              200, 403],
    [configurationReader, 200, 403],
    [administrator,       200, 200],
  ]
  for (const [who, reading, writing] of matrix) {
    assert.equal((await arm('GET', `${registry}/scopeMaps`, undefined, who)).status, reading)
    assert.equal((await arm('PUT', path, body, who)).status, writing)
    assert.equal((await arm('PATCH', path, body, who)).status, writing === 200 ? 201 : 403)
    assert.equal((await arm('DELETE', path, undefined, who)).status, writing)
  }
})
