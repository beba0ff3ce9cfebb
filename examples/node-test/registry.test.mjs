// Tests with a local Azure Container Registry. Run them with: npm install && npm test
import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { startAcrux } from 'acrux/testing'
import { Denied, Registry } from './registry.mjs'

const acrux = await startAcrux({ seed: './acrux.seed.yaml' })
after(() => acrux.stop())
beforeEach(() => acrux.reset())

const client = (username) => new Registry(acrux.loginServer, { username, password: `${username}-password` })
const layer = Buffer.from('layer')

test('push and pull', async () => {
  assert.match(await client('publisher').push('team/app', '1', layer), /^sha256:/)
  assert.deepEqual(await client('deployer').pull('team/app', '1'), layer)
})

test('deny', async (t) => {
  acrux.attach(t)
  await assert.rejects(client('deployer').push('team/app', '1', layer), Denied)
  const denial = await acrux.lastDenial()
  assert.deepEqual([denial?.repository, denial?.action], ['team/app', 'push'])
})

test('expire', async () => {
  const deployer = client('deployer')
  await deployer.pull('team/app', 'base')
  await acrux.clock.advance('3h')
  // The access token has expired, and the program gets a new one.
  await deployer.pull('team/app', 'base')
  await acrux.clock.advance('30d')
  // The password has expired.
  await assert.rejects(deployer.pull('team/app', 'base'), Denied)
})

test('revoke', async () => {
  const { appId, secret, ...principal } = await acrux.createServicePrincipal({ name: 'ci' })
  const assignment = await acrux.grant({ ...principal, appId }, 'AcrPull')
  const ci = new Registry(acrux.loginServer, { username: appId, password: secret })
  await ci.pull('team/app', 'base')
  await assignment.revoke()
  await assert.rejects(ci.pull('team/app', 'base'), Denied)
})

test('reset', async () => {
  const publisher = client('publisher')
  await publisher.push('team/app', '2', layer)
  // As before each test.
  await acrux.reset()
  await assert.rejects(client('publisher').pull('team/app', '2'), /404/)
})
