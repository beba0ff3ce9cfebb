import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  isWithinScope,
  normalizeScope,
  parseExtensionId,
  parseResourceId,
  registryId,
  type ResourceId,
  resourceGroupId,
  scopeChain,
  subscriptionId,
} from './resource-id.ts'

const sub = '0a0b0c0d-1111-2222-3333-444444444444'
const registry = registryId(sub, 'My-Group_1', 'myRegistry')
const parts = { subscriptionId: sub, resourceGroup: 'My-Group_1', provider: 'Microsoft.ContainerRegistry' }

test('ids are written in ARM’s spelling', () => {
  assert.equal(subscriptionId(sub), `/subscriptions/${sub}`)
  assert.equal(resourceGroupId(sub, 'g'), `/subscriptions/${sub}/resourceGroups/g`)
  assert.equal(
    registryId(sub, 'g', 'n'),
    `/subscriptions/${sub}/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/n`,
  )
})

test('a resource id falls apart into its parts', () => {
  // prettier-ignore
  const cases: readonly { text: string; id: ResourceId | undefined; why: string }[] = [
    { text: `/subscriptions/${sub}`, id: { subscriptionId: sub, children: [] }, why: 'a subscription' },
    { text: `/SUBSCRIPTIONS/${sub.toUpperCase()}/`, id: { subscriptionId: sub, children: [] }, why: 'in any case, with a slash' },
    { text: resourceGroupId(sub, 'g'), id: { subscriptionId: sub, resourceGroup: 'g', children: [] }, why: 'a group' },
    { text: `/subscriptions/${sub}/resourcegroups/g.(1)`, id: { subscriptionId: sub, resourceGroup: 'g.(1)', children: [] }, why: 'what group names may hold' },
    { text: registry, id: { ...parts, type: 'registries', name: 'myRegistry', children: [] }, why: 'a registry' },
    { text: `${registry}/scopeMaps/m`, id: { ...parts, type: 'registries', name: 'myRegistry', children: [{ type: 'scopeMaps', name: 'm' }] }, why: 'a child' },
    { text: `/subscriptions/${sub}/providers/P/t/n`, id: { subscriptionId: sub, provider: 'P', type: 't', name: 'n', children: [] }, why: 'a resource of the subscription' },
    { text: '', id: undefined, why: 'nothing' },
    { text: '/', id: undefined, why: 'the tenant is no resource' },
    { text: '/subscriptions', id: undefined, why: 'a collection' },
    { text: '/subscriptions/x', id: undefined, why: 'no GUID' },
    { text: `subscriptions/${sub}`, id: undefined, why: 'not absolute' },
    { text: `//subscriptions/${sub}`, id: undefined, why: 'an empty segment' },
    { text: `/subscriptions/${sub}//`, id: undefined, why: 'an empty segment' },
    { text: `/subscriptions/${sub}/resourceGroups`, id: undefined, why: 'a collection' },
    { text: `/subscriptions/${sub}/resourceGroups/g/providers/P`, id: undefined, why: 'a provider alone' },
    { text: `/subscriptions/${sub}/resourceGroups/g/providers/P/t`, id: undefined, why: 'a collection' },
    { text: `${registry}/scopeMaps`, id: undefined, why: 'a collection' },
    { text: `${registry}/providers/Microsoft.Authorization/roleAssignments/x`, id: undefined, why: 'an extension is not within it' },
    { text: `/subscriptions/${sub}/resourceGroups/g/x/y`, id: undefined, why: 'no provider' },
    { text: `/subscriptions/${sub}/resourceGroups/..`, id: undefined, why: 'a parent directory' },
    { text: `/subscriptions/${sub}/resourceGroups/a%2fb`, id: undefined, why: 'an escape' },
    { text: `/subscriptions/${sub}/resourceGroups/\u212a`, id: undefined, why: 'a letter that lower-cases to another' },
    { text: `/subscriptions/${sub}/resourceGroups/a?b`, id: undefined, why: 'a query' },
    { text: `/subscriptions/${sub}/resourceGroups/${'a'.repeat(3000)}`, id: undefined, why: 'too long' },
  ]
  for (const { text, id, why } of cases) assert.deepEqual(parseResourceId(text), id, why)
})

