import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  at,
  codeOf,
  newRegistry,
  openTestManagement,
  registryPath,
  roleGuids,
} from '../../../testing/management/test-management.ts'

const contoso = registryPath('contoso')

test('the network rules of a change are checked for the caller or another address, and nothing is changed', async (t) => {
  const { arm, close, principalWith } = await openTestManagement()
  t.after(close)
  await arm('PUT', contoso, newRegistry())
  const before = (await arm('GET', contoso)).body
  const check = (body: object, options = {}) =>
    arm('POST', `${contoso}/providers/Acrux.Server/checkNetworkAccess`, body, options)
  const only = (value: string) => ({ networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value }] } })
  const answer = async (body: object) => {
    const { body: found, text } = await check(body)
    assert.equal(typeof at(found, 'address'), 'string', text)
    return [at(found, 'address'), at(found, 'isCaller'), at(found, 'allowed'), at(found, 'reason')]
  }
  assert.deepEqual(await answer({}), ['127.0.0.1', true, true, null])
  assert.deepEqual(await answer({ properties: only('192.0.2.0/24') }), ['127.0.0.1', true, false, 'network-rule'])
  assert.deepEqual(await answer({ properties: only('127.0.0.0/8') }), ['127.0.0.1', true, true, null])
  const other = { address: '192.0.2.7', properties: only('192.0.2.0/24') }
  assert.deepEqual(await answer(other), ['192.0.2.7', false, true, null])
  const off = { properties: { publicNetworkAccess: 'Disabled' } }
  assert.deepEqual(await answer(off), ['127.0.0.1', true, false, 'public-network-disabled'])
  assert.deepEqual((await arm('GET', contoso)).body, before)
  for (const body of [{ address: '10.0.0.0/8' }, { address: 'x' }, { properties: only('x') }])
    assert.equal((await check(body)).status, 400)
  const basic = await check({ sku: { name: 'Basic' }, properties: only('10.0.0.1') })
  assert.equal(basic.status, 400, 'a PATCH would be denied')
  assert.equal(typeof codeOf(basic), 'string')
  const puller = await principalWith(roleGuids.acrPull, contoso)
  assert.equal((await check({}, { token: puller.token })).status, 403)
})
