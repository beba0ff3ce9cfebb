import assert from 'node:assert/strict'
import { test } from 'node:test'
import { documentOf, time, withResourceGroup } from './shape.ts'

test('a document has the members of its shape, null for missing ones, and members that the shape does not know', () => {
  const shape = { name: 'name', size: 'properties.size', createdOn: ['properties.createdOn', time] } as const
  const response = { name: 'a', properties: { createdOn: '2026-01-02T03:04:05.6700000Z', other: 1 }, extra: true }
  const document = { name: 'a', size: null, createdOn: '2026-01-02T03:04:05.670000+00:00', extra: true }
  assert.deepEqual(documentOf(shape, response), document)
})

test('a time has microseconds only if it has a fraction', () => {
  assert.equal(time('2026-01-02T03:04:05Z'), '2026-01-02T03:04:05+00:00')
  assert.equal(time('2026-01-02T03:04:05.000Z'), '2026-01-02T03:04:05+00:00')
  assert.equal(time('2026-01-02T03:04:05.1Z'), '2026-01-02T03:04:05.100000+00:00')
  assert.equal(time('soon'), 'soon')
})

test('the resource group is added beside the id of a resource, and not to the group itself', () => {
  const id = '/subscriptions/s/resourceGroups/Group/providers/Microsoft.ContainerRegistry/registries/contoso'
  assert.deepEqual(withResourceGroup([{ id, inner: { id: 'x' } }]), [
    { id, inner: { id: 'x' }, resourceGroup: 'Group' },
  ])
  const group = { id: '/subscriptions/s/resourceGroups/Group' }
  assert.deepEqual(withResourceGroup(group), group)
})
