import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Registry } from '../../api/registry-document.ts'
import { changeOf, rulesOf } from './network-change.ts'
import { unitOf } from './quota-unit.ts'

const registry = {
  properties: {
    publicNetworkAccess: 'Enabled',
    networkRuleSet: { defaultAction: 'Deny', ipRules: [{ action: 'Allow', value: '192.0.2.1' }] },
  },
} as unknown as Registry

test('the rules of a registry are edited as text, with the address of the link', () => {
  const rules = rulesOf(registry, '198.51.100.0/24')
  assert.deepEqual(rules, { isPublic: true, defaultAction: 'Deny', addresses: '192.0.2.1\n198.51.100.0/24' })
  assert.equal(rulesOf(registry, '192.0.2.1').addresses, '192.0.2.1')
})

test('the change has the addresses without blanks, commas and empty lines', () => {
  const { networkRuleSet, publicNetworkAccess } = changeOf({
    isPublic: false,
    defaultAction: 'Deny',
    addresses: ' 192.0.2.1, 192.0.2.2\n\n',
  })
  assert.equal(publicNetworkAccess, 'Disabled')
  assert.deepEqual(
    networkRuleSet?.ipRules.map(({ value }) => value),
    ['192.0.2.1', '192.0.2.2'],
  )
})

test('a limit is shown in the largest unit in which it is a whole number', () => {
  const limits = [undefined, 2 ** 40, 3 * 2 ** 30, 1.5 * 2 ** 30, 2 ** 20]
  assert.deepEqual(limits.map(unitOf), ['GiB', 'TiB', 'GiB', 'MiB', 'MiB'])
})
