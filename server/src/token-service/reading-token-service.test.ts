import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createApp } from '../platform/http/app.ts'
import type { RawExchange } from '../platform/http/raw-surface.ts'
import { mainThreadOnly } from '../platform/process/main-thread-only.ts'
import { createReadingTokenService } from './reading-token-service.ts'
import { basic, openTestTokenService, roles } from '../../testing/token-service/test-token-service.ts'

/**
 * A thread that only reads, beside the token service of the main thread. Requests that it leaves get status 299. Only a server
 * on SQLite has such threads.
 */
async function open(t: TestContext, change: { readonly throttling?: 'acr' } = {}) {
  const main = await openTestTokenService(t, 'sqlite')
  const { servicePrincipal, secret } = await main.createPrincipal('ci')
  await main.assign(servicePrincipal.objectId, roles.acrPull, main.registry.id)
  const left: RawExchange[] = []
  const deny = () => Promise.resolve().then(mainThreadOnly)
  const service = createReadingTokenService({
    ...main,
    ...change,
    database: { ...main.database, authorityRevision: () => main.database.authorityRevision(), transaction: deny },
    scheme: 'https',
    signingKeyRotationDays: 90,
    audit: {
      ...main.audit,
      append: (event) => (event.outcome === 'refused' ? mainThreadOnly() : main.audit.append(event)),
    },
    leaveToMainThread: (exchange) => {
      left.push(exchange)
      exchange.response.writeHead(299).end()
    },
  })
  const app = createApp({ log: main.log, trustedProxies: [] })
  service.mount(app)
  await app.ready()
  t.after(() => app.close())
  const headers = { host: 'contoso.example' }
  const get = (query: string, authorization = basic(servicePrincipal.appId, secret)) =>
    app.inject({ method: 'GET', url: `/oauth2/token?${query}`, headers: { ...headers, authorization } })
  const post = (path: string, form: Record<string, string>) =>
    app.inject({
      method: 'POST',
      url: `/oauth2/${path}`,
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ service: 'contoso.example', ...form }).toString(),
    })
  // The main thread creates the signing keys.
  const url = '/oauth2/token?service=contoso.example&scope=repository:a:pull'
  await main.inject({ method: 'GET', url, headers: { authorization: basic(servicePrincipal.appId, secret) } })
  const form = { grant_type: 'client_credentials', client_id: servicePrincipal.appId, client_secret: secret }
  const scope = 'https://containerregistry.azure.net/.default'
  const tokenPath = `/20000000-0000-4000-8000-000000000002/oauth2/v2.0/token`
  const identityToken = (await main.inject({ method: 'POST', url: tokenPath, form: { ...form, scope } })).json<{
    access_token: string
  }>().access_token
  return { ...main, servicePrincipal, secret, identityToken, get, post, left }
}

const pull = 'service=contoso.example&scope=repository:a:pull'

test('a thread that only reads issues tokens by every way in which clients sign in', async (t) => {
  const { get, post, identityToken, ask, registry, left, auditRows, servicePrincipal, secret } = await open(t)
  const before = (await auditRows()).length
  const exchanged = await post('exchange', { grant_type: 'access_token', access_token: identityToken })
  const { refresh_token } = exchanged.json<{ refresh_token: string }>()
  const scope = 'repository:a:pull'
  const issued = [
    await get(pull),
    await get(pull),
    await get(pull, basic('00000000-0000-0000-0000-000000000000', refresh_token)),
    await post('token', { grant_type: 'refresh_token', refresh_token, scope }),
    await post('token', { grant_type: 'password', username: servicePrincipal.appId, password: secret, scope }),
  ]
  for (const answer of issued) {
    assert.equal(answer.statusCode, 200)
    const { access_token } = answer.json<{ access_token: string }>()
    assert.equal(await ask(registry, `Bearer ${access_token}`, 'a', 'pull'), 'ok')
  }
  assert.deepEqual(left, [])
  const recorded = (await auditRows()).slice(before).map(({ action }) => action)
  assert.deepEqual(recorded, ['token.exchange', ...issued.map(() => 'token.issue')])
})

test('a thread that only reads leaves denials to the main thread, with the form that it has read', async (t) => {
  const { get, post, left, auditRows, servicePrincipal } = await open(t)
  const before = (await auditRows()).length
  const form = { grant_type: 'refresh_token', refresh_token: 'wrong', scope: 'repository:a:pull' }
  const answers = {
    'a wrong password': await get(pull, basic(servicePrincipal.appId, 'wrong')),
    'less access than requested': await get('service=contoso.example&scope=repository:a:pull,push'),
    'a wrong refresh token': await post('token', form),
    'a wrong identity token': await post('exchange', { grant_type: 'access_token', access_token: 'wrong' }),
  }
  for (const [what, { statusCode }] of Object.entries(answers)) assert.equal(statusCode, 299, what)
  const body = new URLSearchParams({ service: 'contoso.example', ...form }).toString()
  assert.equal(left[2]?.bodyText, body)
  assert.ok(left.every(({ isHandedOver }) => isHandedOver === true))
  assert.equal((await auditRows()).length, before)
})

test('a thread that only reads leaves the requests that ACR limits to the main thread', async (t) => {
  const { get, left } = await open(t, { throttling: 'acr' })
  assert.equal((await get(pull)).statusCode, 299)
  assert.equal(left.length, 1)
})

test('a thread that only reads issues no token for a revoked credential', async (t) => {
  const { get, database, directory, servicePrincipal } = await open(t)
  assert.equal((await get(pull)).statusCode, 200)
  await database.transaction((transaction) =>
    directory.applications.deleteServicePrincipal(transaction, servicePrincipal.objectId),
  )
  assert.equal((await get(pull)).statusCode, 299)
})

test('a thread that only reads leaves the rotation of the signing key to the main thread', async (t) => {
  const { get, time, service } = await open(t)
  assert.equal((await get(pull)).statusCode, 200)
  time.nowMs += 91 * 24 * 60 * 60 * 1000
  assert.equal((await get(pull)).statusCode, 299)
  await service.rotateKeys()
  assert.equal((await get(pull)).statusCode, 200, 'from the next request on')
})
