import assert from 'node:assert/strict'
import { after } from 'node:test'
import { startServer } from '../harness/server.ts'
import { azHome, signIn, step } from './az/az.ts'

const server = await startServer()
const az = azHome(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { registry } = server.firstRun
const rules = () => az.json('acr', 'network-rule', 'list', '-n', registry)

step('az acr network-rule add, list and remove change the allowed addresses', ['az'], async () => {
  await signIn(az, server)
  assert.deepEqual(await rules(), { ipRules: [], virtualNetworkRules: [] })
  const added = await az.json('acr', 'network-rule', 'add', '-n', registry, '--ip-address', '203.0.113.0/24')
  const first = { action: 'Allow', ipAddressOrRange: '203.0.113.0/24' }
  assert.partialDeepStrictEqual(added, { networkRuleSet: { defaultAction: 'Allow', ipRules: [first] } })
  await az.json('acr', 'network-rule', 'add', '-n', registry, '--ip-address', '198.51.100.7')
  const second = { action: 'Allow', ipAddressOrRange: '198.51.100.7' }
  assert.partialDeepStrictEqual(await rules(), { ipRules: [first, second] })
  await az.json('acr', 'network-rule', 'remove', '-n', registry, '--ip-address', '198.51.100.7')
  assert.partialDeepStrictEqual(await rules(), { ipRules: [first] })
  await az.fails(1, /ipRules/, 'acr', 'network-rule', 'add', '-n', registry, '--ip-address', 'example.com')
})

step(
  'az acr update --default-action Deny denies every address without a rule, az itself included',
  ['az'],
  async () => {
    const denying = await az.json('acr', 'update', '-n', registry, '--default-action', 'Deny')
    assert.partialDeepStrictEqual(denying, { networkRuleSet: { defaultAction: 'Deny', ipRules: [{}] } })
    await az.fails(1, /firewall|403/i, 'acr', 'login', '-n', registry, '--expose-token')
    await az.json('acr', 'network-rule', 'add', '-n', registry, '--ip-address', '127.0.0.1')
    assert.deepEqual(await az.json('acr', 'repository', 'list', '-n', registry), [])
    await az.json('acr', 'network-rule', 'remove', '-n', registry, '--ip-address', '127.0.0.1')
    const health = await az.run(['acr', 'check-health', '-n', registry, '--yes', '--ignore-errors'])
    assert.match(health.stderr, /CONNECTIVITY_FORBIDDEN_ERROR|CONNECTIVITY_DNS_ERROR/)
    await az.json('acr', 'update', '-n', registry, '--default-action', 'Allow')
    assert.deepEqual(await az.json('acr', 'repository', 'list', '-n', registry), [])
  },
)

step('az acr update --public-network-enabled false closes the registry, and true opens it again', ['az'], async () => {
  const closed = await az.json('acr', 'update', '-n', registry, '--public-network-enabled', 'false')
  assert.partialDeepStrictEqual(closed, {
    publicNetworkAccess: 'Disabled',
    networkRuleSet: { defaultAction: 'Deny' },
    networkRuleBypassOptions: 'AzureServices',
  })
  await az.fails(1, /firewall|403/i, 'acr', 'login', '-n', registry, '--expose-token')
  const args = ['--public-network-enabled', 'true', '--default-action', 'Allow', '--allow-trusted-services', 'false']
  const opened = await az.json('acr', 'update', '-n', registry, ...args)
  assert.partialDeepStrictEqual(opened, {
    publicNetworkAccess: 'Enabled',
    networkRuleSet: { defaultAction: 'Allow' },
    networkRuleBypassOptions: 'None',
  })
  assert.deepEqual(await az.json('acr', 'repository', 'list', '-n', registry), [])
})

step('az acr create takes the default action, which Basic does not have', ['az'], async () => {
  const { resourceGroup } = server.firstRun
  const create = ['acr', 'create', '-g', resourceGroup, '-l', 'local', '--default-action', 'Deny']
  const made = await az.json(...create, '-n', 'fencedregistry', '--sku', 'Premium')
  assert.partialDeepStrictEqual(made, { networkRuleSet: { defaultAction: 'Deny', ipRules: [] } })
  await az.fails(1, /Premium/, ...create, '-n', 'fencedbasic', '--sku', 'Basic')
})
