import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAudiences, parseDefaultScope } from './audiences.ts'

// prettier-ignore
const scopes = [
  { text: 'https://management.core.windows.net//.default',              means: { kind: 'resource', resource: 'https://management.core.windows.net/' }, why: 'the double slash of az' },
  { text: 'https://management.core.windows.net/.default',               means: { kind: 'resource', resource: 'https://management.core.windows.net' },  why: 'the SDKs' },
  { text: 'https://localhost:5443/graph//.default',                     means: { kind: 'resource', resource: 'https://localhost:5443/graph/' },        why: 'a path and a port' },
  { text: '6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26/.default',              means: { kind: 'resource', resource: '6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26' }, why: 'an application id' },
  { text: 'https://graph.microsoft.com/.default openid profile offline_access', means: { kind: 'resource', resource: 'https://graph.microsoft.com' },  why: 'OpenID scopes name no resource' },
  { text: '',                                                           means: { kind: 'none' },                                                       why: 'nothing' },
  { text: 'openid profile',                                             means: { kind: 'none' },                                                       why: 'nothing that a token could be for' },
  { text: 'a/.default b/.default',                                      means: { kind: 'several' },                                                    why: 'one token has one audience' },
  { text: 'https://graph.microsoft.com/User.Read',                      means: { kind: 'not-default', scope: 'https://graph.microsoft.com/User.Read' }, why: 'a delegated scope' },
  { text: '/.default',                                                  means: { kind: 'not-default', scope: '/.default' },                            why: 'no resource' },
] as const

for (const { text, means, why } of scopes) {
  test(`the scope "${text}" is read: ${why} [Entra, .default scope]`, () => {
    assert.deepEqual(parseDefaultScope(text), means)
  })
}

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
  test(`the resource "${resource}" is ${audience ?? 'nobody’s'}`, () => {
    const found = createAudiences('https://login.example').find(resource)
    assert.equal(found?.audience, audience)
    if (found !== undefined) assert.equal(found.aud.toLowerCase(), resource.toLowerCase().replace(':443/', '/'))
  })
}
