import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import type { Outbound } from '../../platform/outbound/outbound.ts'
import { createWorkloadIssuer, defaultIssuer } from './workload-issuer.ts'

const nowMs = Date.parse('2027-01-01T00:00:00Z')
const requested: string[] = []
const outbound = {
  getJson: async (url: string) => {
    requested.push(url)
    return { value: {}, maxAgeSeconds: 1 }
  },
} as Outbound

test('a workload token is signed with the key that its issuer publishes', async () => {
  const issuer = createWorkloadIssuer({ now: () => nowMs })
  const published = issuer.publish(outbound)
  for (const name of [undefined, 'https://ci.example.com', 'https://ci.example.com/tenant/']) {
    const token = issuer.issue({ subject: 'repo:o/r', issuer: name })
    const iss = name ?? defaultIssuer
    const { value } = await published.getJson(`${iss.replace(/\/$/, '')}/.well-known/openid-configuration`)
    const { issuer: named, jwks_uri: keysUrl } = value as Record<string, string>
    assert.equal(named, iss)
    const keys = (await published.getJson(keysUrl ?? '')).value as unknown as Parameters<typeof createLocalJWKSet>[0]
    const options = { issuer: iss, audience: 'api://AzureADTokenExchange', currentDate: new Date(nowMs) }
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), options)
    assert.deepEqual([payload.sub, payload.exp], ['repo:o/r', nowMs / 1000 + 3600])
  }
  assert.deepEqual(requested, [])
})

test('the documents of an issuer that no token contained are fetched from the issuer', async () => {
  const published = createWorkloadIssuer({ now: () => nowMs }).publish(outbound)
  const url = 'https://other.example.com/.well-known/openid-configuration'
  await published.getJson(url)
  assert.deepEqual(requested, [url])
})
