import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { type TestContext, describe, test } from 'node:test'
import { decodeJwt } from 'jose'
import { createKeyRing } from '../../platform/keys/key-ring.ts'
import { testDatabaseKinds, usualDatabaseKind } from '../../../testing/platform/test-database.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { CallerBudgets } from '../../platform/limits/caller-budget.ts'
import type { Registry } from '../../resources/index.ts'
import { createAcrTokens } from '../tokens/acr-token.ts'
import { IssuedEvents } from './issued-events.ts'
import { IssueCache, type PreparedIssue, issueCacheKey } from './issue-cache.ts'
import { createDenialExplanations } from '../denials/explain-denial.ts'
import { createRejectedAcrTokens } from '../denials/rejected-acr-token.ts'
import { createDenials } from '../denials/denials.ts'
import { basic, openTestTokenService, roles } from '../../../testing/token-service/test-token-service.ts'
import { getToken, postToken } from './token.ts'
import { createFailedAuthentications } from '../denials/failed-authentication.ts'

const registry = { rid: 'one' } as Registry

function issueOf(text: string, expiresAtMs = Infinity): PreparedIssue {
  return {
    credential: { kind: 'anonymous' },
    expiresAtMs,
    token: { lifeSeconds: 1, notAfterMs: undefined, claims: text, ownClaims: '' },
    event: { action: 'token.issue', outcome: 'success', actor: { kind: 'system', id: '' }, target: '' },
    appendEvent: () => Promise.resolve(),
    budget: new CallerBudgets().of('one'),
    responseEnd: '',
    latest: undefined,
  }
}

test('an entry is found for its registry and revision until its credential expires', () => {
  const cache = new IssueCache()
  const issue = issueOf('a', 1000)
  cache.set(7, registry, 'key', issue)
  assert.equal(cache.get(7, registry, 'key', 999), issue)
  assert.equal(cache.get(7, registry, 'key', 1000), undefined, 'at its end')
  assert.equal(cache.get(8, registry, 'key', 999), undefined, 'a later revision')
  assert.equal(cache.get(6, registry, 'key', 999), undefined, 'an earlier one')
  assert.equal(cache.get(7, { ...registry, rid: 'two' }, 'key', 999), undefined, 'another registry')
  assert.equal(cache.get(7, registry, 'other', 999), undefined, 'another request')
})

test('a decision at an earlier revision never replaces a later one', () => {
  const cache = new IssueCache()
  const late = issueOf('late')
  cache.set(8, registry, 'key', late)
  cache.set(7, registry, 'key', issueOf('early'))
  assert.equal(cache.get(8, registry, 'key', 0), late)
  assert.equal(cache.get(7, registry, 'key', 0), undefined)
})

test('the issue cache never exceeds its maximum', () => {
  const cache = new IssueCache(100_000)
  for (let index = 0; index < 1000; index += 1) {
    cache.set(1, registry, `key ${index}`, issueOf('x'.repeat(3000)))
    assert.ok(cache.weightBytes <= 100_000)
  }
  assert.notEqual(cache.get(1, registry, 'key 999', 0), undefined)
  assert.equal(cache.get(1, registry, 'key 900', 0), undefined, 'the oldest entries are evicted')
  cache.set(1, registry, 'vast', issueOf('x'.repeat(200_000)))
  assert.equal(cache.get(1, registry, 'vast', 0), undefined, 'an entry over the maximum is not cached')
})

test('different requests have different keys, and a too long one has none', () => {
  const keys = [
    issueCacheKey('query', 'Basic YTpi', 'scope=a'),
    issueCacheKey('query', 'Basic YTpj', 'scope=a'),
    issueCacheKey('query', 'Basic YTpi', 'scope=b'),
    issueCacheKey('query', '', 'Basic YTpi\nscope=a'),
    issueCacheKey('form', '', 'Basic YTpi\nscope=a'),
    issueCacheKey('form', 'Basic YTpi', 'scope=a'),
  ]
  assert.equal(new Set(keys).size, keys.length)
  assert.ok(
    keys.every((key) => key !== undefined && !key.includes('YTp')),
    'a key contains nothing of the request',
  )
  assert.equal(issueCacheKey('form', '', 'x'.repeat(20_000)), undefined)
})

const ask = 'service=contoso.example&scope=repository:team/app:pull'

type Asked = { readonly status: number; readonly granted: readonly string[]; readonly jti: string | undefined }

