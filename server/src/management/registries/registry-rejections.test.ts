import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  at,
  codeOf,
  newRegistry,
  openTestManagement,
  registryPath,
} from '../../../testing/management/test-management.ts'

const server = await openTestManagement()
const { arm } = server
test.after(() => server.close())

const network = (networkRuleSet: object) => ({ properties: { networkRuleSet } })
const ipRule = (...values: readonly string[]) =>
  network({ ipRules: values.map((value) => ({ action: 'Allow', value })) })
const subnet = network({ virtualNetworkRules: [{ id: '/subscriptions/x' }] })
const manyRules = ipRule(...Array.from({ length: 201 }, (_, index) => `10.0.${index}.0/24`))
const policy = (name: string) => ({ policies: { [name]: { status: 'enabled' } } })
// prettier-ignore
const rejections: readonly (readonly [what: string, body: object, status: number, code: string, message: RegExp])[] = [
  ['anonymous pull on Basic',        { sku: { name: 'Basic' }, properties: { anonymousPullEnabled: true } },           400, 'BadRequest', /^Anonymous pull is not supported for SKU Managed_Basic\. .*aka\.ms\/acr\/tiers/],
  ['closing Basic to the public',    { sku: { name: 'Basic' }, properties: { publicNetworkAccess: 'Disabled' } },      400, 'DisablingPublicNetworkAccessNotSupported', /not supported for the SKU Basic/],
  ['closing Standard to the public', { sku: { name: 'Standard' }, properties: { publicNetworkAccess: 'Disabled' } },   400, 'DisablingPublicNetworkAccessNotSupported', /not supported for the SKU Standard/],
  ['retention on Standard',          { sku: { name: 'Standard' }, properties: policy('retentionPolicy') },             400, 'BadRequest', /Managed_Standard/],
  ['trust on Standard',              { sku: { name: 'Standard' }, properties: policy('trustPolicy') },                 400, 'BadRequest', /Managed_Standard/],
  ['data endpoints on Standard',     { sku: { name: 'Standard' }, properties: { dataEndpointEnabled: true } },         400, 'BadRequest', /Managed_Standard/],
  ['the Classic SKU',                { sku: { name: 'Classic' } },                                                     400, 'ClassicSkuDeprecated', /^Classic SKU is now deprecated\. Please select a managed SKU\. /],
  ['a SKU that is none',             { sku: { name: 'Gold' } },                                                        400, 'InvalidSku', /Basic, Standard, Premium/],
  ['network rules on Standard',      { sku: { name: 'Standard' }, ...network({ defaultAction: 'Deny' }) },             400, 'BadRequest', /^Network rules are not supported for SKU Managed_Standard/],
  ['rules for addresses on Basic',   { sku: { name: 'Basic' }, ...ipRule('1.2.3.4') },                                 400, 'BadRequest', /^Network rules are not supported for SKU Managed_Basic/],
  ['disabling exports in public',    { sku: { name: 'Premium' }, properties: { policies: { exportPolicy: { status: 'disabled' } } } }, 400, 'BadRequest', /^Disabling exports is not supported because the registry has public network access enabled/],
  ['a rule for a subnet',            { sku: { name: 'Premium' }, ...subnet },                                          400, 'NotSupported', /Virtual network rules/],
  ['a rule for a name',              { sku: { name: 'Premium' }, ...ipRule('1.2.3.4', 'example.com') },                400, 'InvalidRequestContent', /ipRules\.1\.value/],
  ['a rule for too many bits',       { sku: { name: 'Premium' }, ...ipRule('1.2.3.4/33') },                            400, 'InvalidRequestContent', /ipRules\.0\.value/],
  ['a rule for all addresses',       { sku: { name: 'Premium' }, ...ipRule('1.2.3.4', '0.0.0.0/0') },                  400, 'InvalidRequestContent', /ipRules\.1\.value.*must not allow every address/],
  ['a rule for all of IPv6',         { sku: { name: 'Premium' }, ...ipRule('2001:db8::/0') },                          400, 'InvalidRequestContent', /must not allow every address/],
  ['a rule for all of mapped IPv4',  { sku: { name: 'Premium' }, ...ipRule('::ffff:10.0.0.1/96') },                    400, 'InvalidRequestContent', /must not allow every address/],
  ['a rule for an odd address',      { sku: { name: 'Premium' }, ...ipRule('010.1') },                                 400, 'InvalidRequestContent', /ipRules\.0\.value/],
  ['a rule that denies',             { sku: { name: 'Premium' }, ...network({ ipRules: [{ action: 'Deny', value: '1.2.3.4' }] }) }, 400, 'InvalidRequestContent', /ipRules\.0\.action/],
  ['more rules than there may be',   { sku: { name: 'Premium' }, ...manyRules },                                       400, 'InvalidRequestContent', /200/],
  ['a key of its own',               { sku: { name: 'Premium' }, properties: { encryption: { status: 'enabled' } } },  400, 'NotSupported', /Encryption/],
  ['an identity of its own',         { sku: { name: 'Premium' }, identity: { type: 'SystemAssigned' } },               400, 'NotSupported', /Identities/],
  ['a label in its login server',    { sku: { name: 'Premium' }, properties: { autoGeneratedDomainNameLabelScope: 'TenantReuse' } }, 400, 'NotSupported', /label/],
  ['a truth that is a text',         { sku: { name: 'Premium' }, properties: { adminUserEnabled: 'true' } },           400, 'InvalidRequestContent', /'properties\.adminUserEnabled'/],
  ['a mode that is none',            { sku: { name: 'Premium' }, properties: { roleAssignmentMode: 'Open' } },         400, 'InvalidRequestContent', /LegacyRegistryPermissions, AbacRepositoryPermissions/],
  ['too many days',                  { properties: { policies: { retentionPolicy: { days: 366 } } }, sku: { name: 'Premium' } }, 400, 'InvalidRequestContent', /retentionPolicy\.days/],
  ['a list for an object',           { properties: [], sku: { name: 'Premium' } },                                     400, 'InvalidRequestContent', /'properties'/],
]

