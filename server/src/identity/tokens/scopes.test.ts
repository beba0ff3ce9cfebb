import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDefaultScope } from './scopes.ts'

// prettier-ignore
const scopes = [
  { text: 'https://management.core.windows.net//.default',              means: { kind: 'resource', resource: 'https://management.core.windows.net/' }, why: 'the double slash of az' },
  { text: 'https://management.core.windows.net/.default',               means: { kind: 'resource', resource: 'https://management.core.windows.net' },  why: 'the SDKs' },
  { text: 'https://localhost:5443/graph//.default',                     means: { kind: 'resource', resource: 'https://localhost:5443/graph/' },        why: 'a path and a port' },
  { text: '6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26/.default',              means: { kind: 'resource', resource: '6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26' }, why: 'an application id' },
  { text: 'https://graph.microsoft.com/.default openid profile offline_access', means: { kind: 'resource', resource: 'https://graph.microsoft.com' },  why: 'OpenID scopes name no resource' },
  { text: '',                                                           means: { kind: 'none' },                                                       why: 'an empty scope' },
  { text: 'openid profile',                                             means: { kind: 'none' },                                                       why: 'no resource' },
  { text: 'a/.default b/.default',                                      means: { kind: 'several' },                                                    why: 'one token has one audience' },
  { text: 'https://graph.microsoft.com/User.Read',                      means: { kind: 'not-default', scope: 'https://graph.microsoft.com/User.Read' }, why: 'a delegated scope' },
  { text: '/.default',                                                  means: { kind: 'not-default', scope: '/.default' },                            why: 'no resource' },
] as const

for (const { text, means, why } of scopes) {
  test(`the scope "${text}" is parsed: ${why} [Entra, .default scope]`, () => {
    assert.deepEqual(parseDefaultScope(text), means)
  })
}
