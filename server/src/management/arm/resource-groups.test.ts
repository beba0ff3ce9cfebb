import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasRoleAt } from '../../../testing/authorization/test-access.ts'
import {
  at,
  codeOf,
  each,
  newRegistry,
  openTestManagement,
  registryPath,
  roleGuids,
  subscriptionId,
  subscriptionScope,
} from '../../../testing/management/test-management.ts'

const server = await openTestManagement()
const { arm } = server
test.after(() => server.close())

const groupPath = (name: string) => `${subscriptionScope}/resourceGroups/${name}`

test('a group is created with 201 and updated with 200; its tags are replaced, its name keeps its case', async () => {
  const made = await arm('PUT', groupPath('Team'), { location: 'West US', tags: { purpose: 'test' } })
  assert.equal(made.status, 201)
  assert.deepEqual(made.body, {
    id: groupPath('Team'),
    name: 'Team',
    type: 'Microsoft.Resources/resourceGroups',
    location: 'westus',
    tags: { purpose: 'test' },
    properties: { provisioningState: 'Succeeded' },
  })
  const lowerCase = groupPath('team').replace('resourceGroups', 'resourcegroups')
  assert.deepEqual((await arm('GET', lowerCase)).body, made.body)
  const again = await arm('PUT', lowerCase, { location: 'westus' })
  assert.equal(again.status, 200)
  assert.equal(at(again.body, 'name'), 'Team')
  assert.equal(at(again.body, 'tags'), undefined)
  assert.deepEqual(each(await arm('GET', `${subscriptionScope}/resourcegroups`), 'name'), ['Default', 'Team'])
})

test('PATCH replaces the tags of a group and nothing else', async () => {
  await arm('PUT', groupPath('patched'), { location: 'local', tags: { a: '1', b: '2' } })
  const same = await arm('PATCH', groupPath('patched'), { location: 'elsewhere', name: 'other' })
  assert.partialDeepStrictEqual(same.body, { name: 'patched', location: 'local', tags: { a: '1', b: '2' } })
  const changed = await arm('PATCH', groupPath('patched'), { tags: { c: '3' } })
  assert.equal(changed.status, 200)
  assert.deepEqual(at(changed.body, 'tags'), { c: '3' })
  assert.equal((await arm('PATCH', groupPath('nosuch'), { tags: {} })).status, 404)
})

test('a group keeps its manager, which PATCH changes and PUT replaces', async () => {
  const managedBy = `${subscriptionScope}/resourceGroups/Default/providers/Microsoft.Example/managers/a`
  const made = await arm('PUT', groupPath('managed'), { location: 'local', managedBy })
  assert.equal(at(made.body, 'managedBy'), managedBy)
  await arm('PATCH', groupPath('managed'), { tags: { a: '1' } })
  const shown = await arm('GET', groupPath('managed'))
  assert.partialDeepStrictEqual(shown.body, { managedBy, tags: { a: '1' } })
  assert.ok(each(await arm('GET', `${subscriptionScope}/resourceGroups`), 'managedBy').includes(managedBy))
  const changed = await arm('PATCH', groupPath('managed'), { managedBy: `${managedBy}2` })
  assert.equal(at(changed.body, 'managedBy'), `${managedBy}2`)
  const replaced = await arm('PUT', groupPath('managed'), { location: 'local' })
  assert.equal(at(replaced.body, 'managedBy'), undefined)
  for (const wrong of [7, 'a\u001b[31m', 'a\nb', 'x'.repeat(1025)]) {
    const answer = await arm('PATCH', groupPath('managed'), { managedBy: wrong })
    assert.equal(codeOf(answer), 'InvalidRequestContent', JSON.stringify(wrong))
  }
})

test('groups and resources are listed by the name and the value of a tag', async () => {
  const tagged = { tags: { Purpose: "it's a test" } }
  await arm('PUT', groupPath('tagged1'), { location: 'local', ...tagged })
  await arm('PUT', groupPath('tagged2'), { location: 'local', tags: { purpose: 'other' } })
  await arm('PUT', registryPath('taggedregistry', groupPath('tagged2')), newRegistry({}, tagged))
  const names = async (list: string, filter: string) => {
    const query = `api-version=2021-04-01&$filter=${encodeURIComponent(filter)}`
    return each(await arm('GET', `${subscriptionScope}/${list}?${query}`), 'name')
  }
  assert.deepEqual(await names('resourcegroups', "tagname eq 'purpose'"), ['tagged1', 'tagged2'])
  assert.deepEqual(await names('resourcegroups', "tagName eq 'purpose' and tagValue eq 'it''s a test'"), ['tagged1'])
  assert.deepEqual(await names('resourcegroups', "tagname eq 'purpose' and tagvalue eq 'Other'"), [])
  assert.deepEqual(await names('resources', "tagname eq 'PURPOSE'"), ['taggedregistry'])
  const type = "resourceType eq 'Microsoft.ContainerRegistry/registries'"
  assert.deepEqual(await names('resources', `${type} and tagname eq 'purpose'`), ['taggedregistry'])
  await arm('DELETE', registryPath('taggedregistry', groupPath('tagged2')))
  for (const filter of ["tagvalue eq 'a'", "tagname eq 'a' and tagname eq 'b'", "name eq 'a'", "tagname ge 'a'"]) {
    const query = `api-version=2021-04-01&$filter=${encodeURIComponent(filter)}`
    const answer = await arm('GET', `${subscriptionScope}/resourcegroups?${query}`)
    assert.equal(codeOf(answer), 'InvalidFilterInQueryString', filter)
  }
})

