import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createOutbound } from '../../platform/outbound/outbound.ts'
import { openTestIssuer } from '../../../testing/platform/test-issuer.ts'
import { usualDatabaseKind } from '../../../testing/platform/test-database.ts'
import { basic, openTestTokenService, roles } from '../../../testing/token-service/test-token-service.ts'

const minuteMs = 60_000
const subject = 'system:serviceaccount:team:builder'
const scope = 'repository:team/app:pull'

async function open(t: TestContext) {
  const issuer = await openTestIssuer()
  t.after(issuer.close)
  const outbound = createOutbound({ allowPrivateAddresses: true, allowedNetworks: [], extraCa: issuer.ca })
  const opened = await openTestTokenService(t, usualDatabaseKind, { outbound })
  const { database, credentials, time, registry } = opened
  const { servicePrincipal } = await opened.createPrincipal('job')
  const { objectId, appId } = servicePrincipal
  await opened.assign(objectId, roles.acrPull, registry.id)
  await database.transaction((transaction) =>
    credentials.federatedCredentials.create(
      transaction,
      { holderId: objectId, appId },
      {
        name: 'job',
        issuer: issuer.issuer,
        audience: registry.loginServer,
        trust: { kind: 'subject', subject },
        description: null,
      },
    ),
  )
  const lasting = (seconds: number) => {
    const iat = Math.floor(time.nowMs / 1000)
    const claims = { iss: issuer.issuer, sub: subject, aud: registry.loginServer, iat, nbf: iat, exp: iat + seconds }
    return issuer.sign(claims)
  }
  const pull = (authorization: string) => opened.ask(registry, authorization, 'team/app', 'pull')
  const issue = async (token: string) => {
    const url = `/oauth2/token?service=contoso.example&scope=${scope}`
    const answer = await opened.inject({ method: 'GET', url, headers: { authorization: basic(appId, token) } })
    return { status: answer.statusCode, lifeSeconds: answer.json<{ expires_in?: number }>().expires_in }
  }
  const signIns = async () =>
    (await opened.auditRows()).filter(({ action }) => action === 'token.workload-sign-in').length
  return { ...opened, issuer, appId, lasting, pull, issue, signIns }
}

test('a session with a workload token ends to the millisecond when the token expires', async (t) => {
  const { appId, lasting, pull, issue, time } = await open(t)
  const token = await lasting(300)
  const endMs = (Math.floor(time.nowMs / 1000) + 300) * 1000
  const ask = async () => [await pull(`Bearer ${token}`), await pull(basic(appId, token)), (await issue(token)).status]
  assert.deepEqual(await ask(), ['ok', 'ok', 200])
  time.nowMs = endMs - 1
  assert.deepEqual(await ask(), ['ok', 'ok', 200])
  time.nowMs = endMs
  assert.deepEqual(await ask(), ['invalid_token', 'basic', 401])
})

test('an access token by a workload token has the usual lifetime, also from the cache', async (t) => {
  const { lasting, issue, time } = await open(t)
  const token = await lasting(300)
  assert.deepEqual(await issue(token), { status: 200, lifeSeconds: 4500 })
  time.nowMs += 60_000
  assert.deepEqual(await issue(token), { status: 200, lifeSeconds: 4500 })
})

test('a workload token is verified once for a session, and again after 10 minutes, so that a revoked key ends it', async (t) => {
  const { lasting, pull, issue, issuer, signIns, time } = await open(t)
  const token = await lasting(24 * 3600)
  const ask = async () => [await pull(`Bearer ${token}`), (await issue(token)).status]
  for (let count = 0; count < 5; count += 1) assert.deepEqual(await ask(), ['ok', 200])
  assert.equal(await signIns(), 2, 'one at the gate, one at the token endpoint')
  issuer.state.keys = []
  await issuer.addKey()
  time.nowMs += 10 * minuteMs - 1
  assert.deepEqual(await ask(), ['ok', 200])
  time.nowMs += 1
  assert.deepEqual(await ask(), ['invalid_token', 401])
})

test('a token of an issuer that nobody trusts is denied without a request to it', async (t) => {
  const { pull, issuer, registry, time } = await open(t)
  const other = await openTestIssuer()
  t.after(other.close)
  const exp = Math.floor(time.nowMs / 1000) + 300
  const token = await other.sign({ iss: other.issuer, sub: subject, aud: registry.loginServer, iat: exp - 300, exp })
  assert.equal(await pull(`Bearer ${token}`), 'invalid_token')
  assert.deepEqual([other.requests.length, issuer.requests.length], [0, 0])
})
