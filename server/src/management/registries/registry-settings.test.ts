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
} from '../../../testing/management/test-management.ts'

const server = await openTestManagement()
const { arm, time } = server
test.after(() => server.close())

const property = ({ body }: Answer, ...path: string[]) => at(body, 'properties', ...path)

test('network rules are shown unchanged, and a request that names some of them keeps the rest', async () => {
  const path = registryPath('fenced')
  await arm('PUT', path, newRegistry())
  const ipRules = [
    { action: 'Allow', value: '203.0.113.0/24' },
    { action: 'Allow', value: '2001:db8::1' },
  ]
  const patch = (networkRuleSet: object) => arm('PATCH', path, { properties: { networkRuleSet } })
  const set = await patch({ defaultAction: 'deny', ipRules: [...ipRules, { value: '203.0.113.0/24' }] })
  assert.deepEqual(property(set, 'networkRuleSet'), { defaultAction: 'Deny', ipRules })
  const opened = await patch({ defaultAction: 'Allow' })
  assert.deepEqual(property(opened, 'networkRuleSet'), { defaultAction: 'Allow', ipRules })
  const emptied = await patch({ ipRules: [] })
  assert.deepEqual(property(emptied, 'networkRuleSet', 'ipRules'), [])
  await patch({ defaultAction: 'Deny', ipRules })
  const usages = await arm('GET', `${path}/listUsages`)
  const counted = each(usages).find((row) => at(row, 'name') === 'IPRules')
  assert.deepEqual(counted, { name: 'IPRules', limit: 200, currentValue: 2, unit: 'Count' })
  const put = await arm('PUT', path, newRegistry())
  const open = { defaultAction: 'Allow', ipRules: [] }
  assert.deepEqual(property(put, 'networkRuleSet'), open, 'PUT replaces them')
})

test('a registry with network rules cannot leave Premium', async () => {
  const path = registryPath('fencedin')
  await arm('PUT', path, newRegistry({ networkRuleSet: { defaultAction: 'Deny' } }))
  assert.equal((await arm('PATCH', path, { sku: { name: 'Standard' } })).status, 400)
  const open = { properties: { networkRuleSet: { defaultAction: 'Allow' } }, sku: { name: 'Standard' } }
  assert.equal((await arm('PATCH', path, open)).status, 200)
})

test('retention and soft delete cannot both be enabled, in either order', async () => {
  const path = registryPath('policed')
  await arm('PUT', path, newRegistry())
  const retention = { retentionPolicy: { status: 'enabled' } }
  const softDelete = { softDeletePolicy: { status: 'enabled' } }
  const set = (policies: object) => arm('PATCH', path, { properties: { policies } })
  for (const [first, second] of [
    [retention, softDelete],
    [softDelete, retention],
  ] as const) {
    assert.equal((await set(first)).status, 200)
    const rejected = await set(second)
    assert.equal(rejected.status, 400)
    assert.equal(codeOf(rejected), 'BadRequest')
    const off = { retentionPolicy: { status: 'disabled' }, softDeletePolicy: { status: 'disabled' } }
    assert.equal((await set(off)).status, 200)
  }
  assert.equal((await set({ ...retention, ...softDelete })).status, 400)
  assert.equal((await arm('PUT', path, newRegistry({ policies: { ...retention, ...softDelete } }))).status, 400)
})

test('the start of retention is the time when it was enabled, not of a later change', async () => {
  const path = registryPath('retaining')
  await arm('PUT', path, newRegistry())
  const since = async () =>
    (await server.resources.findRegistryByName('retaining'))?.policies.retentionPolicy.enabledAtMs
  const say = async (method: string, retentionPolicy: object) => {
    time.nowMs += 1000
    const properties = { policies: { retentionPolicy } }
    const answer = await arm(method, path, method === 'PUT' ? newRegistry(properties) : { properties })
    assert.equal(answer.status, 200)
    assert.equal(property(answer, 'policies', 'retentionPolicy', 'enabledAtMs'), undefined)
  }
  await say('PATCH', { status: 'enabled', days: 3 })
  const enabledAtMs = time.nowMs
  assert.equal(await since(), enabledAtMs)
  await say('PATCH', { status: 'enabled', days: 30 })
  await say('PUT', { status: 'enabled' })
  await say('PATCH', { days: 2 })
  assert.equal(await since(), enabledAtMs)
  await say('PATCH', { status: 'disabled' })
  await say('PATCH', { status: 'enabled' })
  assert.equal(await since(), time.nowMs)
})
