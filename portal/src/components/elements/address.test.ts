import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAddress, isDigest } from './address.ts'

const digest = `sha256:${'a'.repeat(64)}`

// prettier-ignore
const addresses: readonly (readonly [isOne: boolean, registry: string, repository?: string, reference?: string])[] = [
  [true,  'contoso.localhost:5443'],
  [true,  '[::1]:5443'],
  [false, '$(touch x)'],
  [false, 'contoso.example/x'],
  [false, 'Contoso.example'],
  [true,  'a.example', 'team/app_1'],
  [false, 'a.example', 'Team/app'],
  [false, 'a.example', '../app'],
  [false, 'a.example', 'team//app'],
  [true,  'a.example', 'app', 'v1.0-rc_1'],
  [true,  'a.example', 'app', digest],
  [false, 'a.example', 'app', '.hidden'],
  [false, 'a.example', 'app', '1; rm'],
  [false, 'a.example', 'app', 'sha256:short'],
]

test('an address has the names of a registry, a repository and a tag or digest, and no other text', () => {
  for (const [isOne, registry, repository, reference] of addresses) {
    const names = {
      registry,
      ...(repository !== undefined && { repository }),
      ...(reference !== undefined && { reference }),
    }
    assert.equal(isAddress(names), isOne, JSON.stringify(names))
  }
  assert.equal(isDigest(digest), true)
  assert.equal(isDigest(`${digest} `), false)
})
