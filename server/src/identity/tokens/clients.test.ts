import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowsPublicFlows, findRedirectPlatform, portalClient } from './clients.ts'

const portal = portalClient('https://acrux.example:5443')

// prettier-ignore
const redirects: readonly (readonly [uri: string, isRegistered: boolean, why: string])[] = [
  ['https://acrux.example:5443/portal/signed-in', true, 'the page of the portal that receives the code'],
  ['https://acrux.example:5443/portal/signed-in?x=1', false, 'it matches exactly'],
  ['https://acrux.example:5443/portal/', false, 'another page of the portal'],
  ['https://contoso.acrux.example:5443/portal/signed-in', false, 'the host of a registry'],
  ['https://acrux.example/portal/signed-in', false, 'another port'],
  ['http://localhost', false, 'a program on the machine of the person'],
  ['http://localhost:36805', false, 'a program on the machine of the person'],
]

test('a code of the portal goes to one address of this server', () => {
  for (const [uri, isRegistered, why] of redirects) {
    assert.equal(findRedirectPlatform(portal, uri) !== undefined, isRegistered, why)
  }
})

test('nobody signs in to the portal by device code or password', () => {
  assert.equal(allowsPublicFlows(portal), false)
})
