import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arm, armToken, as, expectStatus, registryId } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { accessToken, basic, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'

/** What a token says of the key that signed it. */
function keyIdOf(token: string): string {
  return stringAt(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()), 'kid')
}

async function publishedKeyIds(server: RunningServer): Promise<string[]> {
  const url = `${server.baseUrl}/${server.firstRun.tenantId}/discovery/v2.0/keys`
  const keys = expectStatus(await request({ url, caFile: server.caFile }), 200).json()
  return listAt(keys, 'keys').map((key) => stringAt(key, 'kid'))
}

test('Rotated signing keys sign from then on, and tokens of the earlier keys are valid until they expire', async () => {
  await using server = await startServer()
  const { appId, password } = server.firstRun.servicePrincipal
  const image = await pushImage(server, 'team/app', '1', basic(appId, password))
  const asOwner = { username: appId, password }
  const scopes = ['repository:team/app:pull']
  const before = { arm: await armToken(server), acr: await accessToken(server, asOwner, scopes) }
  const path = `/subscriptions/${server.firstRun.subscriptionId}/providers/Acrux.Server/rotateSigningKeys?api-version=2024-11-01`
  const rotated = expectStatus(await arm(server, 'POST', path), 200).json()
  assert.equal(stringAt(rotated, 'status'), 'Succeeded')
  // The same question within a second gets the same token.
  const pushing = ['repository:team/app:pull,push']
  const after = { arm: await armToken(server), acr: await accessToken(server, asOwner, pushing) }
  assert.notEqual(keyIdOf(after.arm), keyIdOf(before.arm))
  assert.notEqual(keyIdOf(after.acr), keyIdOf(before.acr))
  const published = await publishedKeyIds(server)
  assert.ok(published.includes(keyIdOf(after.arm)) && published.includes(keyIdOf(before.arm)), published.join(' '))
  const url = `${registryUrl(server)}/v2/team/app/manifests/${image.digest}`
  for (const { arm: forArm, acr } of [before, after]) {
    expectStatus(await arm(as(server, forArm), 'GET', registryId(server)), 200)
    const headers = { authorization: `Bearer ${acr}`, accept: image.mediaType }
    expectStatus(await request({ url, headers, caFile: server.caFile }), 200)
  }
})

test('A running server carries out the retention policy: an untagged manifest goes, a tagged one stays', async () => {
  await using server = await startServer({ args: ['--gc-interval-seconds', '1', '--gc-grace-period-seconds', '10'] })
  const { appId, password } = server.firstRun.servicePrincipal
  const authorization = basic(appId, password)
  const policies = { retentionPolicy: { status: 'enabled', days: 0 } }
  const changed = await arm(server, 'PATCH', registryId(server), { sku: { name: 'Premium' }, properties: { policies } })
  assert.equal(at(expectStatus(changed, 200).json(), 'properties', 'policies', 'retentionPolicy', 'days'), 0)
  const untagged = await pushImage(server, 'team/app', 'moving', authorization)
  const kept = await pushImage(
    server,
    'team/app',
    { tag: 'moving', layers: [Buffer.from('another layer')] },
    authorization,
  )
  assert.notEqual(untagged.digest, kept.digest)
  // What was pushed within a grace period may belong to an image that is being pushed.
  const statusOf = async (digest: string) => {
    const url = `${registryUrl(server)}/v2/team/app/manifests/${digest}`
    return (await request({ url, headers: { authorization, accept: kept.mediaType }, caFile: server.caFile })).status
  }
  await until('the untagged manifest is deleted', async () => (await statusOf(untagged.digest)) === 404)
  assert.equal(await statusOf(kept.digest), 200)
})
