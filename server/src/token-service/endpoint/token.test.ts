import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { type TestContext, test } from 'node:test'
import { basic, openTestTokenService, roles } from '../../../testing/token-service/test-token-service.ts'

const nullGuid = '00000000-0000-0000-0000-000000000000'
const tenantId = '20000000-0000-4000-8000-000000000002'

type Answer = {
  readonly access_token: string
  readonly token: string
  readonly expires_in: number
  readonly scope: string
  readonly refresh_token?: string
}

async function open(t: TestContext, role: string | null = roles.acrPush) {
  const context = await openTestTokenService(t)
  const { servicePrincipal, secret } = await context.createPrincipal('ci')
  if (role !== null) await context.assign(servicePrincipal.objectId, role, context.registry.id)
  const idpToken = async (scope = 'https://containerregistry.azure.net/.default') => {
    const form = { grant_type: 'client_credentials', client_id: servicePrincipal.appId, client_secret: secret, scope }
    const answer = await context.inject({ method: 'POST', url: `/${tenantId}/oauth2/v2.0/token`, form })
    return answer.json<Answer>().access_token
  }
  const exchange = (form: Record<string, string>) => context.inject({ method: 'POST', url: '/oauth2/exchange', form })
  const refreshToken = async () => {
    const answer = await exchange({
      grant_type: 'access_token',
      service: 'contoso.example',
      access_token: await idpToken(),
    })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<{ refresh_token: string }>().refresh_token
  }
  const post = (form: Record<string, string>) =>
    context.inject({ method: 'POST', url: '/oauth2/token', form: { service: 'contoso.example', ...form } })
  const get = (query: string, authorization?: string) =>
    context.inject({
      method: 'GET',
      url: `/oauth2/token?${query}`,
      headers: authorization === undefined ? {} : { authorization },
    })
  return { ...context, servicePrincipal, secret, idpToken, exchange, refreshToken, post, get }
}

test('the exchange accepts the requests of real clients', async (t) => {
  const { exchange, idpToken } = await open(t)
  const arm = await idpToken('https://management.core.windows.net//.default')
  const acr = await idpToken()
  const base = { grant_type: 'access_token', service: 'contoso.example', access_token: acr }
  const forms: Record<string, Record<string, string>> = {
    'az with the ACR audience': { ...base, tenant: tenantId },
    'az with the ARM audience': { ...base, tenant: tenantId, access_token: arm },
    'PowerShell, without a tenant': base,
    'a kubelet provider, which sends the access token again': {
      ...base,
      grant_type: 'access_token_refresh_token',
      refresh_token: acr,
    },
    'a service in another case': { ...base, service: 'CONTOSO.example' },
    'a service with the port of HTTPS': { ...base, service: 'contoso.example:443' },
  }
  for (const [who, form] of Object.entries(forms)) assert.equal((await exchange(form)).statusCode, 200, who)
})

test('the exchange answers 401 to invalid credentials and 400 to invalid forms', async (t) => {
  const context = await open(t)
  const { exchange, idpToken, refreshToken } = context
  const base = { grant_type: 'access_token', service: 'contoso.example', access_token: await idpToken() }
  const graph = await idpToken('https://contoso.example/graph//.default')
  const cases: readonly (readonly [string, number, Record<string, string>])[] = [
    ['a token of another audience', 401, { ...base, access_token: graph }],
    ['an ACR refresh token', 401, { ...base, access_token: await refreshToken() }],
    ['rubbish', 401, { ...base, access_token: 'x.y.z' }],
    ['another tenant', 401, { ...base, tenant: '99999999-9999-4999-8999-999999999999' }],
    ['another service', 400, { ...base, service: 'fabrikam.example' }],
    ['another port', 400, { ...base, service: 'contoso.example:80' }],
    ['no grant', 400, { ...base, grant_type: '' }],
    ['no token', 400, { grant_type: 'access_token', service: 'contoso.example' }],
  ]
  for (const [what, status, form] of cases) {
    const answer = await exchange(form)
    assert.equal(answer.statusCode, status, what)
    assert.equal(typeof answer.json<{ errors: { code: string }[] }>().errors[0]?.code, 'string', what)
  }
  assert.equal((await context.inject({ method: 'GET', url: '/oauth2/exchange' })).statusCode, 404)
})