async function open(t: TestContext, kind: DatabaseKind, secretDays = 365) {
  const context = await openTestTokenService(t, kind)
  const { servicePrincipal, secret } = await context.createPrincipal('ci', secretDays)
  if (secret === undefined) throw new Error('no secret was made')
  const read = ({ statusCode, body }: { readonly statusCode: number; readonly body: string }): Asked => {
    if (statusCode !== 200) return { status: statusCode, granted: [], jti: undefined }
    const claims = decodeJwt<{ access: { name: string; actions: string[] }[] }>(
      (JSON.parse(body) as { access_token: string }).access_token,
    )
    return {
      status: statusCode,
      granted: claims.access.map(({ name, actions }) => `${name}:${actions.join()}`),
      jti: claims.jti,
    }
  }
  const byBasic = async (header = basic(servicePrincipal.appId, secret), query = ask, host = 'contoso.example') =>
    read(
      await context.inject({ method: 'GET', url: `/oauth2/token?${query}`, headers: { authorization: header }, host }),
    )
  const byForm = async (form: Readonly<Record<string, string>>) =>
    read(
      await context.inject({
        method: 'POST',
        url: '/oauth2/token',
        form: { service: 'contoso.example', scope: 'repository:team/app:pull', ...form },
      }),
    )
  return { ...context, servicePrincipal, secret, byBasic, byForm }
}

type TestContextOf = Awaited<ReturnType<typeof open>>

/** Exchanges the secret for an ACR refresh token. */
async function refreshTokenOf({ inject, servicePrincipal, secret }: TestContextOf): Promise<string> {
  const scope = 'https://containerregistry.azure.net/.default'
  const signIn = { grant_type: 'client_credentials', client_id: servicePrincipal.appId, client_secret: secret, scope }
  const tenant = '20000000-0000-4000-8000-000000000002'
  const identity = await inject({ method: 'POST', url: `/${tenant}/oauth2/v2.0/token`, form: signIn })
  const { access_token } = identity.json<{ access_token: string }>()
  const form = { grant_type: 'access_token', service: 'contoso.example', access_token }
  const answer = await inject({ method: 'POST', url: '/oauth2/exchange', form })
  return answer.json<{ refresh_token: string }>().refresh_token
}

/** Sends a request three times within a second, so that the second and third responses come from the cache. */
async function askThrice(asking: () => Promise<Asked>): Promise<void> {
  const answers = [await asking(), await asking(), await asking()]
  for (const { status, granted } of answers) {
    assert.equal(status, 200)
    assert.deepEqual(granted, ['team/app:pull'])
  }
  assert.equal(new Set(answers.map(({ jti }) => jti)).size, 1, 'a second has one token')
}

