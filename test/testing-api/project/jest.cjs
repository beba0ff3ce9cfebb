/* global beforeAll, beforeEach, expect, test */
const { workerAcrux } = require('acrux/testing')

// The machine may be busy.
const startTimeoutMs = 600_000

let acrux
beforeAll(async () => {
  acrux = await workerAcrux({ startTimeoutMs })
})
beforeEach(() => acrux.reset())

test('a secret expires', async () => {
  const registry = acrux.registry()
  await registry.seedImage('team/app:1')
  expect((await fetch(`${acrux.url}/v2/`)).status).toBe(401)
  const ci = await acrux.createServicePrincipal({ secretExpiresIn: '1h' })
  const token = () => registry.accessToken('repository:team/app:pull', { as: ci })
  await expect(token()).resolves.toMatch(/^ey/)
  await acrux.clock.advance('2h')
  await expect(token()).rejects.toMatchObject({ status: 401 })
  process.stderr.write(`server of ${process.pid}: ${acrux.url}\n`)
})