test('a principal without a role on the registry gets no refresh token', async (t) => {
  const { exchange, idpToken, assign, servicePrincipal, registry } = await open(t, null)
  const form = { grant_type: 'access_token', service: 'contoso.example', access_token: await idpToken() }
  assert.equal((await exchange(form)).statusCode, 401)
  await assign(servicePrincipal.objectId, '69b07be0-09bf-439a-b9a6-e73de851bd59', registry.id)
  assert.equal((await exchange(form)).statusCode, 200, 'a role without any right on data is a role')
})

test('with ARM tokens disabled, only the ACR audience is accepted', async (t) => {
  const { exchange, idpToken, update, registry } = await open(t)
  await update(registry, {
    policies: { ...registry.policies, azureADAuthenticationAsArmPolicy: { status: 'disabled' } },
  })
  const form = { grant_type: 'access_token', service: 'contoso.example' }
  const arm = await idpToken('https://management.azure.com/.default')
  assert.equal((await exchange({ ...form, access_token: arm })).statusCode, 401)
  assert.equal((await exchange({ ...form, access_token: await idpToken() })).statusCode, 200)
})

test('every kind of credential gets a token, and docker gets its refresh token back unchanged', async (t) => {
  const { post, get, refreshToken, servicePrincipal, secret } = await open(t)
  const refresh = await refreshToken()
  const scope = 'repository:team/app:pull,push'
  const service = 'service=contoso.example'
  const query = `${service}&scope=${scope}`
  const answers = {
    'refresh grant': await post({ grant_type: 'refresh_token', refresh_token: refresh, scope }),
    'password grant of a service principal': await post({
      grant_type: 'password',
      username: servicePrincipal.appId,
      password: secret,
      scope,
    }),
    'password grant of the null GUID': await post({
      grant_type: 'password',
      username: nullGuid,
      password: refresh,
      scope,
    }),
    'Basic of a service principal': await get(query, basic(servicePrincipal.appId, secret)),
    'Basic of the null GUID': await get(query, basic(nullGuid, refresh)),
  }
  for (const [how, answer] of Object.entries(answers)) {
    assert.equal(answer.statusCode, 200, how)
    const body = answer.json<Answer>()
    assert.deepEqual([body.scope, body.expires_in, body.token], [scope, 4500, body.access_token], how)
    assert.equal(answer.headers['cache-control'], 'no-store', how)
    assert.equal('refresh_token' in body, false, how)
  }
  const login = await get(`account=x&client_id=docker&offline_token=true&${service}`, basic(nullGuid, refresh))
  assert.equal(login.json<Answer>().refresh_token, refresh)
  const secretLogin = await get(`offline_token=true&${service}`, basic(servicePrincipal.appId, secret))
  assert.equal(secretLogin.statusCode, 200)
  assert.equal('refresh_token' in secretLogin.json<Answer>(), false, 'docker keeps the secret itself')
})

test('an access token as a password gets no more access than it has, and no later expiry', async (t) => {
  const { get, time, servicePrincipal, secret } = await open(t)
  const service = 'service=contoso.example'
  const first = await get(`${service}&scope=repository:team/app:pull`, basic(servicePrincipal.appId, secret))
  time.nowMs += 1000_000
  const credentials = basic(nullGuid, first.json<Answer>().access_token)
  const second = await get(
    `${service}&offline_token=true&scope=repository:team/app:pull,push repository:other:pull`,
    credentials,
  )
  assert.equal(second.statusCode, 200)
  const { scope, expires_in, refresh_token } = second.json<Answer>()
  assert.deepEqual([scope, expires_in, refresh_token], ['repository:team/app:pull', 3500, undefined])
})

