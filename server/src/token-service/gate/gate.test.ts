import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, test } from 'node:test'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { sql } from 'kysely'
import { basic, openTestTokenService, roles } from '../../../testing/token-service/test-token-service.ts'

type TestContextOf = Awaited<ReturnType<typeof openTestTokenService>>

async function principalWith(context: TestContextOf, role: string, secretDays?: number) {
  const { servicePrincipal, secret } = await context.createPrincipal('ci', secretDays)
  const assignment = await context.assign(servicePrincipal.objectId, role, context.registry.id)
  return { ...servicePrincipal, secret, assignment, basic: basic(servicePrincipal.appId, secret) }
}

async function bearerFor(context: TestContextOf, authorization: string, scope: string): Promise<string> {
  const url = `/oauth2/token?service=contoso.example&scope=${encodeURIComponent(scope)}`
  const answer = await context.inject({ method: 'GET', url, headers: { authorization } })
  assert.equal(answer.statusCode, 200, answer.body)
  return `Bearer ${answer.json<{ access_token: string }>().access_token}`
}

for (const kind of testDatabaseKinds) {
  describe(`the gate, on ${kind}`, () => {
    test('the gate admits only what both the token and the rights allow', async (t) => {
      const context = await openTestTokenService(t, kind)
      const { ask, registry } = context
      const pusher = await principalWith(context, roles.acrPush)
      const puller = await principalWith(context, roles.acrPull)
      const narrow = await bearerFor(context, pusher.basic, 'repository:team/app:pull')
      const wide = await bearerFor(context, pusher.basic, 'repository:team/app:pull,push,delete')
      const greedy = await bearerFor(context, puller.basic, 'repository:team/app:pull,push,delete,metadata_write')
      assert.equal(await ask(registry, undefined, 'team/app', 'pull'), 'none')
      assert.equal(await ask(registry, narrow, 'team/app', 'pull'), 'ok')
      assert.equal(await ask(registry, narrow, 'team/app', 'pull', 'push'), 'insufficient_scope', 'was not asked for')
      assert.equal(await ask(registry, narrow, 'team/application', 'pull'), 'insufficient_scope', 'another repository')
      assert.equal(await ask(registry, wide, 'team/app', 'pull', 'push'), 'ok')
      assert.equal(await ask(registry, wide, 'team/app', 'delete'), 'insufficient_scope', 'AcrPush may not delete')
      assert.equal(await ask(registry, greedy, 'team/app', 'push'), 'insufficient_scope', 'AcrPull may not push')
      assert.equal(await ask(registry, puller.basic, 'team/app', 'pull'), 'ok', 'Basic needs no token')
      assert.equal(await ask(registry, puller.basic, 'team/app', 'push'), 'insufficient_scope')
      assert.equal(await ask(registry, puller.basic, 'team/app'), 'insufficient_scope', 'a need without actions')
      assert.equal(await ask(registry, basic(puller.appId, 'wrong'), 'team/app', 'pull'), 'basic')
      assert.equal(await ask(registry, 'Bearer x.y.z', 'team/app', 'pull'), 'invalid_token')
      assert.equal(await ask(registry, 'Negotiate abc', 'team/app', 'pull'), 'invalid_token')
    })

    test('the gate notes the use of a password, which no event reports, without a write', async (t) => {
      const context = await openTestTokenService(t, kind)
      const puller = await principalWith(context, roles.acrPull)
      assert.equal(await context.ask(context.registry, puller.basic, 'team/app', 'pull'), 'ok')
      assert.equal(await context.ask(context.registry, basic(puller.appId, 'wrong'), 'team/app', 'pull'), 'basic')
      const uses = () => context.credentialUses.list({ actorId: puller.objectId }, undefined, 10)
      assert.deepEqual(await uses(), [])
      await context.credentialUses.flush()
      const [use, ...others] = await uses()
      assert.deepEqual([use?.actor_kind, others.length], ['service-principal', 0])
      assert.match(use?.credential_id ?? '', /^[0-9a-f-]{36}$/)
    })

    test('trap 23: a caller who may push may untag without a right to delete', async (t) => {
      const context = await openTestTokenService(t, kind)
      const { gate, registry } = context
      const untag = {
        kind: 'repository',
        repository: 'team/app',
        actions: ['delete'],
        anyOf: ['metadata_write', 'untag'],
      } as const
      const origin = { correlationId: 'test', remoteAddress: '127.0.0.1', userAgent: undefined }
      const admitted = async (authorization: string) =>
        (
          await gate.admit({ headers: { authorization }, socket: {} } as IncomingMessage, origin, registry, {
            need: untag,
            rate: 'write',
          })
        ).admitted
      const pusher = await principalWith(context, roles.acrPush)
      const puller = await principalWith(context, roles.acrPull)
      assert.equal(await admitted(await bearerFor(context, pusher.basic, 'repository:team/app:delete')), true)
      assert.equal(
        await admitted(await bearerFor(context, pusher.basic, 'repository:team/app:pull')),
        false,
        'not asked for',
      )
      assert.equal(await admitted(await bearerFor(context, puller.basic, 'repository:team/app:delete')), false)
      assert.equal(await admitted(pusher.basic), true)
    })

    test('a revoked right is denied at the next request, and a new one applies to the next', async (t) => {
      const context = await openTestTokenService(t, kind)
      const { ask, registry, database, access } = context
      const puller = await principalWith(context, roles.acrPull)
      const bearer = await bearerFor(context, puller.basic, 'repository:team/app:pull')
      for (const header of [bearer, puller.basic]) assert.equal(await ask(registry, header, 'team/app', 'pull'), 'ok')
      await database.transaction((transaction) => access.deleteAssignment(transaction, registry.id, puller.assignment))
      for (const header of [bearer, puller.basic]) {
        assert.equal(await ask(registry, header, 'team/app', 'pull'), 'insufficient_scope')
      }
      await context.assign(puller.objectId, roles.acrPull, `/subscriptions/${registry.subscriptionId}`)
      for (const header of [bearer, puller.basic]) assert.equal(await ask(registry, header, 'team/app', 'pull'), 'ok')
    })

    test('the admin account is disabled by default, and its passwords are independent', async (t) => {
      const context = await openTestTokenService(t, kind)
      const { ask, registry, resources, database } = context
      const { password, password2 } = await context.adminPasswords(registry)
      const first = basic('CONTOSO', password)
      const second = basic('contoso', password2)
      assert.equal(await ask(registry, first, 'team/app', 'pull'), 'basic', 'off by default')
      await context.update(registry, { adminUserEnabled: true })
      const firstBearer = await bearerFor(context, first, 'repository:team/app:pull,push,delete')
      const secondBearer = await bearerFor(context, second, 'repository:team/app:pull')
      for (const header of [first, second, firstBearer, secondBearer]) {
        assert.equal(await ask(registry, header, 'team/app', 'pull'), 'ok')
      }
      assert.equal(await ask(registry, firstBearer, 'team/app', 'delete'), 'ok')
      await database.transaction((transaction) => resources.renewAdminPassword(transaction, registry.rid, 'password'))
      assert.equal(await ask(registry, first, 'team/app', 'pull'), 'basic')
      assert.equal(await ask(registry, firstBearer, 'team/app', 'pull'), 'invalid_token')
      assert.equal(await ask(registry, second, 'team/app', 'pull'), 'ok')
      assert.equal(await ask(registry, secondBearer, 'team/app', 'pull'), 'ok')
      await context.update(registry, { adminUserEnabled: false })
      assert.equal(await ask(registry, second, 'team/app', 'pull'), 'basic')
      assert.equal(await ask(registry, secondBearer, 'team/app', 'pull'), 'invalid_token')
    })

    test('fault 4: a registry that is deleted and created again rejects the tokens of the previous one', async (t) => {
      const context = await openTestTokenService(t, kind)
      const { ask, registry, resources, database } = context
      const puller = await principalWith(context, roles.acrPull)
      await context.assign(puller.objectId, roles.acrPull, `/subscriptions/${registry.subscriptionId}`)
      const bearer = await bearerFor(context, puller.basic, 'repository:team/app:pull')
      assert.equal(await ask(registry, bearer, 'team/app', 'pull'), 'ok')
      await database.transaction((transaction) => resources.deleteRegistry(transaction, registry.rid))
      const reborn = await context.createRegistry('contoso')
      assert.equal(reborn.loginServer, registry.loginServer)
      assert.equal(await ask(reborn, bearer, 'team/app', 'pull'), 'invalid_token')
      assert.equal(await ask(registry, bearer, 'team/app', 'pull'), 'invalid_token', 'the deleted one')
      assert.equal(await ask(reborn, puller.basic, 'team/app', 'pull'), 'ok', 'the principal itself still has its role')
    })

    test('fault 15: cached decisions end with the token and with the secret, to the second', async (t) => {
      const context = await openTestTokenService(t, kind)
      const { ask, registry, time } = context
      const puller = await principalWith(context, roles.acrPull, 1)
      const startMs = time.nowMs
      const bearer = await bearerFor(context, puller.basic, 'repository:team/app:pull')
      for (const header of [bearer, puller.basic]) assert.equal(await ask(registry, header, 'team/app', 'pull'), 'ok')
      time.nowMs = startMs + 4500_000 - 1000
      assert.equal(await ask(registry, bearer, 'team/app', 'pull'), 'ok', 'a second before the end of the token')
      time.nowMs = startMs + 4500_000
      assert.equal(await ask(registry, bearer, 'team/app', 'pull'), 'invalid_token', 'at the end of the token')
      time.nowMs = startMs + 86_400_000 - 1000
      assert.equal(await ask(registry, puller.basic, 'team/app', 'pull'), 'ok', 'a second before the end of the secret')
      const late = await bearerFor(context, puller.basic, 'repository:team/app:pull')
      assert.equal(await ask(registry, late, 'team/app', 'pull'), 'ok')
      time.nowMs = startMs + 86_400_000
      assert.equal(await ask(registry, puller.basic, 'team/app', 'pull'), 'basic', 'at the end of the secret')
      assert.equal(await ask(registry, late, 'team/app', 'pull'), 'invalid_token', 'what was got by it ends with it')
    })

    test('a cached decision does not outlast a clock that is set back to before the issue of the token', async (t) => {
      const context = await openTestTokenService(t, kind)
      const { ask, registry, time } = context
      const puller = await principalWith(context, roles.acrPull)
      const startMs = time.nowMs + 3_600_000
      time.nowMs = startMs
      const bearer = await bearerFor(context, puller.basic, 'repository:team/app:pull')
      assert.equal(await ask(registry, bearer, 'team/app', 'pull'), 'ok')
      time.nowMs = startMs - 10 * 60_000
      assert.equal(await ask(registry, bearer, 'team/app', 'pull'), 'invalid_token')
      time.nowMs = startMs
      assert.equal(await ask(registry, bearer, 'team/app', 'pull'), 'ok')
    })

    test('pulling is decided by the token and by the current rights', async (t) => {
      const context = await openTestTokenService(t, kind)
      const { gate, registry, database, access } = context
      const origin = { correlationId: 'test', remoteAddress: '127.0.0.1', userAgent: undefined }
      const puller = await principalWith(context, roles.acrPull)
      const callerOf = async (authorization: string) => {
        const request = { headers: { authorization }, socket: {} } as IncomingMessage
        const admission = await gate.admit(request, origin, registry, { need: { kind: 'signed-in' }, rate: 'read' })
        assert.ok(admission.admitted)
        return admission.caller
      }
      const narrow = await callerOf(await bearerFor(context, puller.basic, 'repository:team/app:pull'))
      const wide = await callerOf(puller.basic)
      assert.deepEqual([await narrow.mayPull('team/app'), await narrow.mayPull('other')], [true, false])
      assert.deepEqual([await wide.mayPull('team/app'), await wide.mayPull('other')], [true, true])
      await database.transaction((transaction) => access.deleteAssignment(transaction, registry.id, puller.assignment))
      assert.deepEqual([await narrow.mayPull('team/app'), await wide.mayPull('team/app')], [false, false])
    })

    test('requests under way of one session share the authority that is read at a new revision', async (t) => {
      const context = await openTestTokenService(t, kind)
      const { gate, registry, database, access } = context
      const origin = { correlationId: 'test', remoteAddress: '127.0.0.1', userAgent: undefined }
      const puller = await principalWith(context, roles.acrPull)
      const need = { kind: 'repository', repository: 'team/app', actions: ['pull'] } as const
      const request = { headers: { authorization: puller.basic }, socket: {} } as IncomingMessage
      const admission = await gate.admit(request, origin, registry, { need, rate: 'read' })
      assert.ok(admission.admitted)
      const { caller } = admission
      const again = async () => (await gate.admitAgain(request, origin, registry, { need, caller })).admitted
      await database.transaction(async (transaction) => transaction.changesAuthority())
      const rights = t.mock.method(access, 'rightsAt')
      assert.deepEqual([await again(), await again(), await again()], [true, true, true])
      assert.equal(rights.mock.callCount(), 1)
      await database.transaction((transaction) => access.deleteAssignment(transaction, registry.id, puller.assignment))
      assert.deepEqual([await again(), await again()], [false, false])
    })

    test('a request under way continues after the expiry of its token, until its permission is revoked', async (t) => {
      const context = await openTestTokenService(t, kind)
      const { gate, registry, database, access, time } = context
      const origin = { correlationId: 'test', remoteAddress: '127.0.0.1', userAgent: undefined }
      const puller = await principalWith(context, roles.acrPull, 1)
      const need = { kind: 'repository', repository: 'team/app', actions: ['pull'] } as const
      const headers = [await bearerFor(context, puller.basic, 'repository:team/app:pull'), puller.basic]
      const requests = await Promise.all(
        headers.map(async (authorization) => {
          const request = { headers: { authorization }, socket: {} } as IncomingMessage
          const admission = await gate.admit(request, origin, registry, { need, rate: 'read' })
          assert.ok(admission.admitted)
          return async () =>
            (await gate.admitAgain(request, origin, registry, { need, caller: admission.caller })).admitted
        }),
      )
      const all = () => Promise.all(requests.map((again) => again()))
      time.nowMs += 2 * 4500_000
      await database.transaction(async (transaction) => transaction.changesAuthority())
      assert.deepEqual(await all(), [true, true])
      await database.transaction((transaction) => access.deleteAssignment(transaction, registry.id, puller.assignment))
      assert.deepEqual(await all(), [false, false])
    })

    test('a caller has the same key with every credential, and principals never share one', async (t) => {
      const context = await openTestTokenService(t, kind)
      const { gate, registry } = context
      const origin = { correlationId: 'test', remoteAddress: '127.0.0.1', userAgent: undefined }
      const one = await principalWith(context, roles.acrPull)
      const other = await principalWith(context, roles.acrPull)
      const keyOf = async (authorization: string) => {
        const request = { headers: { authorization }, socket: {} } as IncomingMessage
        const admission = await gate.admit(request, origin, registry, { need: { kind: 'signed-in' }, rate: 'read' })
        return admission.admitted ? admission.caller.key : undefined
      }
      const key = await keyOf(one.basic)
      assert.notEqual(key, undefined)
      assert.equal(await keyOf(await bearerFor(context, one.basic, '')), key)
      assert.notEqual(await keyOf(other.basic), key)
    })
  })
}

