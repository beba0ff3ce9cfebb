import assert from 'node:assert/strict'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import type { FirstRun } from '@acrux/contract'
import type { Composition } from './compose.ts'
import { credentialFor, examplePath, isWalked, makeStranger, methodsOf, openServer, tokensOf } from './test-routes.ts'

type Told = {
  readonly correlation_id: string
  readonly outcome: string
  readonly actor_kind: string
  readonly actor_id: string
  readonly credential_kind: string | null
  readonly credential_id: string | null
}

/** A server whose time runs fast, so that the budget of events that strangers cause is never used up. */
async function open(t: TestContext) {
  let aheadMs = 0
  const { server, first, dataDir } = await openServer(t, { now: () => Date.now() + aheadMs })
  const database = new DatabaseSync(path.join(dataDir, 'acrux.db'), { readOnly: true })
  t.after(() => database.close())
  const find = database.prepare('select * from audit_event where correlation_id = ?')
  const ask = async (method: 'GET' | 'POST', url: string, headers: Record<string, string>, payload?: string) => {
    aheadMs += 100
    const answer = await server.app.inject({
      method,
      url,
      headers: { host: 'localhost:5443', ...headers },
      ...(payload === undefined ? {} : { payload }),
    })
    const correlationId = String(answer.headers['x-ms-correlation-request-id'])
    const events = find.all(correlationId) as unknown as Told[]
    return { status: answer.statusCode, events, body: answer.body }
  }
  return { server, first, ask }
}

type Walked = {
  readonly server: Composition
  readonly first: FirstRun
  readonly ask: Awaited<ReturnType<typeof open>>['ask']
}

/** Asks every route that is not public with a credential, and gives those that refused it without an event of it. */
async function untold(
  { server, first, ask }: Walked,
  credentialOf: (route: Composition['routes'][number]) => string,
  isTold: (event: Told) => boolean,
) {
  const silent: string[] = []
  let refusals = 0
  for (const route of server.routes.filter(isWalked)) {
    for (const method of methodsOf(route)) {
      const { status, events } = await ask(method as 'GET', examplePath(route, first), {
        authorization: credentialOf(route),
      })
      if (status !== 401 && status !== 403) continue
      refusals += 1
      const [event, ...more] = events
      if (event === undefined || more.length > 0 || event.outcome !== 'refused' || !isTold(event)) {
        silent.push(`${route.id} ${method} ${status}: ${JSON.stringify(events)}`)
      }
    }
  }
  assert.ok(refusals > 100, `${refusals} refusals`)
  return silent
}

test('every refusal of a bad credential is one event, under the correlation id of its answer', async (t) => {
  const walked = await open(t)
  const { appId } = walked.first.servicePrincipal
  const wrong = `Basic ${Buffer.from(`${appId}:wrong`).toString('base64')}`
  for (const authorization of ['Bearer x.y.z', wrong, 'Negotiate abc']) {
    const silent = await untold(
      walked,
      () => authorization,
      ({ actor_kind: kind }) => kind === 'claimed' || kind === 'anonymous',
    )
    assert.deepEqual(silent, [], authorization)
  }
})

test('every refusal of somebody who proved who they are is one event that names them', async (t) => {
  const walked = await open(t)
  const { server, first } = walked
  const owner = await tokensOf(server, first, first.servicePrincipal.appId, first.servicePrincipal.password)
  const stranger = await makeStranger(server, first, owner.graph)
  const mine = await tokensOf(server, first, stranger.appId, stranger.secret)
  const basic = `Basic ${Buffer.from(`${stranger.appId}:${stranger.secret}`).toString('base64')}`
  const silent = await untold(
    walked,
    (route) => credentialFor(route, mine, basic),
    ({ actor_kind: kind, actor_id: id }) => kind === 'service-principal' && /^[0-9a-f-]{36}$/.test(id),
  )
  assert.deepEqual(silent, [])
})

test('whoever sends no credential is asked for one, which is no refusal and no event', async (t) => {
  const { server, first, ask } = await open(t)
  for (const route of server.routes.filter(isWalked)) {
    for (const method of methodsOf(route)) {
      const { events } = await ask(method as 'GET', examplePath(route, first), {})
      assert.deepEqual(events, [], route.id)
    }
  }
})