for (const kind of testDatabaseKinds) {
  describe(`a cached request, on ${kind}`, () => {
    test('is denied after its secret is removed', async (t) => {
      const context = await open(t, kind)
      const {
        assign,
        servicePrincipal,
        registry: contoso,
        byBasic,
        byForm,
        secret,
        credentials,
        directory,
        database,
      } = context
      await assign(servicePrincipal.objectId, roles.acrPull, contoso.id)
      const refresh_token = await refreshTokenOf(context)
      const ways = [
        () => byBasic(),
        () => byForm({ grant_type: 'refresh_token', refresh_token }),
        () => byForm({ grant_type: 'password', username: servicePrincipal.appId, password: secret }),
      ]
      for (const way of ways) await askThrice(way)
      const application = await directory.findApplication(servicePrincipal.appId)
      const check = await credentials.checkClientSecret(servicePrincipal.appId, secret)
      assert.ok(application !== undefined && check.outcome === 'verified')
      await database.transaction((transaction) =>
        credentials.secrets.remove(transaction, application.objectId, check.credentialId),
      )
      for (const way of ways) assert.equal((await way()).status, 401)
    })

    test('grants nothing after its role assignment is deleted, and everything again after one is created', async (t) => {
      const { assign, servicePrincipal, registry: contoso, byBasic, database, access } = await open(t, kind)
      const name = await assign(servicePrincipal.objectId, roles.acrPull, contoso.id)
      await askThrice(byBasic)
      await database.transaction((transaction) => access.deleteAssignment(transaction, contoso.id, name))
      const { status, granted } = await byBasic()
      assert.deepEqual([status, granted], [200, []])
      await byBasic()
      await assign(servicePrincipal.objectId, roles.acrPush, contoso.id)
      await askThrice(byBasic)
    })

    test('grants nothing after its principal leaves the group', async (t) => {
      const { assign, servicePrincipal, registry: contoso, byBasic, directory, database } = await open(t, kind)
      const { groups } = directory
      const pullers = { displayName: 'pullers', mailNickname: 'pullers' }
      const { objectId: id } = await database.transaction((transaction) => groups.createGroup(transaction, pullers))
      await assign(id, roles.acrPull, contoso.id)
      assert.deepEqual((await byBasic()).granted, [])
      await database.transaction((transaction) => groups.addMember(transaction, id, servicePrincipal.objectId))
      await askThrice(byBasic)
      await database.transaction((transaction) => groups.removeMember(transaction, id, servicePrincipal.objectId))
      assert.deepEqual((await byBasic()).granted, [])
    })

    test('is denied after the admin account is disabled, and after its password is renewed', async (t) => {
      const { registry: contoso, update, adminPasswords, byBasic, database, resources } = await open(t, kind)
      await update(contoso, { adminUserEnabled: true })
      const { password } = await adminPasswords(contoso)
      const asking = () => byBasic(basic('contoso', password))
      await askThrice(asking)
      await update(contoso, { adminUserEnabled: false })
      assert.equal((await asking()).status, 401)
      await update(contoso, { adminUserEnabled: true })
      await askThrice(asking)
      await database.transaction((transaction) => resources.renewAdminPassword(transaction, contoso.rid, 'password'))
      assert.equal((await asking()).status, 401)
    })

    test('is denied exactly when its secret or its refresh token expires', async (t) => {
      const context = await open(t, kind, 1)
      const { assign, servicePrincipal, registry: contoso, byBasic, byForm, time } = context
      await assign(servicePrincipal.objectId, roles.acrPull, contoso.id)
      const startMs = time.nowMs
      await askThrice(byBasic)
      const refresh_token = await refreshTokenOf(context)
      const refreshing = () => byForm({ grant_type: 'refresh_token', refresh_token })
      await askThrice(refreshing)
      time.nowMs = startMs + 3 * 3600_000 - 1000
      await askThrice(refreshing)
      time.nowMs = startMs + 3 * 3600_000
      assert.equal((await refreshing()).status, 401)
      time.nowMs = startMs + 86_400_000 - 1
      await askThrice(byBasic)
      time.nowMs = startMs + 86_400_000
      assert.equal((await byBasic()).status, 401)
    })

    test('is denied after anonymous pull is disabled, if it was anonymous', async (t) => {
      const { registry: contoso, update, inject } = await open(t, kind)
      const asking = async () => (await inject({ method: 'GET', url: `/oauth2/token?${ask}` })).statusCode
      await update(contoso, { anonymousPullEnabled: true })
      for (let times = 0; times < 3; times += 1) assert.equal(await asking(), 200)
      await update(contoso, { anonymousPullEnabled: false })
      assert.equal(await asking(), 401)
    })

    test('is not shared with another scope, order, registry or sender', async (t) => {
      const { assign, servicePrincipal, secret, registry: contoso, createRegistry, byBasic } = await open(t, kind)
      const fabrikam = await createRegistry('fabrikam')
      await assign(servicePrincipal.objectId, roles.acrPull, contoso.id)
      await assign(servicePrincipal.objectId, roles.acrPush, fabrikam.id)
      await askThrice(byBasic)
      const header = basic(servicePrincipal.appId, secret)
      const other = 'service=contoso.example&scope=repository:team/other:pull'
      assert.deepEqual((await byBasic(header, other)).granted, ['team/other:pull'])
      const turned = 'scope=repository:team/app:pull&service=contoso.example'
      assert.deepEqual((await byBasic(header, turned)).granted, ['team/app:pull'])
      const pushing = 'scope=repository:team/app:pull,push'
      for (let times = 0; times < 2; times += 1) {
        assert.deepEqual((await byBasic(header, pushing)).granted, ['team/app:pull'])
        assert.deepEqual((await byBasic(header, pushing, 'fabrikam.example')).granted, ['team/app:pull,push'])
      }
      assert.equal((await byBasic(header, ask, 'fabrikam.example')).status, 400, 'the service is another')
      assert.equal((await byBasic(basic(servicePrincipal.appId, `${secret}x`))).status, 401)
    })

    test('is denied after its registry is deleted, and authenticates again after it is created again', async (t) => {
      const { assign, servicePrincipal, registry: contoso, byBasic, ...context } = await open(t, kind)
      const scope = `/subscriptions/${contoso.subscriptionId}`
      await assign(servicePrincipal.objectId, roles.acrPull, scope)
      await askThrice(byBasic)
      await context.database.transaction((transaction) => context.resources.deleteRegistry(transaction, contoso.rid))
      assert.equal((await byBasic()).status, 404)
      await context.createRegistry('contoso')
      await askThrice(byBasic)
    })
  })
}

