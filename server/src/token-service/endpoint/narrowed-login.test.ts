import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { basic, openTestTokenService, roles } from '../../../testing/token-service/test-token-service.ts'

const nullGuid = '00000000-0000-0000-0000-000000000000'
const tenantId = '20000000-0000-4000-8000-000000000002'

type Exchanged = { readonly refresh_token: string; readonly scope?: string; readonly expires_in?: number }

async function open(t: TestContext, role: string = roles.acrPush) {
  const context = await openTestTokenService(t)
  const { servicePrincipal, secret } = await context.createPrincipal('ci')
  await context.assign(servicePrincipal.objectId, role, context.registry.id)
  const exchange = async (form: Record<string, string>) => {
    const scope = 'https://containerregistry.azure.net/.default'
    const credentials = { client_id: servicePrincipal.appId, client_secret: secret, scope }
    const identity = await context.inject({
      method: 'POST',
      url: `/${tenantId}/oauth2/v2.0/token`,
      form: { grant_type: 'client_credentials', ...credentials },
    })
    const accessToken = identity.json<{ access_token: string }>().access_token
    return context.inject({
      method: 'POST',
      url: '/oauth2/exchange',
      form: { grant_type: 'access_token', service: 'contoso.example', access_token: accessToken, ...form },
    })
  }
  const login = async (form: Record<string, string>): Promise<Exchanged> => {
    const answer = await exchange(form)
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<Exchanged>()
  }
  /** The granted access of a token request, by the form and by Basic, which must agree; undefined if it is denied. */
  const granted = async (refreshToken: string, scope: string): Promise<string | undefined> => {
    const form = { grant_type: 'refresh_token', service: 'contoso.example', scope, refresh_token: refreshToken }
    const posted = await context.inject({ method: 'POST', url: '/oauth2/token', form })
    const query = new URLSearchParams({ service: 'contoso.example', scope }).toString()
    const headers = { authorization: basic(nullGuid, refreshToken) }
    const got = await context.inject({ method: 'GET', url: `/oauth2/token?${query}`, headers })
    assert.equal(posted.statusCode, got.statusCode)
    if (posted.statusCode !== 200) return undefined
    const { scope: byForm } = posted.json<{ scope: string }>()
    assert.equal(got.json<{ scope: string }>().scope, byForm)
    return byForm
  }
  return { ...context, servicePrincipal, secret, exchange, login, granted }
}

test('a narrowed login allows what it names, and nothing else', async (t) => {
  const { login, granted } = await open(t)
  const narrowed = await login({ scope: 'repository:team/app:pull' })
  assert.equal(narrowed.scope, 'repository:team/app:pull')
  assert.equal(await granted(narrowed.refresh_token, 'repository:team/app:pull,push'), 'repository:team/app:pull')
  assert.equal(await granted(narrowed.refresh_token, 'repository:team/app:*'), 'repository:team/app:pull')
  assert.equal(await granted(narrowed.refresh_token, 'repository:team/other:pull'), '')
  assert.equal(await granted(narrowed.refresh_token, 'registry:catalog:*'), '')
  const whole = await login({})
  assert.deepEqual(Object.keys(whole), ['refresh_token'])
  assert.equal(await granted(whole.refresh_token, 'repository:team/other:pull,push'), 'repository:team/other:pull,push')
})

test('a narrowed login never allows more than its owner may do', async (t) => {
  const { login, granted } = await open(t, roles.acrPull)
  const { refresh_token: token } = await login({ scope: 'repository:team/app:pull,push,delete registry:catalog:*' })
  assert.equal(await granted(token, 'repository:team/app:pull,push,delete'), 'repository:team/app:pull')
})

test('a token of a narrowed login cannot widen it', async (t) => {
  const { login, inject, ask, registry, exchange } = await open(t)
  const { refresh_token: token } = await login({ scope: 'repository:team/app:pull' })
  const scope = 'repository:team/app:pull,push'
  const form = {
    grant_type: 'refresh_token',
    service: 'contoso.example',
    scope,
    access_type: 'offline',
    refresh_token: token,
  }
  const answer = (await inject({ method: 'POST', url: '/oauth2/token', form })).json<{
    access_token: string
    refresh_token: string
  }>()
  assert.equal(answer.refresh_token, token)
  assert.equal(await ask(registry, `Bearer ${answer.access_token}`, 'team/app', 'pull'), 'ok')
  assert.equal(await ask(registry, `Bearer ${answer.access_token}`, 'team/app', 'push'), 'insufficient_scope')
  // An ACR token is not an identity token.
  for (const acrToken of [token, answer.access_token]) {
    assert.equal((await exchange({ access_token: acrToken, scope: 'repository:team/app:push' })).statusCode, 401)
  }
})

test('a narrowed login expires when it says, and not after the login of its owner', async (t) => {
  const { login, granted, time } = await open(t)
  const short = await login({ expires_in: '900' })
  assert.equal(short.expires_in, 900)
  assert.equal(short.scope, undefined)
  const long = await login({ scope: 'repository:team/app:pull', expires_in: '10800' })
  assert.equal(long.expires_in, 10800)
  time.nowMs += 899_000
  assert.notEqual(await granted(short.refresh_token, 'repository:team/app:pull'), undefined)
  time.nowMs += 2000
  assert.equal(await granted(short.refresh_token, 'repository:team/app:pull'), undefined)
  assert.equal(await granted(long.refresh_token, 'repository:team/app:pull'), 'repository:team/app:pull')
})

test('a narrowed login is revoked with the credential of its owner', async (t) => {
  const { login, granted, database, credentials, directory, servicePrincipal, secret } = await open(t)
  const { refresh_token: token } = await login({ scope: 'repository:team/app:pull' })
  assert.equal(await granted(token, 'repository:team/app:pull'), 'repository:team/app:pull')
  const check = await credentials.checkClientSecret(servicePrincipal.appId, secret)
  const application = await directory.findApplication(servicePrincipal.appId)
  assert.ok(application !== undefined && check.outcome === 'verified')
  await database.transaction((transaction) =>
    credentials.secrets.remove(transaction, application.objectId, check.credentialId),
  )
  assert.equal(await granted(token, 'repository:team/app:pull'), undefined)
})

// prettier-ignore
const malformed: readonly (readonly [form: Record<string, string>, why: string])[] = [
  [{ scope: '' },                                            'no scope'],
  [{ scope: 'repository:team/app' },                         'no action'],
  [{ scope: 'repository:team/app:pull repository:X:pull' },  'one of two is malformed'],
  [{ scope: 'repository:team/app:pull,own' },                'an unknown action'],
  [{ scope: 'repository:a:pull '.repeat(11) },               'too many'],
  [{ expires_in: '0' },                                      'no time'],
  [{ expires_in: '10801' },                                  'longer than a login'],
  [{ expires_in: '1e3' },                                    'not a number of seconds'],
]

for (const [form, why] of malformed) {
  test(`a malformed narrowing is rejected instead of ignored: ${why}`, async (t) => {
    const { exchange } = await open(t)
    assert.equal((await exchange(form)).statusCode, 400)
  })
}