test('a denied address is denied before authentication, with an event', async (t) => {
  const context = await openTestTokenService(t)
  const { gate, update, inject, auditRows } = context
  const puller = await principalWith(context, roles.acrPull)
  const need = { kind: 'repository', repository: 'team/app', actions: ['pull'] } as const
  const registry = await update(context.registry, {
    networkRuleSet: { defaultAction: 'Deny', ipRules: ['10.0.0.0/8'] },
  })
  const admit = (remoteAddress: string) =>
    gate.admit(
      { headers: { authorization: puller.basic }, socket: {} } as IncomingMessage,
      { correlationId: 'test', remoteAddress, userAgent: undefined },
      registry,
      { need, rate: 'read' },
    )
  assert.equal((await admit('10.1.2.3')).admitted, true)
  const denied = await admit('::ffff:192.0.2.1')
  assert.ok(!denied.admitted)
  const message = "client with IP '192.0.2.1' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
  assert.deepEqual(denied.denial, { status: 403, code: 'DENIED', message, detail: null, challenge: undefined })
  const token = await inject({ method: 'GET', url: '/oauth2/token', headers: { authorization: puller.basic } })
  assert.equal(token.statusCode, 403)
  const reasons = (await auditRows()).filter(({ reason }) => reason === 'network-rule').map(({ action }) => action)
  assert.deepEqual(reasons, ['data.access', 'token.access'])
})

