import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AddressNames, isAddress, isDigest } from './address.ts'

const digest = `sha256:${'a'.repeat(64)}`

// prettier-ignore
const addresses: readonly (readonly [isOne: boolean, names: AddressNames])[] = [
  [true,  {}],
  [true,  { registry: 'Contoso1' }],
  [false, { registry: 'contoso.example' }],
  [true,  { loginServer: 'contoso.localhost:5443' }],
  [true,  { loginServer: '[::1]:5443' }],
  [false, { registry: '$(touch x)' }],
  [false, { loginServer: 'contoso.example/x' }],
  [false, { loginServer: 'Contoso.example' }],
  [true,  { registry: 'contoso', repository: 'team/app_1' }],
  [false, { registry: 'contoso', repository: 'Team/app' }],
  [false, { registry: 'contoso', repository: '../app' }],
  [false, { registry: 'contoso', repository: 'team//app' }],
  [true,  { registry: 'contoso', repository: 'app', reference: 'v1.0-rc_1' }],
  [true,  { registry: 'contoso', repository: 'app', reference: digest }],
  [false, { registry: 'contoso', repository: 'app', reference: '.hidden' }],
  [false, { registry: 'contoso', repository: 'app', reference: '1; rm' }],
  [false, { registry: 'contoso', repository: 'app', reference: 'sha256:short' }],
  [true,  { id: '01990000-0000-7000-8000-00000000000A' }],
  [false, { id: '01990000-0000-7000-8000-00000000000a/x' }],
  [false, { id: '------------------------------------' }],
  [false, { registry: '$x', id: '01990000-0000-7000-8000-00000000000a' }],
]

test('an address has the names of a registry, a repository and a tag or digest, or an id, and no other text', () => {
  for (const [isOne, names] of addresses) assert.equal(isAddress(names), isOne, JSON.stringify(names))
  assert.equal(isDigest(digest), true)
  assert.equal(isDigest(`${digest} `), false)
})
