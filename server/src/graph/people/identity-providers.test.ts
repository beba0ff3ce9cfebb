import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openGraph } from '../../../testing/graph/test-graph.ts'

test('owners and readers of the directory see the providers at which people sign in', async (t) => {
  const { asOwner, as, makeProgram } = await openGraph(t)
  const { status, body } = await asOwner('GET', '/identity/identityProviders')
  assert.equal(status, 200)
  const [provider] = body['value'] as Record<string, unknown>[]
  assert.equal(provider?.['id'], 'contoso')
  assert.match(String(provider?.['callbackUrl']), /^https:.*\/sign-in\/contoso\/callback$/)
  const reader = await makeProgram('reader', 'reader')
  assert.equal((await as(reader.servicePrincipal.objectId)('GET', '/identity/identityProviders')).status, 200)
  const stranger = await makeProgram('stranger')
  assert.equal((await as(stranger.servicePrincipal.objectId)('GET', '/identity/identityProviders')).status, 403)
})
