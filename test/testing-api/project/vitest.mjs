import { beforeEach, expect, test } from 'vitest'
import { workerAcrux } from 'acrux/testing'

// The machine may be busy.
const startTimeoutMs = 600_000

const acrux = await workerAcrux({ startTimeoutMs })

beforeEach(async (t) => {
  await acrux.reset()
  acrux.attach(t)
})

test('an image is pulled with a role', async () => {
  const registry = acrux.registry()
  const { digest } = await registry.seedImage('team/app:1')
  const ci = await acrux.createServicePrincipal()
  await acrux.grant(ci, 'AcrPull')
  const token = await registry.accessToken('repository:team/app:pull', { as: ci })
  const accept = 'application/vnd.oci.image.manifest.v1+json'
  const headers = { accept, authorization: `Bearer ${token}` }
  const pulled = await fetch(`${acrux.url}/v2/team/app/manifests/1`, { headers })
  expect(pulled.headers.get('docker-content-digest')).toBe(digest)
  process.stderr.write(`server of ${process.pid}: ${acrux.url}\n`)
})

test.runIf(process.env.FAIL === 'yes')('a denial fails the test', async () => {
  const ci = await acrux.createServicePrincipal()
  const token = await acrux.registry().accessToken('repository:team/app:pull', { as: ci })
  const headers = { authorization: `Bearer ${token}` }
  const { status } = await fetch(`${acrux.url}/v2/team/app/manifests/1`, { headers })
  expect(status).toBe(200)
})
