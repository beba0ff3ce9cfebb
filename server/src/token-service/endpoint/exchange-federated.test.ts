import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { decodeJwt } from 'jose'
import { createOutbound } from '../../platform/outbound/outbound.ts'
import { openTestIssuer } from '../../../testing/platform/test-issuer.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { usualDatabaseKind, usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { basic, openTestTokenService, roles } from '../../../testing/token-service/test-token-service.ts'

const audience = 'api://AzureADTokenExchange'
const subject = 'project_path:team/app:ref_type:branch:ref:main'

async function open(
  t: TestContext,
  kind: DatabaseKind = usualDatabaseKind,
  settings: { readonly maxWorkloadTokenSeconds?: number } = {},
) {
  const issuer = await openTestIssuer()
  t.after(issuer.close)
  const outbound = createOutbound({ allowPrivateAddresses: true, allowedNetworks: [], extraCa: issuer.ca })
  const opened = await openTestTokenService(t, kind, { outbound, ...settings })
  const { database, credentials, time } = opened

  /** An application with a role on the registry that trusts the issuer's subject. */
  const createTrusting = async (name: string, change: { readonly audience?: string } = {}) => {
    const { servicePrincipal } = await opened.createPrincipal(name)
    await opened.assign(servicePrincipal.objectId, roles.acrPush, opened.registry.id)
    const caller = { holderId: servicePrincipal.objectId, appId: servicePrincipal.appId }
    const trust = { kind: 'subject', subject } as const
    await database.transaction((transaction) =>
      credentials.federatedCredentials.create(transaction, caller, {
        name: 'job',
        issuer: issuer.issuer,
        audience,
        trust,
        description: null,
        mayShareTrust: true,
        ...change,
      }),
    )
    return servicePrincipal
  }
  const job = (change: Record<string, unknown> = {}) => {
    const seconds = Math.floor(time.nowMs / 1000)
    const claims = { iss: issuer.issuer, sub: subject, aud: audience, iat: seconds, nbf: seconds, exp: seconds + 300 }
    return issuer.sign({ ...claims, ...change })
  }
  const exchange = async (token: string, form: Record<string, string> = {}) => {
    const answer = await opened.inject({
      method: 'POST',
      url: '/oauth2/exchange',
      form: { grant_type: 'access_token', service: 'contoso.example', access_token: token, ...form },
    })
    const body = answer.json<{ refresh_token?: string; errors?: { message: string }[] }>()
    return { status: answer.statusCode, token: body.refresh_token ?? '', message: body.errors?.[0]?.message ?? '' }
  }
  const redeem = async (refreshToken: string) => {
    const scope = 'repository:team/app:pull,push'
    const form = { grant_type: 'refresh_token', service: 'contoso.example', scope, refresh_token: refreshToken }
    const answer = await opened.inject({ method: 'POST', url: '/oauth2/token', form })
    return { status: answer.statusCode, token: answer.json<{ access_token?: string }>().access_token ?? '' }
  }
  return { ...opened, issuer, createTrusting, job, exchange, redeem }
}

for (const kind of usualDatabaseKinds) {
  test(`a workload token is exchanged in one request, and has the rights of its application (${kind})`, async (t) => {
    const { createTrusting, job, exchange, redeem, ask, registry } = await open(t, kind)
    const application = await createTrusting('job')
    const { status, token } = await exchange(await job())
    assert.equal(status, 200)
    assert.equal(decodeJwt(token)['appid'], application.appId)
    const access = await redeem(token)
    assert.equal(access.status, 200)
    assert.equal(await ask(registry, `Bearer ${access.token}`, 'team/app', 'push'), 'ok')
    assert.equal(await ask(registry, `Bearer ${access.token}`, 'team/app', 'delete'), 'insufficient_scope')
  })

  test(`tokens of a deleted federated credential are invalid (${kind})`, async (t) => {
    const { createTrusting, job, exchange, redeem, ask, registry, database, credentials } = await open(t, kind)
    const { objectId } = await createTrusting('job')
    const { token } = await exchange(await job())
    const access = await redeem(token)
    await database.transaction((transaction) => credentials.federatedCredentials.remove(transaction, objectId, 'job'))
    assert.equal(await ask(registry, `Bearer ${access.token}`, 'team/app', 'push'), 'invalid_token')
    assert.equal((await redeem(token)).status, 401)
    assert.equal((await exchange(await job())).status, 401)
  })
}

