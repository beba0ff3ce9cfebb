import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startAcrux } from 'acrux/testing'

// The machine may be busy.
const startTimeoutMs = 600_000

test('a test that fails', async (t) => {
  await using acrux = await startAcrux({ startTimeoutMs })
  acrux.attach(t)
  const ci = await acrux.createServicePrincipal()
  const token = await acrux.registry().accessToken('repository:team/app:pull', { as: ci })
  const headers = { authorization: `Bearer ${token}` }
  const { status } = await fetch(`${acrux.url}/v2/team/app/manifests/1`, { headers })
  assert.equal(status, 200)
})

test('a test that passes', async (t) => {
  await using acrux = await startAcrux({ startTimeoutMs })
  acrux.attach(t)
})