test('fault 8: the spelling of scopes does not matter, and invalid scopes are ignored', async (t) => {
  const { get, servicePrincipal, secret } = await open(t)
  const credentials = basic(servicePrincipal.appId, secret)
  const granted = async (query: string) => {
    const answer = await get(`service=contoso.example&${query}`, credentials)
    assert.equal(answer.statusCode, 200, query)
    return answer.json<Answer>().scope.split(' ').filter(Boolean).sort()
  }
  const both = ['repository:a:pull,push', 'repository:b:pull']
  for (const query of [
    'scope=repository:a:pull,push&scope=repository:b:pull',
    'scope=repository:b:pull%20repository:a:push,pull',
    'scope=repository:a:push&scope=repository:a:pull+repository:b:pull&scope=repository:b:pull',
    'scope=repository(plugin):a:pull,push&scope=repository:b:pull&scope=nonsense&scope=::&scope=repository::pull',
  ]) {
    assert.deepEqual(await granted(query), both, query)
  }
  assert.deepEqual(await granted('scope=registry:None:*'), [], 'az check-health asks for this and needs a 200')
  assert.deepEqual(await granted(''), [])
  assert.deepEqual(await granted('scope=repository:a:*'), ['repository:a:metadata_read,pull,push'])
})

test('fault 23: an unknown name, a wrong secret and a disabled admin account get the same response', async (t) => {
  const { get, servicePrincipal, adminPasswords, registry } = await open(t)
  const { password } = await adminPasswords(registry)
  const bodies = new Set<string>()
  for (const header of [
    basic('99999999-9999-4999-8999-999999999999', 'x'),
    basic('nobody', 'x'),
    basic(servicePrincipal.appId, 'x'),
    basic('contoso', 'x'),
    basic('contoso', password),
    basic(nullGuid, 'x'),
  ]) {
    const answer = await get('service=contoso.example&scope=repository:a:pull', header)
    assert.equal(answer.statusCode, 401)
    const id = String(answer.headers['x-ms-correlation-request-id'])
    bodies.add(answer.body.replace(id, 'ID'))
  }
  const told = 'Reason: Invalid clientid or client secret. CorrelationId: ID'
  const message = `authentication required, visit https://aka.ms/acr/authorization for more information. ${told}`
  assert.deepEqual([...bodies], [`${JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message, detail: null }] })}\n`])
})

test('an anonymous request gets a token that reads with anonymous pull, and none without it', async (t) => {
  const { get, post, update, registry, ask } = await open(t)
  const scope = 'repository:team/app:pull,push,metadata_read registry:catalog:*'
  const query = `service=contoso.example&scope=${encodeURIComponent(scope)}`
  const denied = await get(query)
  assert.equal(denied.statusCode, 401)
  const id = String(denied.headers['x-ms-correlation-request-id'])
  const message = `authentication required, visit https://aka.ms/acr/authorization for more information. CorrelationId: ${id}`
  assert.deepEqual(denied.json(), { errors: [{ code: 'UNAUTHORIZED', message, detail: null }] })
  const useless = await post({ grant_type: 'password', refresh_token: '', scope })
  assert.deepEqual([useless.statusCode, useless.json<Answer>().scope], [200, ''], 'as the Azure SDKs ask')
  const changed = await update(registry, { anonymousPullEnabled: true })
  const answer = await get(query)
  assert.equal(
    answer.json<Answer>().scope,
    'registry:catalog:* repository:team/app:metadata_read,pull'.split(' ').reverse().join(' '),
  )
  const bearer = `Bearer ${answer.json<Answer>().access_token}`
  assert.equal(await ask(changed, bearer, 'team/app', 'pull'), 'ok')
  assert.equal(await ask(changed, bearer, 'team/app', 'push'), 'insufficient_scope')
  assert.equal(await ask(changed, undefined, 'team/app', 'pull'), 'none', 'without a token there is always a challenge')
  await update(registry, { anonymousPullEnabled: false })
  assert.equal(await ask(changed, bearer, 'team/app', 'pull'), 'insufficient_scope')
})