test('without a client id, exactly one application may trust the token; with one, it selects the application', async (t) => {
  const { createTrusting, job, exchange } = await open(t)
  const first = await createTrusting('first')
  assert.equal((await exchange(await job())).status, 200)
  const second = await createTrusting('second')
  const ambiguous = await exchange(await job())
  assert.equal(ambiguous.status, 401)
  assert.match(
    ambiguous.message,
    /more than one application trusts the token: set client_id to the client id of one application/,
  )
  for (const { appId } of [first, second]) {
    const { status, token } = await exchange(await job(), { client_id: appId })
    assert.deepEqual([status, decodeJwt(token)['appid']], [200, appId])
  }
  const third = await createTrusting('third', { audience: 'https://contoso.example' })
  const { token } = await exchange(await job({ aud: 'https://contoso.example' }))
  assert.equal(decodeJwt(token)['appid'], third.appId)
  assert.equal((await exchange(await job(), { client_id: third.appId })).status, 401)
})

test('an untrusted token is rejected with the reason, without a request to its issuer', async (t) => {
  const { createTrusting, createPrincipal, job, exchange, issuer, time } = await open(t)
  const before = await exchange(await job())
  assert.deepEqual([before.status, issuer.requests.length], [401, 0])
  assert.match(before.message, /the issuer of the token is not trusted/)
  await createTrusting('job')
  const { servicePrincipal: other } = await createPrincipal('other')
  // prettier-ignore
  const cases: readonly (readonly [why: string, token: string, form: Record<string, string>, message: RegExp])[] = [
    ['another subject',     await job({ sub: `${subject}2` }),         {},                           /no federated credential trusts the subject/],
    ['another audience',    await job({ aud: 'other' }),               {},                           /another audience/],
    ['expired',             await job({ exp: time.nowMs / 1000 - 60 }), {},                          /has expired/],
    ['another issuer',      await job({ iss: 'https://issuer.example' }), {},                        /not trusted/],
    ['another application', await job(),                               { client_id: other.appId },   /not trusted/],
    ['no application',      await job(),                               { client_id: 'x' },           /not trusted/],
    ['another tenant',      await job(),                               { tenant: other.appId },      /token validation failed/],
    ['rubbish',             'a.b.c',                                   {},                           /token validation failed/],
  ]
  for (const [why, token, form, message] of cases) {
    const answer = await exchange(token, form)
    assert.equal(answer.status, 401, why)
    assert.match(answer.message, message, why)
  }
  assert.equal((await exchange(await job(), { client_id: '' })).status, 200)
})

test('a denial names the issuer and the subject that were verified, and when the token expired', async (t) => {
  const { createTrusting, createPrincipal, job, exchange, issuer, time, auditRows, access, database } = await open(t)
  const { objectId } = await createTrusting('job')
  await createPrincipal('other')
  const expired = time.nowMs / 1000 - 60
  const names = (who = subject) => `issuer ${issuer.issuer}, subject ${who}`
  const decisionOfLast = async () => {
    const { detail } = (await auditRows()).at(-1) as unknown as { detail: string }
    return (JSON.parse(detail) as { decision: { presented?: object } }).decision.presented
  }
  const cases: readonly (readonly [token: string, expiredAt: string | null, who: string])[] = [
    [await job({ exp: expired }), new Date(expired * 1000).toISOString(), subject],
    [await job({ sub: 'repo:other' }), null, 'repo:other'],
    [await job({ aud: 'other' }), null, subject],
  ]
  for (const [token, expiredAt, who] of cases) {
    const { status, message } = await exchange(token)
    assert.equal(status, 401)
    assert.ok(
      message.includes(` (${expiredAt === null ? '' : `expired at ${expiredAt}, `}${names(who)}). Corr`),
      message,
    )
    assert.deepEqual(await decisionOfLast(), { issuer: issuer.issuer, subject: who, expiredAt })
  }
  await database.transaction((transaction) => access.deleteAssignmentsOf(transaction, objectId))
  assert.ok((await exchange(await job())).message.includes(`no role on this registry (${names()}). Corr`))
  assert.deepEqual(await decisionOfLast(), { issuer: issuer.issuer, subject, expiredAt: null })
})

