import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  at,
  newRegistry,
  openTestManagement,
  registryPath,
  roleGuids,
} from '../../../testing/management/test-management.ts'

const server = await openTestManagement()
const { arm, time } = server
test.after(() => server.close())

const registry = registryPath('Contoso')
await arm('PUT', registry, newRegistry())
const path = `${registry}/providers/Acrux.Server/anonymousAccess/default`
const scopeMapId = `${registry}/scopeMaps/_repositories_pull`
const body = { properties: { scopeMapId } }

test('anonymous access is a resource of our own, created with 201, replaced with 200 and deleted once', async () => {
  assert.equal((await arm('GET', path)).status, 404)
  const made = await arm('PUT', path, body)
  assert.equal(made.status, 201)
  const { appId } = server.owner.servicePrincipal
  const at120 = '2026-11-24T12:00:00.1200000+00:00'
  assert.deepEqual(made.body, {
    type: 'Acrux.Server/anonymousAccess',
    id: path,
    name: 'default',
    systemData: {
      createdBy: appId,
      createdByType: 'Application',
      createdAt: at120,
      lastModifiedBy: appId,
      lastModifiedByType: 'Application',
      lastModifiedAt: at120,
    },
    properties: { scopeMapId },
  })
  assert.deepEqual((await arm('GET', path)).body, made.body)
  assert.equal((await arm('PUT', path, body)).status, 200)
  assert.equal((await arm('DELETE', path)).status, 200)
  assert.equal((await arm('DELETE', path)).status, 204)
  assert.equal((await arm('GET', path.replace('/default', '/other'))).status, 404)
})

test('anonymous access is changed with the permission to change the registry, read with the permission to read it, and each change records an event', async () => {
  const contributor = await server.principalWith(roleGuids.contributor, registry)
  const reader = await server.principalWith(roleGuids.reader, registry)
  const pusher = await server.principalWith(roleGuids.acrPush, registry)
  time.nowMs += 1000
  for (const who of [reader, pusher]) {
    assert.equal((await arm('PUT', path, body, who)).status, 403)
    assert.equal((await arm('DELETE', path, undefined, who)).status, 403)
  }
  assert.equal((await arm('PUT', path, body, contributor)).status, 201)
  assert.equal((await arm('GET', path, undefined, reader)).status, 200)
  assert.equal((await arm('GET', path, undefined, pusher)).status, 403)
  time.nowMs += 1000
  assert.equal((await arm('DELETE', path, undefined, contributor)).status, 200)
  const events = (await server.events()).filter(
    ({ target, outcome, actor_id }) =>
      target === path && outcome === 'success' && actor_id === contributor.servicePrincipal.objectId,
  )
  assert.deepEqual(
    events.map(({ action }) => action),
    ['anonymous-access.put', 'anonymous-access.delete'],
  )
  assert.equal(at(JSON.parse(events[0]?.detail ?? ''), 'scopeMapId'), scopeMapId)
})
