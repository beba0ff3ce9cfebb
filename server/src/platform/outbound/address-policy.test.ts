import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAddressPolicy } from './address-policy.ts'

// prettier-ignore
const addresses: readonly (readonly [address: string, why: string, byDefault: boolean, withPrivate: boolean])[] = [
  ['93.184.215.14',            'public',                                  true,  true],
  ['2606:2800:21f:cb07::1',    'public',                                  true,  true],
  ['::ffff:93.184.215.14',     'public, written as IPv6',                 true,  true],
  ['127.0.0.1',                'loopback',                                false, true],
  ['127.255.255.254',          'loopback, the whole range of it',         false, true],
  ['::1',                      'loopback',                                false, true],
  ['::ffff:127.0.0.1',         'loopback, written as IPv6',               false, true],
  ['10.0.0.1',                 'private',                                 false, true],
  ['172.16.0.1',               'private',                                 false, true],
  ['192.168.1.1',              'private',                                 false, true],
  ['::ffff:10.0.0.1',          'private, written as IPv6',                false, true],
  ['100.64.0.1',               'shared by a provider\'s customers',       false, true],
  ['fd12:3456::1',             'unique local',                            false, true],
  ['169.254.169.254',          'metadata of most clouds, link-local',     false, false],
  ['::ffff:169.254.169.254',   'the same, written as IPv6',               false, false],
  ['fe80::1',                  'link-local',                              false, false],
  ['168.63.129.16',            'Azure\'s, a public address',              false, false],
  ['100.100.100.200',          'Alibaba\'s metadata',                     false, false],
  ['fd00:ec2::254',            'Amazon\'s metadata',                      false, false],
  ['0.0.0.0',                  'this machine, on many systems',           false, false],
  ['::',                       'the same',                                false, false],
  ['224.0.0.1',                'multicast',                               false, false],
  ['255.255.255.255',          'broadcast',                               false, false],
  ['192.0.2.1',                'for documentation',                       false, false],
  ['64:ff9b::a9fe:a9fe',       'metadata, translated to IPv4',            false, false],
  ['64:ff9b::7f00:1',          'loopback, translated to IPv4',            false, false],
  ['2002:7f00:1::',            'loopback by 6to4',                        false, false],
  ['64:ff9b::5db8:d70e',       'public, translated to IPv4',              true,  true],
  ['64:ff9b::a00:1',           'private, behind somebody\'s translator',  false, false],
  ['64:ff9b::a83f:8110',       'Azure\'s metadata, translated to IPv4',   false, false],
  ['64:ff9b:1::5db8:d70e',     'a translator of the local network',       false, false],
  ['::7f00:1',                 'loopback, IPv4-compatible',               false, false],
  ['::a9fe:a9fe',              'metadata, IPv4-compatible',               false, false],
  ['::5db8:d70e',              'public, IPv4-compatible: long withdrawn', false, false],
  ['::ffff:0:7f00:1',          'loopback by SIIT',                        false, false],
  ['2002:a9fe:a9fe::1',        'metadata by 6to4',                        false, false],
  ['2001:0:7f00:1::1',         'a Teredo tunnel',                         false, false],
  ['2001:20::1',               'ORCHID, no address of a host',            false, false],
  ['2001:db8::1',              'for documentation',                       false, false],
  ['3fff::1',                  'for documentation',                       false, false],
  ['100::1',                   'discarded',                               false, false],
  ['5f00::1',                  'segment routing',                         false, false],
  ['4000::1',                  'assigned to nobody',                      false, false],
  ['fec0::1',                  'site-local, long withdrawn',              false, false],
  ['localhost',                'no address',                              false, false],
  ['',                         'nothing',                                 false, false],
]

test('by default only public addresses are allowed, with the setting also private addresses, but never metadata addresses', () => {
  const byDefault = createAddressPolicy({ allowPrivateAddresses: false, allowedNetworks: [] })
  const withPrivate = createAddressPolicy({ allowPrivateAddresses: true, allowedNetworks: [] })
  for (const [address, why, expected, expectedWithPrivate] of addresses) {
    assert.equal(byDefault(address), expected, `${address}: ${why}`)
    assert.equal(withPrivate(address), expectedWithPrivate, `${address} with private addresses: ${why}`)
  }
})

test('an address behind a NAT64 gateway is allowed if the operator allows the address or the gateway', () => {
  const inside = createAddressPolicy({ allowPrivateAddresses: false, allowedNetworks: ['10.1.0.0/16'] })
  assert.deepEqual(['64:ff9b::a01:1', '64:ff9b::a02:1'].map(inside), [true, false])
  const gateway = createAddressPolicy({ allowPrivateAddresses: false, allowedNetworks: ['64:ff9b:1::/48'] })
  assert.deepEqual(['64:ff9b:1::a02:1', '64:ff9b:2::a02:1'].map(gateway), [true, false])
})

test('a network that the operator lists is allowed, and neighbouring networks are not', () => {
  const isAllowed = createAddressPolicy({
    allowPrivateAddresses: false,
    allowedNetworks: ['10.1.0.0/16', '192.168.7.9', 'fd12:3456::/32'],
  })
  for (const address of ['10.1.0.1', '10.1.255.255', '::ffff:10.1.2.3', '192.168.7.9', 'fd12:3456:1::1']) {
    assert.equal(isAllowed(address), true, address)
  }
  for (const address of ['10.2.0.1', '192.168.7.10', 'fd12:3457::1', '127.0.0.1', '169.254.169.254']) {
    assert.equal(isAllowed(address), false, address)
  }
})