test('a denial shows no claims of an unverified token', async (t) => {
  const { createTrusting, job, exchange, auditRows } = await open(t)
  await createTrusting('job')
  const [header = '', claims = '', signature = ''] = (await job({ sub: 'forged' })).split('.')
  const forged = [header, claims, signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))].join('.')
  for (const token of [forged, await job({ iss: 'https://forged.example', sub: 'forged' })]) {
    const { status, message } = await exchange(token)
    assert.equal(status, 401)
    assert.doesNotMatch(message, /forged/)
    assert.doesNotMatch(JSON.stringify((await auditRows()).at(-1)), /forged/)
  }
})

test('a trusted token for ARM is accepted only while the registry accepts tokens for ARM', async (t) => {
  const { createTrusting, job, exchange, update, registry } = await open(t)
  const arm = 'https://management.azure.com/'
  const acr = 'https://containerregistry.azure.net'
  const graph = 'https://graph.microsoft.com'
  await createTrusting('of ARM', { audience: arm })
  await createTrusting('of ACR', { audience: acr })
  await createTrusting('of Graph', { audience: graph })
  const statuses = async () => [
    (await exchange(await job({ aud: arm }))).status,
    (await exchange(await job({ aud: acr }))).status,
    (await exchange(await job({ aud: [acr, 'https://MANAGEMENT.azure.com'] }))).status,
    (await exchange(await job({ aud: [acr] }))).status,
    (await exchange(await job({ aud: graph }))).status,
  ]
  assert.deepEqual(await statuses(), [200, 200, 401, 200, 401])
  await update(registry, {
    policies: { ...registry.policies, azureADAuthenticationAsArmPolicy: { status: 'disabled' } },
  })
  assert.deepEqual(await statuses(), [401, 200, 401, 200, 401])
  assert.match((await exchange(await job({ aud: arm }))).message, /the token is for another audience/)
})