test('every endpoint at which a credential is sent in a form tells of one that is wrong', async (t) => {
  const { first, ask } = await open(t)
  const service = 'localhost:5443'
  const { tenantId } = first
  const appId = first.servicePrincipal.appId
  const forms: readonly (readonly [string, Record<string, string>])[] = [
    ['/oauth2/exchange', { grant_type: 'access_token', service, access_token: 'x.y.z' }],
    ['/oauth2/token', { grant_type: 'refresh_token', service, refresh_token: 'x.y.z', scope: '' }],
    ['/oauth2/token', { grant_type: 'password', service, username: appId, password: 'wrong', scope: '' }],
    [`/${tenantId}/oauth2/v2.0/token`, { grant_type: 'client_credentials', client_id: appId, client_secret: 'wrong' }],
    [`/${tenantId}/oauth2/token`, { grant_type: 'client_credentials', client_id: appId, client_secret: 'wrong' }],
    [`/${tenantId}/oauth2/v2.0/token`, { grant_type: 'refresh_token', client_id: appId, refresh_token: 'wrong' }],
    [`/${tenantId}/oauth2/v2.0/token`, { grant_type: 'authorization_code', client_id: appId, code: 'wrong' }],
    [`/${tenantId}/oauth2/v2.0/token`, { grant_type: 'password', username: 'x@y.example', password: 'wrong' }],
  ]
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const [url, form] of forms) {
    const { status, events, body } = await ask('POST', url, type, new URLSearchParams(form).toString())
    assert.ok(status === 400 || status === 401, `${url} ${status}`)
    assert.deepEqual(
      events.map(({ outcome }) => outcome),
      ['refused'],
      `${url} ${JSON.stringify(form)} ${body}`,
    )
  }
})

test('the address that tells who signed in tells of a token that is none', async (t) => {
  const { ask } = await open(t)
  for (const authorization of ['Bearer x.y.z', 'Basic eDp5']) {
    const { status, events } = await ask('GET', '/oidc/userinfo', { authorization })
    assert.deepEqual([status, events.map(({ outcome }) => outcome)], [401, ['refused']])
  }
  assert.deepEqual((await ask('GET', '/oidc/userinfo', {})).events, [])
})

test('an event names the credential that proved its actor, and never a secret', async (t) => {
  const { server, first, ask } = await open(t)
  const { appId, password } = first.servicePrincipal
  const { arm, graph } = await tokensOf(server, first, appId, password)
  const form = { grant_type: 'client_credentials', client_id: appId, client_secret: password }
  const scope = 'https://management.core.windows.net//.default'
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const url = `/${first.tenantId}/oauth2/v2.0/token`
  const [issued] = (await ask('POST', url, type, new URLSearchParams({ ...form, scope }).toString())).events
  assert.equal(issued?.credential_kind, 'client-secret')
  assert.match(issued.credential_id ?? '', /^[0-9a-f-]{36}$/)
  const path = `/subscriptions/${first.subscriptionId}/providers/Acrux.Server/rotateSigningKeys?api-version=2024-11-01`
  const [rotated] = (await ask('POST', path, { authorization: `Bearer ${arm}` })).events
  const made = await ask(
    'POST',
    '/graph/v1.0/applications',
    { authorization: `Bearer ${graph}`, 'content-type': 'application/json' },
    '{"displayName":"x"}',
  )
  for (const event of [rotated, made.events[0]]) {
    assert.equal(event?.outcome, 'success')
    assert.deepEqual([event.credential_kind, event.credential_id], ['identity-token', issued.credential_id])
  }
})

test('tokens of the registry, and what is refused by them, name the credential behind them', async (t) => {
  const { server, first, ask } = await open(t)
  const { appId, password } = first.servicePrincipal
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const service = 'localhost:5443'
  const form = { grant_type: 'password', service, username: appId, password, scope: 'repository:team/app:pull' }
  const issued = await ask('POST', '/oauth2/token', type, new URLSearchParams(form).toString())
  const again = await ask('POST', '/oauth2/token', type, new URLSearchParams(form).toString())
  const [event] = issued.events
  assert.deepEqual([event?.outcome, event?.credential_kind], ['success', 'identity-credential'])
  assert.match(event?.credential_id ?? '', /^[0-9a-f-]{36}$/)
  assert.equal(again.events[0]?.credential_id, event?.credential_id, 'and so do those that are issued again')
  const { access_token: token } = JSON.parse(issued.body)
  const refused = await ask('GET', '/v2/team/other/tags/list', { authorization: `Bearer ${token}` })
  assert.equal(refused.status, 401)
  assert.equal(refused.events[0]?.credential_id, event?.credential_id)
  const { arm } = await tokensOf(server, first, appId, password)
  const exchange = { grant_type: 'access_token', service, access_token: arm }
  const exchanged = await ask('POST', '/oauth2/exchange', type, new URLSearchParams(exchange).toString())
  assert.equal(exchanged.status, 200, exchanged.body)
  assert.equal(exchanged.events[0]?.credential_id, event?.credential_id)
})
