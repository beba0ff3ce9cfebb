import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type NetworkRules, isRestricted, networkChange, networkDenial, openNetwork } from './network-rules.ts'

const admitsAddress = (rules: NetworkRules, address: string) => networkDenial(rules, address) === undefined

const denying = (...ipRules: string[]) => ({
  ...openNetwork,
  networkRuleSet: { defaultAction: 'Deny', ipRules } as const,
})

// prettier-ignore
const cases: readonly (readonly [rule: string, address: string, admitted: boolean, why: string])[] = [
  ['203.0.113.7',          '203.0.113.7',          true,  'the address itself'],
  ['203.0.113.7',          '203.0.113.8',          false, 'its neighbour'],
  ['203.0.113.7',          '::ffff:203.0.113.7',   true,  'the same on a listener for IPv6'],
  ['203.0.113.0/24',       '203.0.113.255',        true,  'the last of the range'],
  ['203.0.113.0/24',       '203.0.114.0',          false, 'the first after it'],
  ['203.0.113.77/24',      '203.0.113.1',          true,  'bits after the prefix do not count'],
  ['203.0.113.128/25',     '203.0.113.127',        false, 'a prefix that ends within a byte'],
  ['0.0.0.0/0',            '198.51.100.1',         true,  'all of IPv4'],
  ['0.0.0.0/0',            '2001:db8::1',          false, 'and nothing of IPv6'],
  ['2001:db8::/32',        '2001:db8:ffff::1',     true,  'a range of IPv6'],
  ['2001:db8::/32',        '2001:db9::1',          false, 'its neighbour'],
  ['2001:DB8::1',          '2001:db8:0:0:0:0:0:1', true,  'one address, written in two ways'],
  ['::ffff:203.0.113.0/120', '203.0.113.9',        true,  'a range of IPv4 within IPv6'],
  ['::/0',                 '203.0.113.7',          false, 'all of IPv6 holds no IPv4'],
  ['127.0.0.0/8',          '127.0.0.1',            true,  'loopback is let in by a rule'],
  ['10.0.0.0/8',           '127.0.0.1',            false, 'and by no other way'],
  ['10.0.0.0/8',           '',                     false, 'a client that is gone'],
  ['10.0.0.0/8',           '10.1',                 false, 'an address that is written short is none'],
]

test('a rule allows only the addresses that begin with its bits', () => {
  for (const [rule, address, admitted, why] of cases) {
    assert.equal(admitsAddress(denying(rule), address), admitted, `${rule}, ${address}: ${why}`)
  }
})

test('one matching rule is sufficient, and without rules everyone is denied', () => {
  assert.equal(admitsAddress(denying('10.0.0.0/8', '2001:db8::1', '203.0.113.7'), '203.0.113.7'), true)
  assert.equal(admitsAddress(denying(), '203.0.113.7'), false)
})

test('the default action applies, and without public network access everyone is denied', () => {
  const { networkRuleSet } = denying('203.0.113.7')
  assert.equal(admitsAddress(openNetwork, '203.0.113.7'), true)
  assert.equal(
    admitsAddress(
      { publicNetworkAccess: 'Enabled', networkRuleSet: { ...networkRuleSet, defaultAction: 'Allow' } },
      '1.1.1.1',
    ),
    true,
  )
  assert.equal(admitsAddress({ publicNetworkAccess: 'Disabled', networkRuleSet }, '203.0.113.7'), false)
  assert.equal(admitsAddress({ ...openNetwork, publicNetworkAccess: 'Disabled' }, '127.0.0.1'), false)
})

test('a closed network and an unlisted address are two reasons, each with the smallest change that lets the client in', () => {
  const listed = denying('203.0.113.7')
  const closed = { ...listed, publicNetworkAccess: 'Disabled' } as const
  assert.equal(networkDenial(listed, '198.51.100.1'), 'network-rule')
  assert.deepEqual(networkChange(listed, 'network-rule', '::ffff:198.51.100.1'), {
    kind: 'allow-address',
    address: '198.51.100.1',
  })
  for (const [address, also] of [
    ['203.0.113.7', null],
    ['198.51.100.1', '198.51.100.1'],
  ] as const) {
    assert.equal(networkDenial(closed, address), 'public-network-disabled')
    const change = networkChange(closed, 'public-network-disabled', address)
    assert.deepEqual(change, { kind: 'enable-public-network', address: also })
  }
  assert.deepEqual([openNetwork, listed, closed].map(isRestricted), [false, true, true])
})
