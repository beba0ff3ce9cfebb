import assert from 'node:assert/strict'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import type { FirstRun } from '../operations/index.ts'
import type { Composition } from './compose.ts'
import {
  credentialFor,
  examplePath,
  needsCredential,
  makeStranger,
  methodsOf,
  openServer,
  tokensOf,
} from '../../testing/compose/test-routes.ts'

type EventRow = {
  readonly correlation_id: string
  readonly outcome: string
  readonly actor_kind: string
  readonly actor_id: string
  readonly credential_kind: string | null
  readonly credential_id: string | null
}

/** A server with a fast clock, so that events of unauthenticated callers never exceed the limit. */
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
    const events = find.all(correlationId) as unknown as EventRow[]
    return { status: answer.statusCode, events, body: answer.body }
  }
  return { server, first, ask }
}

type TestServer = {
  readonly server: Composition
  readonly first: FirstRun
  readonly ask: Awaited<ReturnType<typeof open>>['ask']
}

/** Sends a credential to every route that is not public, and returns the denials that recorded no event. */
async function denialsWithoutEvent(
  { server, first, ask }: TestServer,
  credentialOf: (route: Composition['routes'][number]) => string,
  isExpected: (event: EventRow) => boolean,
) {
  const missing: string[] = []
  let denials = 0
  for (const route of server.routes.filter(needsCredential)) {
    for (const method of methodsOf(route)) {
      const { status, events } = await ask(method as 'GET', examplePath(route, first), {
        authorization: credentialOf(route),
      })
      if (status !== 401 && status !== 403) continue
      denials += 1
      const [event, ...more] = events
      if (event === undefined || more.length > 0 || event.outcome !== 'refused' || !isExpected(event)) {
        missing.push(`${route.id} ${method} ${status}: ${JSON.stringify(events)}`)
      }
    }
  }
  assert.ok(denials > 100, `${denials} denials`)
  return missing
}

test('every denial of an invalid credential records one event, under the correlation id of its response', async (t) => {
  const opened = await open(t)
  const { appId } = opened.first.servicePrincipal
  const wrong = `Basic ${Buffer.from(`${appId}:wrong`).toString('base64')}`
  for (const authorization of ['Bearer x.y.z', wrong, 'Negotiate abc']) {
    const missing = await denialsWithoutEvent(
      opened,
      () => authorization,
      ({ actor_kind: kind }) => kind === 'claimed' || kind === 'anonymous',
    )
    assert.deepEqual(missing, [], authorization)
  }
})

test('every denial of an authenticated principal records one event that names it', async (t) => {
  const opened = await open(t)
  const { server, first } = opened
  const owner = await tokensOf(server, first, first.servicePrincipal.appId, first.servicePrincipal.password)
  const stranger = await makeStranger(server, first, owner.graph)
  const mine = await tokensOf(server, first, stranger.appId, stranger.secret)
  const basic = `Basic ${Buffer.from(`${stranger.appId}:${stranger.secret}`).toString('base64')}`
  const missing = await denialsWithoutEvent(
    opened,
    (route) => credentialFor(route, mine, basic),
    ({ actor_kind: kind, actor_id: id }) => kind === 'service-principal' && /^[0-9a-f-]{36}$/.test(id),
  )
  assert.deepEqual(missing, [])
})

test('a request without a credential gets a challenge, and records no event', async (t) => {
  const { server, first, ask } = await open(t)
  for (const route of server.routes.filter(needsCredential)) {
    for (const method of methodsOf(route)) {
      const { events } = await ask(method as 'GET', examplePath(route, first), {})
      assert.deepEqual(events, [], route.id)
    }
  }
})

test('every endpoint that takes a credential in a form records an event for an invalid credential', async (t) => {
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

test('the user info endpoint records an event for an invalid token', async (t) => {
  const { ask } = await open(t)
  for (const authorization of ['Bearer x.y.z', 'Basic eDp5']) {
    const { status, events } = await ask('GET', '/oidc/userinfo', { authorization })
    assert.deepEqual([status, events.map(({ outcome }) => outcome)], [401, ['refused']])
  }
  assert.deepEqual((await ask('GET', '/oidc/userinfo', {})).events, [])
})

test('an event names the credential of its actor, and never a secret', async (t) => {
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

test('events of registry tokens and of their denials name the original credential', async (t) => {
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
  const denied = await ask('GET', '/v2/team/other/tags/list', { authorization: `Bearer ${token}` })
  assert.equal(denied.status, 401)
  assert.equal(denied.events[0]?.credential_id, event?.credential_id)
  const { arm } = await tokensOf(server, first, appId, password)
  const exchange = { grant_type: 'access_token', service, access_token: arm }
  const exchanged = await ask('POST', '/oauth2/exchange', type, new URLSearchParams(exchange).toString())
  assert.equal(exchanged.status, 200, exchanged.body)
  assert.equal(exchanged.events[0]?.credential_id, event?.credential_id)
})