test('an extension id has a scope and the attached resource', () => {
  const tail = 'providers/Microsoft.Authorization/roleAssignments/x'
  const extension = { provider: 'Microsoft.Authorization', type: 'roleAssignments', name: 'x' }
  // prettier-ignore
  const cases: readonly { text: string; scope: string | undefined; why: string }[] = [
    { text: `${registry}/${tail}`, scope: registry, why: 'at a registry' },
    { text: `${resourceGroupId(sub, 'g')}/${tail}`, scope: resourceGroupId(sub, 'g'), why: 'at a group' },
    { text: `${subscriptionId(sub)}/${tail}`, scope: subscriptionId(sub), why: 'at a subscription' },
    { text: `/${tail}`, scope: '/', why: 'at the tenant' },
    { text: `/${tail}/`, scope: '/', why: 'with a slash' },
    { text: `/other/${tail}`, scope: undefined, why: 'at nothing' },
    { text: '/roleAssignments/x', scope: undefined, why: 'too short' },
    { text: registry.replace('/providers/', '/other/'), scope: undefined, why: 'no provider' },
    { text: '', scope: undefined, why: 'nothing' },
  ]
  for (const { text, scope, why } of cases) {
    assert.deepEqual(parseExtensionId(text), scope === undefined ? undefined : { scope, ...extension }, why)
  }
})

test('a role assignment applies at every scope of the chain', () => {
  const lowerSub = `/subscriptions/${sub}`
  const lowerGroup = `${lowerSub}/resourcegroups/my-group_1`
  const lowerRegistry = `${lowerGroup}/providers/microsoft.containerregistry/registries/myregistry`
  assert.deepEqual(scopeChain(registry), ['/', lowerSub, lowerGroup, lowerRegistry])
  assert.deepEqual(scopeChain(`${registry}/tokens/T`).at(-1), `${lowerRegistry}/tokens/t`)
  assert.deepEqual(scopeChain(`${lowerSub}/`), ['/', lowerSub])
  assert.deepEqual(scopeChain('/'), ['/'])
  for (const text of ['', '//', 'x', '/x', `${lowerSub}/..`]) assert.deepEqual(scopeChain(text), [], text)
})

test('a scope is normalized, and nothing but the tenant becomes the tenant', () => {
  assert.equal(normalizeScope('/Subscriptions/X/'), '/subscriptions/x')
  assert.equal(normalizeScope('/'), '/')
  for (const text of ['', '//', '///']) assert.equal(normalizeScope(text), '', text)
})

test('a scope lies within its ancestors only', () => {
  const group = resourceGroupId(sub, 'team')
  // prettier-ignore
  const cases: readonly { scope: string; ancestor: string; within: boolean; why: string }[] = [
    { scope: group, ancestor: group, within: true, why: 'itself' },
    { scope: group.toUpperCase(), ancestor: `${group}/`, within: true, why: 'itself in another spelling' },
    { scope: registryId(sub, 'team', 'n'), ancestor: group, within: true, why: 'below' },
    { scope: group, ancestor: '/', within: true, why: 'below the tenant' },
    { scope: '/', ancestor: '/', within: true, why: 'itself' },
    { scope: group, ancestor: registryId(sub, 'team', 'n'), within: false, why: 'above' },
    { scope: resourceGroupId(sub, 'team2'), ancestor: group, within: false, why: 'a name that begins alike' },
    { scope: '/', ancestor: group, within: false, why: 'above' },
    { scope: group, ancestor: '', within: false, why: 'an empty ancestor must not hold everywhere' },
    { scope: group, ancestor: '//', within: false, why: 'nor one of slashes' },
    { scope: '', ancestor: '/', within: false, why: 'nothing lies nowhere' },
    { scope: 'x', ancestor: '/', within: false, why: 'not absolute' },
  ]
  for (const { scope, ancestor, within, why } of cases) assert.equal(isWithinScope(scope, ancestor), within, why)
})

test('an id lies within each scope of its chain, in any case', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,8}$/).filter((text) => text.toLowerCase() !== 'providers')
  fc.assert(
    fc.property(
      fc.uuid(),
      name,
      name,
      fc.array(fc.tuple(name, name), { maxLength: 3 }),
      (uuid, group, reg, children) => {
        const id = [registryId(uuid, group, reg), ...children.flat()].join('/')
        const chain = scopeChain(id)
        assert.equal(chain.length, 4 + children.length)
        assert.deepEqual(scopeChain(id.toUpperCase()), chain)
        for (const scope of chain) assert.ok(isWithinScope(id, scope))
      },
    ),
  )
})
