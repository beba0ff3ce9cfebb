import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renamedAddress } from './renamed-address.ts'

test('an address with a login server becomes the address with the name, and the rest stays', () => {
  const cases = [
    ['/portal/registries/localhost%3A5443', '/portal/r/contoso'],
    ['/portal/registries/contoso.azurecr.io?range=day#top', '/portal/r/contoso?range=day#top'],
    [
      '/portal/registries/contoso.azurecr.io/repositories/team%2Fregistries/manifests/1?show=raw',
      '/portal/r/contoso/repositories/team%2Fregistries/manifests/1?show=raw',
    ],
  ] as const
  for (const [old, renamed] of cases) assert.equal(renamedAddress(old, 'contoso'), renamed)
})
