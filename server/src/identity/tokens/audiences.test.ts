import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAudiences } from './audiences.ts'

// prettier-ignore
const resources = [
  ['https://management.core.windows.net/',   'arm'],
  ['https://management.azure.com',           'arm'],
  ['HTTPS://Management.Azure.com/',          'arm'],
  ['https://containerregistry.azure.net',    'acr'],
  ['https://containerregistry.azure.net/',   'acr'],
  ['6A0EC4D3-30CB-4A83-91C0-AE56BC0E3D26',   'acr'],
  ['https://login.example/graph/',           'graph'],
  ['https://login.example/graph',            'graph'],
  ['https://login.example:443/graph/',       'graph'],
  ['https://login.example:4430/graph/',      undefined],
  ['https://login.example:80/graph/',        undefined],
  ['https://graph.microsoft.com/',           'graph'],
  ['https://graph.windows.net/',             'graph'],
  ['https://login.example/graph//',          undefined],
  ['https://login.example',                  'arm'],
  ['https://login.example/',                 'arm'],
  ['https://login.example:443/',             'arm'],
  ['https://login.example:8443/',            undefined],
  ['https://login.example//',                undefined],
  ['https://login.example/x',                undefined],
  ['https://management.azure.com.evil.example', undefined],
  ['https://other.example/graph/',           undefined],
  ['constructor',                            undefined],
  ['',                                       undefined],
] as const

for (const [resource, audience] of resources) {
  test(`the resource "${resource}" is ${audience ?? 'unknown'}`, () => {
    const found = createAudiences('https://login.example').find(resource)
    assert.equal(found?.audience, audience)
    if (found !== undefined) assert.equal(found.aud.toLowerCase(), resource.toLowerCase().replace(':443/', '/'))
  })
}