test('a refresh token is invalid at another registry, and after its credential is deleted', async (t) => {
  const context = await open(t)
  const { post, refreshToken, createRegistry, inject, servicePrincipal, database, directory } = context
  await createRegistry('fabrikam')
  const refresh = await refreshToken()
  const form = { grant_type: 'refresh_token', refresh_token: refresh, scope: 'repository:a:pull' }
  const elsewhere = await inject({
    method: 'POST',
    url: '/oauth2/token',
    form: { ...form, service: 'fabrikam.example' },
    host: 'fabrikam.example',
  })
  assert.equal(elsewhere.statusCode, 401)
  assert.equal((await post(form)).statusCode, 200)
  await database.transaction((transaction) =>
    directory.applications.deleteServicePrincipal(transaction, servicePrincipal.objectId),
  )
  assert.equal((await post(form)).statusCode, 401)
})

test('a form that is malformed, too large or of another type is a 4xx of this surface', async (t) => {
  const { inject } = await open(t)
  const send = (headers: Record<string, string>, form: Record<string, string>) =>
    inject({ method: 'POST', url: '/oauth2/token', form, headers })
  assert.equal((await send({ 'content-type': 'application/json' }, { a: '1' })).statusCode, 415)
  assert.equal((await send({}, { scope: 'x'.repeat(2_000_000) })).statusCode, 413)
  assert.equal((await send({}, {})).statusCode, 400)
  const unknownHost = await inject({ method: 'POST', url: '/oauth2/token', form: {}, host: 'nobody.example' })
  assert.equal(unknownHost.statusCode, 404)
})

test('a malformed form is not logged as an error', async (t) => {
  const { inject, logLines } = await open(t)
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await inject({ method: 'POST', url: '/oauth2/token', headers, body: 'grant_type=%' })
  assert.equal(answer.statusCode, 400)
  assert.deepEqual(
    logLines.filter((line) => line.includes('"level":50')),
    [],
  )
})

test('fault 42: a secret that is sent as a user name is not recorded', async (t) => {
  const { get, post, refreshToken, secret, servicePrincipal, adminPasswords, registry, auditRows, logLines } =
    await open(t)
  const { password, password2 } = await adminPasswords(registry)
  const secrets = [secret, password, password2, await refreshToken()]
  for (const name of [...secrets, servicePrincipal.appId, 'Contoso', 'ci-token']) {
    assert.equal((await get('service=contoso.example', basic(name, 'x'))).statusCode, 401)
    assert.equal((await post({ grant_type: 'password', username: name, password: 'x' })).statusCode, 401)
  }
  const written = JSON.stringify(await auditRows()) + logLines.join('')
  for (const text of secrets) assert.equal(written.includes(text), false)
  for (const name of [servicePrincipal.appId, 'Contoso', 'ci-token'])
    assert.ok(written.includes(`"actor_id":"${name}"`), name)
})

test('fault 4: a token that was obtained by an access token does not survive a repository that is deleted and created again', async (t) => {
  const { get, gate, registry, repositoryDeletions, countDeletion, servicePrincipal, secret } = await open(t)
  const query = 'service=contoso.example&scope=repository:team/app:pull'
  const origin = { correlationId: 'test', remoteAddress: '127.0.0.1', userAgent: undefined }
  const tokenBy = async (header: string) => (await get(query, header)).json<Answer>().access_token
  const seenBy = async (token: string) => {
    const request = { headers: { authorization: `Bearer ${token}` }, socket: {} } as IncomingMessage
    const admission = await gate.admit(request, origin, registry, { need: { kind: 'signed-in' }, rate: 'read' })
    return admission.admitted ? admission.caller.deletionsSeen : undefined
  }
  const first = await tokenBy(basic(servicePrincipal.appId, secret))
  const seen = await repositoryDeletions()
  await countDeletion()
  const second = await tokenBy(basic(nullGuid, first))
  assert.equal(await seenBy(second), seen)
  assert.equal(await seenBy(await tokenBy(basic(nullGuid, second))), seen)
  assert.equal(await seenBy(await tokenBy(basic(servicePrincipal.appId, secret))), seen + 1)
})