// The size of a database can be limited in SQLite only.
for (const kind of testDatabaseKinds.filter((each) => each === 'sqlite')) {
  test('while the database cannot be written, no token is issued and no denied caller is admitted, and each failure is logged once', async (t) => {
    const context = await openTestTokenService(t, kind)
    const { ask, registry, database, logLines, inject } = context
    const puller = await principalWith(context, roles.acrPull)
    const bearer = await bearerFor(context, puller.basic, 'repository:team/app:pull')
    await database.transaction(async (transaction) => {
      const tables = transaction.tables<unknown>()
      const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(tables)
      await sql`pragma max_page_count = ${sql.lit(rows[0]?.page_count ?? 0)}`.execute(tables)
    })
    const headers = { authorization: puller.basic }
    const url = '/oauth2/token?service=contoso.example&scope=repository:team/app:pull'
    let answer = await inject({ method: 'GET', url, headers })
    for (let times = 0; answer.statusCode === 200 && times < 1000; times += 1) {
      answer = await inject({ method: 'GET', url, headers })
    }
    assert.equal(answer.statusCode, 507)
    assert.doesNotMatch(answer.body, /SQLITE/i)
    assert.doesNotMatch(answer.body, /access_token/)
    const errors = logLines.filter((line) => line.includes('"level":50'))
    assert.equal(errors.length, 1)
    assert.match(errors[0] ?? '', /full/)
    assert.equal(await ask(registry, bearer, 'team/app', 'pull'), 'ok', 'requests without a write are admitted')
    const forged = `${bearer.slice(0, -4)}AAAA`
    const denials = await Promise.allSettled([
      ask(registry, forged, 'team/app', 'pull'),
      ask(registry, bearer, 'team/app', 'push'),
      ask(registry, basic(puller.appId, 'wrong'), 'team/app', 'pull'),
    ])
    for (const denial of denials) assert.notEqual(denial.status === 'fulfilled' && denial.value, 'ok')
  })
}