test('an application without a role is denied although its token is trusted', async (t) => {
  const { createTrusting, job, exchange, access, database } = await open(t)
  const { objectId } = await createTrusting('job')
  await database.transaction((transaction) => access.deleteAssignmentsOf(transaction, objectId))
  const answer = await exchange(await job())
  assert.equal(answer.status, 401)
  assert.match(
    answer.message,
    /^authentication required, visit .* Reason: the identity has no role on this registry \(/,
  )
})

test('the denial of a workload token of a disabled application is recorded with the application', async (t) => {
  const { createTrusting, job, exchange, database, directory, auditRows } = await open(t)
  const { objectId } = await createTrusting('job')
  await database.transaction((transaction) =>
    directory.applications.updateServicePrincipal(transaction, objectId, { enabled: false }),
  )
  assert.equal((await exchange(await job())).status, 401)
  const row = (await auditRows()).at(-1) as { actor_kind?: string; actor_id: string; detail?: string }
  assert.deepEqual([row.actor_kind, row.actor_id], ['service-principal', objectId])
  assert.match(row.detail ?? '', /"firstFailure":"principal-is-disabled"/)
})

test('fault 15: a workload token is exchanged until its expiry and 30 seconds more', async (t) => {
  const { createTrusting, job, exchange, time } = await open(t)
  await createTrusting('job')
  const exp = Math.floor(time.nowMs / 1000) + 300
  const token = await job({ exp })
  const at = async (ms: number) => {
    time.nowMs = ms
    return (await exchange(token)).status
  }
  assert.deepEqual(
    [await at(exp * 1000 - 1000), await at(exp * 1000), await at(exp * 1000 + 29_999), await at(exp * 1000 + 30_000)],
    [200, 200, 200, 401],
  )
})

test('the key of a token and the trust in it are checked again at each exchange', async (t) => {
  const { createTrusting, job, exchange, issuer, database, credentials, time } = await open(t)
  const { objectId, appId } = await createTrusting('job')
  const token = await job({ exp: Math.floor(time.nowMs / 1000) + 3600 })
  const statuses = async () => {
    const answers = [await exchange(token), await exchange(token, { client_id: appId })]
    return answers.map(({ status }) => status)
  }
  for (const _again of [1, 2]) assert.deepEqual(await statuses(), [200, 200])
  const { keys } = issuer.state
  issuer.state.keys = []
  await issuer.addKey()
  time.nowMs += 10 * 60_000
  assert.deepEqual(await statuses(), [401, 401], 'its key is published no more')
  issuer.state.keys = keys
  time.nowMs += 10 * 60_000
  assert.deepEqual(await statuses(), [200, 200])
  const trustIn = (text: string) =>
    database.transaction((transaction) =>
      credentials.federatedCredentials.update(transaction, objectId, 'job', {
        trust: { kind: 'subject', subject: text },
      }),
    )
  await trustIn('project_path:team/app:ref_type:branch:ref:other')
  assert.deepEqual(await statuses(), [401, 401], 'its subject is trusted no more')
  await trustIn(subject)
  assert.deepEqual(await statuses(), [200, 200])
})

test('a workload token has a lifetime of at most one day, or of the setting, regardless of the rest of it', async (t) => {
  for (const [settings, seconds] of [
    [{}, 86_400],
    [{ maxWorkloadTokenSeconds: 3600 }, 3600],
  ] as const) {
    const { createTrusting, job, exchange, time, auditRows } = await open(t, usualDatabaseKind, settings)
    await createTrusting('job')
    const now = Math.floor(time.nowMs / 1000)
    const lasting = (lifetime: number, issuedAgo = 0) => {
      const iat = now - issuedAgo
      return job({ iat, nbf: iat, exp: iat + lifetime })
    }
    const leeway = 300
    assert.equal((await exchange(await lasting(seconds))).status, 200)
    assert.equal((await exchange(await lasting(seconds + leeway))).status, 200)
    const denied = [
      await lasting(seconds + leeway + 1),
      await lasting(seconds + leeway + 1, seconds + leeway - 60),
      await job({ nbf: now - seconds, exp: now + leeway + 1 }),
      await job({ nbf: undefined, exp: now + 10 * 365 * 86_400 }),
    ]
    for (const token of denied) {
      const { status, message } = await exchange(token)
      assert.equal(status, 401)
      assert.match(message, /lifetime of the token exceeds the maximum/)
      assert.equal((await auditRows()).at(-1)?.reason, 'lifetime')
    }
  }
})

test('fault 6: a workload token with the audience of the exchange is accepted only there', async (t) => {
  const { createTrusting, job, exchange, redeem, ask, registry, inject } = await open(t)
  const { appId } = await createTrusting('job')
  const token = await job()
  const { token: refreshToken } = await exchange(token)
  assert.equal((await redeem(token)).status, 401)
  assert.equal(await ask(registry, `Bearer ${token}`, 'team/app', 'pull'), 'invalid_token')
  for (const username of [appId, '00000000-0000-0000-0000-000000000000']) {
    const headers = { authorization: basic(username, token) }
    assert.equal(
      (await inject({ method: 'GET', url: '/oauth2/token?service=contoso.example', headers })).statusCode,
      401,
    )
  }
  // ACR tokens are not workload tokens either.
  for (const ours of [refreshToken, (await redeem(refreshToken)).token])
    assert.equal((await exchange(ours)).status, 401)
})

test('fault 42: no log line and no event contains a workload token', async (t) => {
  const { createTrusting, job, exchange, logLines, auditRows } = await open(t)
  await createTrusting('job')
  const tokens = [await job(), await job({ sub: 'other' }), await job({ iss: 'https://issuer.example' })]
  for (const token of tokens) await exchange(token)
  const written = `${logLines.join('')}${JSON.stringify(await auditRows())}`
  for (const token of tokens) for (const part of token.split('.').slice(1)) assert.equal(written.includes(part), false)
})