test('HEAD checks whether a group exists', async () => {
  assert.equal((await arm('HEAD', groupPath('DEFAULT'))).status, 204)
  assert.equal((await arm('HEAD', groupPath('nosuch'))).status, 404)
})

test('a group without a location, in another one, or in an invalid one is rejected', async () => {
  const code = async (body: unknown) => codeOf(await arm('PUT', groupPath('Default'), body))
  assert.equal(await code({}), 'LocationRequired')
  assert.equal(await code({ location: 'eastus' }), 'InvalidResourceGroupLocation')
  assert.equal(await code({ location: 7 }), 'InvalidRequestContent')
  assert.equal(await code({ location: 'a/b' }), 'InvalidRequestContent')
  assert.equal((await arm('PUT', groupPath('Default'), { location: 'eastus' })).status, 409)
  const nowhere = '/subscriptions/99999999-9999-4999-8999-999999999999/resourceGroups/x'
  await server.assign(server.owner.servicePrincipal.objectId, roleGuids.owner, '/')
  const answer = await arm('PUT', nowhere, { location: 'local' })
  assert.equal(answer.status, 404)
  assert.equal(codeOf(answer), 'SubscriptionNotFound')
})

// prettier-ignore
const badTags = [
  [{ a: 1 },                                                         'a value that is no text'],
  [{ a: null },                                                      'a null'],
  [{ a: 'x'.repeat(257) },                                           'a long value'],
  [{ ['x'.repeat(513)]: 'a' },                                       'a long name'],
  [{ '': 'a' },                                                      'an empty name'],
  [{ 'a/b': 'a' },                                                   'a name with a slash'],
  [{ A: '1', a: '2' },                                               'two names that differ in case'],
  [Object.fromEntries(Array.from({ length: 51 }, (_, n) => [n, ''])), 'too many'],
  [['a'],                                                            'a list'],
] as const

for (const [tags, why] of badTags) {
  test(`tags with ${why} are rejected`, async () => {
    const answer = await arm('PUT', groupPath('tagged'), { location: 'local', tags })
    assert.equal(answer.status, 400)
    assert.equal(codeOf(answer), 'InvalidRequestContent')
  })
}

test('deleting a group deletes its registries, their content and the role assignments on them', async () => {
  const group = groupPath('doomed')
  await arm('PUT', group, { location: 'local' })
  const names = ['doomed1', 'doomed2']
  for (const name of names) await arm('PUT', registryPath(name, group), newRegistry())
  await arm('PUT', registryPath('spared'), newRegistry())
  const contributor = await server.principalWith(roleGuids.contributor, group)
  const puller = await server.principalWith(roleGuids.acrPull, registryPath('doomed1', group))

  server.registryChanges.length = 0
  const deleted = await arm('DELETE', group.toUpperCase())
  assert.equal(deleted.status, 200)
  assert.equal(deleted.text, '')
  assert.deepEqual(server.registryChanges, [['spared']])
  assert.equal(codeOf(await arm('GET', group)), 'ResourceGroupNotFound')
  assert.equal(codeOf(await arm('DELETE', group)), 'ResourceGroupNotFound')
  for (const name of names) assert.equal(await server.resources.findRegistryByName(name), undefined)
  const left = await server.access.listAssignments({ scope: group, includeBelow: true })
  assert.ok(left.every(({ scope }) => !scope.toLowerCase().includes('doomed')))

  await arm('PUT', group, { location: 'local' })
  await arm('PUT', registryPath('doomed1', group), newRegistry())
  assert.equal((await arm('GET', registryPath('doomed1', group), undefined, contributor)).status, 403)
  assert.equal(
    await hasRoleAt(
      server.access,
      { kind: 'directory', objectId: puller.servicePrincipal.objectId, groupIds: [] },
      registryPath('doomed1', group),
    ),
    false,
  )
  const [event] = (await server.events()).filter(({ action }) => action === 'resource-group.delete')
  assert.equal(event?.target, group)
  assert.match(event?.detail ?? '', /doomed1.*doomed2/)
})

test('a registry that is created while its group is deleted does not remain without a group', async () => {
  for (let round = 0; round < 10; round++) {
    const group = groupPath(`racing${round}`)
    await arm('PUT', group, { location: 'local' })
    const [made] = await Promise.all([
      arm('PUT', registryPath(`racing${round}`, group), newRegistry()),
      arm('DELETE', group),
    ])
    assert.ok(made.status === 201 || codeOf(made) === 'ResourceGroupNotFound', made.text)
    const orphans = await server.resources.listRegistries(subscriptionId, `racing${round}`)
    const present = await server.resources.findResourceGroup(subscriptionId, `racing${round}`)
    assert.ok(present !== undefined || orphans.length === 0)
  }
})
