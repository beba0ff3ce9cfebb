import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cacheByHost } from './host-cache.ts'
import { openTestResources } from '../../testing/resources/test-resources.ts'

test('the cache stores a host in only one spelling, because a client can invent thousands of other spellings', async (t) => {
  const { resources, create, dispose } = await openTestResources('sqlite')
  t.after(dispose)
  const registry = await create('Contoso')
  const read: string[] = []
  const find = cacheByHost(
    { knownRevision: () => 1, authorityRevision: async () => 1 },
    (host, { loginServer }) => host === loginServer,
    async (host) => {
      read.push(host)
      return resources.findRegistryByHost(host)
    },
  )
  const others = ['CONTOSO.azurecr.example:5443', 'unknown.azurecr.example:5443']
  for (let time = 0; time < 2; time += 1) {
    assert.deepEqual(await find(registry.loginServer), registry)
    assert.deepEqual(await find(others[0]), registry)
    assert.equal(await find(others[1]), undefined)
  }
  assert.deepEqual(read, [registry.loginServer, ...others, ...others])
})

test('every session gets the same object for an unchanged registry, and a new object for a changed registry', async (t) => {
  const { resources, database, create, dispose } = await openTestResources('sqlite')
  t.after(dispose)
  const { rid } = await create('Contoso')
  const before = await resources.findRegistryByRid(rid)
  assert.equal(await resources.findRegistryByName('contoso'), before)
  const author = { name: 'alice@contoso.example', kind: 'User' } as const
  await database.transaction((transaction) =>
    resources.updateRegistry(transaction, rid, { adminUserEnabled: true }, author),
  )
  const after = await resources.findRegistryByRid(rid)
  assert.equal(before?.adminUserEnabled, false)
  assert.equal(after?.adminUserEnabled, true)
})
