import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openServer, tokensOf } from '../../testing/compose/test-routes.ts'

test('an owner sees the state of the server, the settings with their sources, and the end of the audit chain', async (t) => {
  const { server, first, dataDir } = await openServer(t)
  const { appId, password } = first.servicePrincipal
  const { arm } = await tokensOf(server, first, appId, password)
  await server.jobs['extend-audit-chain'].run()
  const ask = async <Body>(method: 'GET' | 'POST', name: string) => {
    const url = `/subscriptions/${first.subscriptionId}/providers/Acrux.Server/${name}?api-version=2024-11-01`
    const headers = { host: 'localhost:5443', authorization: `Bearer ${arm}` }
    const answer = await server.app.inject({ method, url, headers })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<Body>()
  }
  const status = await ask<Record<string, unknown>>('GET', 'status')
  assert.equal(status['status'], 'ok')
  assert.ok(Array.isArray(status['components']) && status['components'].length > 8)
  assert.ok(Array.isArray(status['signingKeys']) && status['signingKeys'].length === 2)
  assert.notEqual(status['disk'], null)
  assert.notEqual(status['certificate'], null)
  const [only, ...others] = status['servers'] as readonly Record<string, unknown>[]
  assert.deepEqual([only?.['isThis'], only?.['runsJobs'], only?.['version'], others], [true, true, 'unknown', []])
  type Certificates = { readonly value: readonly Record<string, unknown>[]; readonly hostCount: number }
  const certificates = await ask<Certificates>('GET', 'certificates')
  assert.equal(certificates.hostCount, certificates.value.length)
  const own = certificates.value.find(({ host }) => host === 'localhost')
  assert.deepEqual([own?.['source'], own?.['coversHost'], own?.['acme']], ['own', true, null])
  assert.match(String(own?.['issuer']), /Acrux/)
  type Setting = { readonly key: string; readonly value: string | null; readonly source: string | null }
  const { value } = await ask<{ readonly value: readonly Setting[] }>('POST', 'listSettings')
  const found = (key: string) => value.find((setting) => setting.key === key)
  assert.deepEqual([found('dataDir')?.value, found('dataDir')?.source], [JSON.stringify(dataDir), '--data-dir'])
  assert.equal(found('gc.intervalSeconds')?.source, null)
  type Chain = { readonly checkpoint: string | null; readonly isSealed: boolean }
  const chain = await ask<Chain>('GET', 'auditChain')
  assert.match(chain.checkpoint ?? '', /^\d+:[0-9a-f]{64}$/)
  assert.equal(chain.isSealed, true)
})

test('without a configured directory, a backup is rejected with instructions', async (t) => {
  const { server, first } = await openServer(t)
  const { appId, password } = first.servicePrincipal
  const { arm } = await tokensOf(server, first, appId, password)
  const url = `/subscriptions/${first.subscriptionId}/providers/Acrux.Server/backup?api-version=2024-11-01`
  const headers = { host: 'localhost:5443', authorization: `Bearer ${arm}` }
  const rejected = await server.app.inject({ method: 'POST', url, headers })
  assert.equal(rejected.statusCode, 409)
  assert.match(rejected.body, /Set backup\.directory/)
  const shown = await server.app.inject({ method: 'GET', url, headers })
  const none = { availability: 'no-directory', last: null, value: [], count: 0, problem: null }
  assert.deepEqual(shown.json(), none)
})
