import assert from 'node:assert/strict'
import { test } from 'node:test'
import { azClientId, openTestPeople, testRedirectUri } from '../../../testing/identity/test-people.ts'
import { testOrigin, testTenantId } from '../../../testing/identity/test-provider.ts'

const issuer = `${testOrigin}/${testTenantId}/v2.0`

test("az's request is valid, and its code is returned with state and issuer [RFC 9207 §2]", async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const reading = await people.read({ prompt: 'select_account', claims: '{"access_token":{}}', client_info: '1' })
  assert.ok(reading.ok)
  const { client, redirectUri, responseMode, resource, state, nonce, prompt } = reading.request
  assert.deepEqual(
    { name: client.displayName, redirectUri, responseMode, resource, state, nonce, prompt },
    {
      name: 'Azure CLI',
      redirectUri: testRedirectUri,
      responseMode: 'query',
      resource: { audience: 'arm', aud: 'https://management.core.windows.net/' },
      state: 'GsiT',
      nonce: 'ffec67',
      prompt: 'select_account',
    },
  )
  const answer = await people.identity.issueCode(reading.request, people.signedIn())
  const { code, ...parameters } = answer.parameters
  assert.match(code ?? '', /^acrux_ac_[\w-]{43}$/)
  assert.deepEqual(parameters, { state: 'GsiT', iss: issuer })
  assert.equal(answer.redirectUri, testRedirectUri)
})

// prettier-ignore
const pages = [
  { change: { client_id: undefined },                                     code: 900144,  why: 'no client' },
  { change: { client_id: testTenantId },                                  code: 700016,  why: 'a client that nobody knows' },
  { change: { client_id: 'x' },                                           code: 700016,  why: 'a client that is none' },
  { change: { redirect_uri: undefined },                                  code: 50011,   why: 'no redirect URI' },
  { change: { redirect_uri: 'https://evil.example/' },                    code: 50011,   why: 'a redirect URI of somebody else' },
  { change: { redirect_uri: 'http://localhost.evil.example:1' },          code: 50011,   why: 'a host that begins like loopback' },
  { change: { redirect_uri: 'http://localhost:1@evil.example' },          code: 50011,   why: 'a host behind a user name' },
  { change: { redirect_uri: 'http://localhost\\@evil.example' },          code: 50011,   why: 'a backslash' },
  { change: { redirect_uri: 'http://localhost:1/x' },                     code: 50011,   why: 'a path' },
  { change: { redirect_uri: 'http://127.0.0.1:1' },                       code: 50011,   why: 'loopback by number, which az does not use' },
  { change: { redirect_uri: '//evil.example' },                           code: 50011,   why: 'no scheme' },
  { change: { redirect_uri: 'http://localhost:1#x' },                     code: 50011,   why: 'a fragment' },
  { change: { redirect_uri: 'https://login.microsoftonline.com/common/oauth2/nativeclient' }, code: 50011, why: "a place of Microsoft's" },
] as const

test('an unknown client or redirect URI displays a page without a redirect [RFC 6749 §4.1.2.1]', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  for (const { change, code, why } of pages) {
    const reading = await people.read(change)
    assert.ok(!reading.ok && 'page' in reading, why)
    assert.equal(reading.page.number, code, why)
  }
  const elsewhere = await people.read({}, 'other.example')
  assert.ok(!elsewhere.ok && 'page' in elsewhere && elsewhere.page.number === 90002)
})

test('a duplicate parameter displays a page, whatever its value', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  for (const name of ['client_id', 'redirect_uri', 'state', 'scope', 'anything']) {
    const twice = new URLSearchParams({ client_id: azClientId, redirect_uri: testRedirectUri })
    twice.append(name, 'x')
    twice.append(name, 'x')
    const reading = await people.identity.readAuthorizationRequest(twice, 'common', '2.0')
    assert.ok(!reading.ok && 'page' in reading && reading.page.number === 9000411, name)
    const form = new Map([[name, ['x', 'x']]])
    const posted = await people.identity.readAuthorizationRequest(form, 'common', '2.0')
    assert.ok(!posted.ok && 'page' in posted && posted.page.number === 9000411, name)
  }
})

