import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openGraph } from '../../../testing/graph/test-graph.ts'

const webUri = 'https://app.example/signed-in'
const programUri = 'http://localhost'

// prettier-ignore
const unusable = [
  { web: { redirectUris: ['http://app.example/'] } },
  { web: { redirectUris: ['https://*.example/'] } },
  { web: { redirectUris: ['https://app.example/#x'] } },
  { web: { redirectUris: ['https://app.example\\@evil.example/'] } },
  { web: { redirectUris: [webUri, webUri] } },
  { spa: { redirectUris: ['javascript:alert(1)'] } },
  { publicClient: { redirectUris: ['urn:ietf:wg:oauth:2.0:oob'] } },
  { web: { redirectUris: [webUri], implicitGrantSettings: { enableIdTokenIssuance: true } } },
  { isFallbackPublicClient: 'yes' },
]

test('redirect URIs are returned as sent, updated per platform, and rejected if they are unsafe', async (t) => {
  const { asOwner } = await openGraph(t)
  const before = { web: { redirectUris: [webUri] }, publicClient: { redirectUris: [] }, spa: { redirectUris: [] } }
  const named = { displayName: 'app', web: before.web, isFallbackPublicClient: true }
  const path = `/applications/${String((await asOwner('POST', '/applications', named)).body['id'])}`
  const shown = async () => {
    const { web, publicClient, spa, isFallbackPublicClient } = (await asOwner('GET', path)).body
    return { web, publicClient, spa, isFallbackPublicClient }
  }
  assert.deepEqual(await shown(), { ...before, isFallbackPublicClient: true })
  for (const body of unusable) assert.equal((await asOwner('PATCH', path, body)).status, 400, JSON.stringify(body))
  assert.deepEqual(await shown(), { ...before, isFallbackPublicClient: true })
  const change = { publicClient: { redirectUris: [programUri] }, isFallbackPublicClient: false }
  assert.equal((await asOwner('PATCH', path, change)).status, 204)
  assert.deepEqual(await shown(), { ...before, ...change })
})