test('complete responses to authenticated callers are cached; denials, smaller tokens, anonymous callers and secrets are not', async (t) => {
  const context = await open(t, usualDatabaseKind)
  const { registry: contoso, database, clock, sealer, servicePrincipal, secret } = context
  await context.assign(servicePrincipal.objectId, roles.acrPull, contoso.id)
  const anonymous = await context.update(contoso, { anonymousPullEnabled: true })
  const refreshToken = await refreshTokenOf(context)
  const times = { rotationMilliseconds: 90 * 86_400_000, signatureMilliseconds: 3 * 3600_000 }
  const keys = createKeyRing({ database, clock, sealer, purpose: 'acr', algorithm: 'ES256', ...times })
  const issueCache = new IssueCache()
  const explanations = createDenialExplanations(context)
  const explainRejectedAcrToken = createRejectedAcrTokens({ keys, clock })
  const failures = createFailedAuthentications({ ...context, explanations, explainRejectedAcrToken })
  const parts = { denials: createDenials('https'), explanations, failures, issueCache, defaultPort: 443 }
  const tokenContext = { budgets: new CallerBudgets(), ...context, tokens: createAcrTokens({ keys, clock }), ...parts }
  const call = async (parameters: string, headers: Record<string, string> = {}) => ({
    request: { headers } as IncomingMessage,
    registry: anonymous,
    origin: { correlationId: 'c', remoteAddress: '192.0.2.1', userAgent: undefined },
    revision: await database.authorityRevision(),
    issued: new IssuedEvents(database),
    parameters,
  })
  const right = { authorization: basic(servicePrincipal.appId, secret) }
  const wrong = { authorization: basic(servicePrincipal.appId, `${secret}x`) }
  const refresh = `grant_type=refresh_token&refresh_token=${refreshToken}&scope=repository:team/app:pull`
  await getToken(tokenContext, await call('scope=repository:team/app:pull,push', right))
  await getToken(tokenContext, await call(ask))
  await assert.rejects(async () => getToken(tokenContext, await call(ask, wrong)), { code: 'UNAUTHORIZED' })
  await postToken(tokenContext, await call(`${refresh}&access_type=offline`))
  await postToken(tokenContext, await call('grant_type=password&username=&password=&scope=repository:team/app:pull'))
  assert.equal(issueCache.weightBytes, 0)

  await getToken(tokenContext, await call(ask, right))
  const one = issueCache.weightBytes
  assert.ok(one > 0)
  await getToken(tokenContext, await call(ask, right))
  assert.equal(issueCache.weightBytes, one, 'the same request is cached once')
  await postToken(tokenContext, await call(refresh))
  assert.ok(issueCache.weightBytes > one)
})

test('a token is repeated within the second in which it was signed, and the next second has another one', async (t) => {
  const { assign, servicePrincipal, registry: contoso, byBasic, time } = await open(t, usualDatabaseKind)
  await assign(servicePrincipal.objectId, roles.acrPull, contoso.id)
  const startMs = time.nowMs
  const ids: (string | undefined)[] = []
  for (const afterMs of [0, 999, 1000, 1999, 2000, 1999]) {
    time.nowMs = startMs + afterMs
    ids.push((await byBasic()).jti)
  }
  const [first, second, third, fourth, fifth, sixth] = ids
  assert.equal(second, first)
  assert.equal(fourth, third)
  assert.equal(new Set([first, third, fifth, sixth]).size, 4, 'also when the clock is put back')
})

test('every response has its own event, with its origin', async (t) => {
  const { assign, servicePrincipal, registry: contoso, byBasic, auditRows } = await open(t, usualDatabaseKind)
  await assign(servicePrincipal.objectId, roles.acrPull, contoso.id)
  await askThrice(byBasic)
  const rows = (await auditRows()).filter(({ action }) => action === 'token.issue') as unknown as {
    readonly correlation_id: string
    readonly detail: string
  }[]
  assert.equal(rows.length, 3)
  assert.equal(new Set(rows.map(({ correlation_id }) => correlation_id)).size, 3)
  assert.deepEqual(
    new Set(rows.map(({ detail }) => detail)),
    new Set(['{"asked":["repository:team/app:pull"],"granted":"repository:team/app:pull"}']),
  )
})