for (const [what, body, status, code, message] of rejections) {
  test(`${what} is rejected with ${code}, by PUT and by PATCH, and changes nothing`, async () => {
    const path = registryPath('rejecting')
    const before = await arm('PUT', path, newRegistry())
    const missing = await arm('PUT', registryPath('refused'), { location: 'local', ...body })
    for (const answer of [
      missing,
      await arm('PUT', path, { location: 'local', ...body }),
      await arm('PATCH', path, body),
    ]) {
      assert.equal(answer.status, status, answer.text)
      assert.equal(codeOf(answer), code)
      assert.match(String(at(answer.body, 'error', 'message')), message)
    }
    assert.deepEqual((await arm('GET', path)).body, before.body)
    assert.equal((await arm('GET', registryPath('refused'))).status, 404)
  })
}

test('a registry with anonymous pull cannot become Basic', async () => {
  const path = registryPath('downgraded')
  await arm('PUT', path, newRegistry({ anonymousPullEnabled: true }))
  assert.equal((await arm('PATCH', path, { sku: { name: 'Basic' } })).status, 400)
  assert.equal(
    (await arm('PATCH', path, { sku: { name: 'Basic' }, properties: { anonymousPullEnabled: false } })).status,
    200,
  )
})

test('public access to a registry with disabled exports is enabled only together with exports', async () => {
  const path = registryPath('withheld')
  const status = (exports: string, publicNetworkAccess?: string) => ({
    properties: { policies: { exportPolicy: { status: exports } }, publicNetworkAccess },
  })
  assert.equal((await arm('PUT', path, newRegistry())).status, 201)
  assert.equal((await arm('PATCH', path, status('disabled', 'Disabled'))).status, 200)
  const opened = await arm('PATCH', path, { properties: { publicNetworkAccess: 'Enabled' } })
  assert.equal(opened.status, 400)
  assert.match(String(at(opened.body, 'error', 'message')), /^Enabling public network access .* exports disabled\.$/)
  assert.equal((await arm('PATCH', path, status('disabled'))).status, 200)
  assert.equal((await arm('PATCH', path, status('enabled', 'Enabled'))).status, 200)
})