// prettier-ignore
const redirects = [
  { change: { response_type: 'token' },              error: 'unsupported_response_type', why: 'the implicit flow' },
  { change: { response_type: 'code id_token' },      error: 'unsupported_response_type', why: 'the hybrid flow' },
  { change: { response_type: undefined },            error: 'unsupported_response_type', why: 'no response type' },
  { change: { response_mode: 'fragment' },           error: 'invalid_request',           why: 'a mode for scripts' },
  { change: { code_challenge: undefined },           error: 'invalid_request',           why: 'no PKCE' },
  { change: { code_challenge_method: 'plain' },      error: 'invalid_request',           why: 'PKCE that proves nothing' },
  { change: { code_challenge_method: undefined },    error: 'invalid_request',           why: 'no method, which would mean plain' },
  { change: { code_challenge: 'x' },                 error: 'invalid_request',           why: 'a challenge that is no SHA-256' },
  { change: { scope: undefined },                    error: 'invalid_scope',             why: 'no scope' },
  { change: { scope: 'https://graph.microsoft.com/User.Read' }, error: 'invalid_scope',  why: 'a part of a resource' },
  { change: { scope: 'https://vault.azure.net/.default' }, error: 'invalid_resource',    why: 'a resource that nobody serves' },
  { change: { scope: `${testOrigin}/oidc/userinfo/.default` }, error: 'invalid_resource', why: 'what only OpenID scopes name' },
  { change: { resource: 'https://management.azure.com/' }, error: 'invalid_request',     why: "version 1's parameter" },
  { change: { prompt: 'create' },                    error: 'invalid_request',           why: 'a prompt that is not offered' },
  { change: { prompt: 'none login' },                error: 'invalid_request',           why: 'two prompts' },
  { change: { max_age: '-1' },                       error: 'invalid_request',           why: 'an age that is none' },
  { change: { nonce: 'x'.repeat(3000) },             error: 'invalid_request',           why: 'a nonce without end' },
  { change: { request: 'x.y.z' },                    error: 'request_not_supported',     why: 'a request object' },
  { change: { request_uri: 'https://evil.example' }, error: 'request_uri_not_supported', why: 'a request elsewhere' },
] as const

test('every other error is returned to the client with state and issuer and without a code', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  for (const { change, error, why } of redirects) {
    const reading = await people.read(change)
    assert.ok(!reading.ok && 'redirect' in reading, why)
    const { redirectUri, responseMode, parameters } = reading.redirect
    const { error_description, ...others } = parameters
    assert.deepEqual(others, { error, state: 'GsiT', iss: issuer }, why)
    assert.ok((error_description ?? '').length > 10, why)
    assert.deepEqual([redirectUri, responseMode], [testRedirectUri, 'query'], why)
  }
})

test('the response is a query or a form, and a request of version 1 has a resource', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const form = await people.read({ response_mode: 'form_post' })
  assert.ok(form.ok && form.request.responseMode === 'form_post')
  const old = await people.read({ scope: undefined, resource: 'https://management.azure.com/' }, testTenantId, '1.0')
  assert.ok(old.ok && old.request.resource.aud === 'https://management.azure.com/')
  const { parameters } = people.identity.rejectAuthorization(old.request, 'access_denied', 'no')
  assert.equal(parameters['iss'], `${testOrigin}/${testTenantId}/`)
})

test('sign-out redirects only to registered URIs', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const read = (values: Record<string, string>) => people.identity.readLogoutRequest(new URLSearchParams(values))
  const known = { client_id: azClientId, post_logout_redirect_uri: 'http://localhost:1', state: 's' }
  assert.deepEqual(await read(known), { redirectUri: 'http://localhost:1', state: 's' })
  for (const change of [{ client_id: testTenantId }, { post_logout_redirect_uri: 'https://evil.example/' }]) {
    assert.equal((await read({ ...known, ...change })).redirectUri, undefined)
  }
  assert.equal((await read({})).redirectUri, undefined)
})

test('sign-out accepts an ID token that was issued to the client, even if it has expired, and no other token', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { idToken, accessToken } = await people.signIn()
  const read = async (values: Record<string, string>) => {
    const asked = new URLSearchParams({ post_logout_redirect_uri: 'http://localhost:1', ...values })
    return (await people.identity.readLogoutRequest(asked)).redirectUri
  }
  people.time.nowMs += 2 * 3600_000
  assert.equal(await read({ id_token_hint: idToken }), 'http://localhost:1')
  assert.equal(await read({ id_token_hint: idToken, client_id: azClientId.toUpperCase() }), 'http://localhost:1')
  const { appId } = (await people.createApplication('app')).application
  assert.equal(await read({ id_token_hint: idToken, client_id: appId }), undefined, 'another client')
  assert.equal(await read({ id_token_hint: idToken, post_logout_redirect_uri: 'https://evil.example/' }), undefined)
  const [header, claims, signature = ''] = idToken.split('.')
  const forged = `${header}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
  for (const hint of ['', 'x', forged, accessToken]) assert.equal(await read({ id_token_hint: hint }), undefined)
})
