import assert from 'node:assert/strict'
import { createHash, createPublicKey, randomBytes, verify, type webcrypto } from 'node:crypto'
import { after, test } from 'node:test'
import { arm, as, expectStatus } from '../harness/arm.ts'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { type Elsewhere, type Page, pageVisitor, textOf } from '../harness/page-visitor.ts'
import { azClientId } from '../harness/person.ts'
import { startServer } from '../harness/server.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { tenantId, owner } = server.firstRun
const armResource = 'https://management.core.windows.net/'
const redirectUri = 'http://localhost:36805'

/** The two versions of the protocol: where they are served, and how each names what a token is for. */
const versions = [
  { version: '1.0', base: `${server.baseUrl}/${tenantId}`, oauth2: 'oauth2', asks: { resource: armResource } },
  {
    version: '2.0',
    base: `${server.baseUrl}/${tenantId}/v2.0`,
    oauth2: 'oauth2/v2.0',
    asks: { scope: `${armResource}/.default openid` },
  },
] as const

const { caFile } = server
const read = async (url: string) => expectStatus(await request({ url, caFile }), 200).json()
const post = (url: string, fields: Record<string, string>) => request({ method: 'POST', url, caFile, ...form(fields) })

/** Sends a form as a page of another site does: with the name of that site and without cookies. */
function postFromElsewhere(url: string, fields: Record<string, string>): Promise<HttpResponse> {
  const { body, headers } = form(fields)
  const foreign = { ...headers, origin: 'https://app.example', 'sec-fetch-site': 'cross-site' }
  return request({ method: 'POST', url, caFile, body, headers: foreign })
}

test('the OpenID configuration is also served where MSAL expects the configuration of AD FS', async () => {
  const atTenant = await read(`${server.baseUrl}/${tenantId}/v2.0/.well-known/openid-configuration`)
  assert.deepEqual(await read(`${server.baseUrl}/adfs/.well-known/openid-configuration`), atTenant)
})

function pageOf(answer: Page | Elsewhere): Page {
  if ('location' in answer) throw new Error(`left for ${answer.location.href}`)
  return answer
}

/** The claims of a token that a key of this set signed. */
function claimsSignedBy(keySet: unknown, token: string): unknown {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const kid = stringAt(JSON.parse(Buffer.from(header, 'base64url').toString()), 'kid')
  const key = listAt(keySet, 'keys').find((one) => stringAt(one, 'kid') === kid)
  assert.ok(key !== undefined, `no key ${kid}`)
  const publicKey = createPublicKey({ key: key as webcrypto.JsonWebKey, format: 'jwk' })
  const signed = Buffer.from(`${header}.${payload}`)
  assert.equal(verify('sha256', signed, publicKey, Buffer.from(signature, 'base64url')), true)
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as unknown
}

/** A request of the authorization endpoint, and what redeems the code that comes of it. */
function authorization(asks: Readonly<Record<string, string>>) {
  const verifier = randomBytes(32).toString('base64url')
  const client = { client_id: azClientId, redirect_uri: redirectUri }
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
  const fields = { ...client, response_type: 'code', state: 'of the program', ...pkce, ...asks }
  const redeem = (url: string, { location }: Elsewhere) => {
    assert.equal(location.searchParams.get('state'), 'of the program')
    const code = location.searchParams.get('code') ?? ''
    return post(url, { ...client, grant_type: 'authorization_code', code, code_verifier: verifier })
  }
  return { fields, redeem }
}

/** Signs the owner in at a page, and gives where the browser was sent in the end. */
async function backToProgram(start: string): Promise<Elsewhere> {
  const visitor = pageVisitor(server)
  const end = await visitor.signIn(await visitor.open(start), owner)
  if ('location' in end) return end
  throw new Error(`no way back: ${textOf(end)}`)
}

for (const { version, base, oauth2, asks } of versions) {
  const endpoint = (name: string) => `${server.baseUrl}/${tenantId}/${oauth2}/${name}`

  test(`The configuration of version ${version} leads through a sign-in, and its keys verify the tokens`, async () => {
    const configuration = await read(`${base}/.well-known/openid-configuration`)
    assert.partialDeepStrictEqual(configuration, {
      issuer: version === '1.0' ? `${base}/` : base,
      authorization_endpoint: endpoint('authorize'),
      token_endpoint: endpoint('token'),
      device_authorization_endpoint: endpoint('devicecode'),
      end_session_endpoint: endpoint('logout'),
    })
    const { fields, redeem } = authorization(asks)
    const start = `${stringAt(configuration, 'authorization_endpoint')}?${form(fields).body}`
    const redeemed = await redeem(stringAt(configuration, 'token_endpoint'), await backToProgram(start))
    const tokens = expectStatus(redeemed, 200).json()
    const keySet = await read(stringAt(configuration, 'jwks_uri'))
    const idToken = claimsSignedBy(keySet, stringAt(tokens, 'id_token'))
    assert.partialDeepStrictEqual(idToken, { iss: stringAt(configuration, 'issuer'), ver: version, aud: azClientId })
    const access = stringAt(tokens, 'access_token')
    assert.partialDeepStrictEqual(claimsSignedBy(keySet, access), { upn: owner.userPrincipalName, tid: tenantId })
    expectStatus(await arm(as(server, access), 'GET', '/subscriptions'), 200)
  })

  test(`An authorization request by a form leads to the same sign-in in version ${version}`, async () => {
    const { fields, redeem } = authorization(asks)
    const sent = expectStatus(await postFromElsewhere(endpoint('authorize'), fields), 303)
    const start = new URL(String(sent.headers.location), server.baseUrl)
    assert.equal(start.origin + start.pathname, endpoint('authorize'))
    assert.deepEqual(Object.fromEntries(start.searchParams), fields)
    const redeemed = expectStatus(await redeem(endpoint('token'), await backToProgram(start.href)), 200).json()
    expectStatus(await arm(as(server, stringAt(redeemed, 'access_token')), 'GET', '/subscriptions'), 200)
  })

  test(`A device that got its code in version ${version} waits until the person has entered it`, async () => {
    const asked = expectStatus(await post(endpoint('devicecode'), { client_id: azClientId, ...asks }), 200).json()
    const page = stringAt(asked, version === '1.0' ? 'verification_url' : 'verification_uri')
    assert.equal(page, `${server.baseUrl}/devicelogin`)
    // Version 1.0 writes numbers as text.
    assert.equal(typeof at(asked, 'expires_in'), version === '1.0' ? 'string' : 'number')
    const code = stringAt(asked, 'device_code')
    const poll = (more: Readonly<Record<string, string>>) =>
      post(endpoint('token'), { grant_type: 'device_code', client_id: azClientId, ...more })
    const redeem = () => poll(version === '1.0' ? { code, resource: armResource } : { device_code: code })
    assert.equal(stringAt(expectStatus(await redeem(), 400).json(), 'error'), 'authorization_pending')
    const visitor = pageVisitor(server)
    const entered = await visitor.submit(pageOf(await visitor.open(page)), { user_code: stringAt(asked, 'user_code') })
    const done = pageOf(await visitor.signIn(entered, owner))
    assert.equal(done.url.pathname, '/devicelogin/done')
    const tokens = expectStatus(await redeem(), 200).json()
    expectStatus(await arm(as(server, stringAt(tokens, 'access_token')), 'GET', '/subscriptions'), 200)
    expectStatus(await redeem(), 400)
  })

  test(`A sign-out by the form of another site asks the person first in version ${version}`, async () => {
    const visitor = pageVisitor(server)
    const { userPrincipalName: username, password } = owner
    await visitor.submit(pageOf(await visitor.open('/account/security')), { username, password })
    const sent = expectStatus(await postFromElsewhere(endpoint('logout'), { state: 's' }), 303)
    assert.equal(new URL(String(sent.headers.location), server.baseUrl).searchParams.get('state'), 's')
    const asked = pageOf(await visitor.open(String(sent.headers.location)))
    assert.match(textOf(asked), new RegExp(`Sign out\\?.*${username}`))
    const still = pageOf(await visitor.open('/account/security'))
    assert.match(textOf(still), /Authenticator app/)
    await visitor.submit(asked, {}, '/sign-out')
    assert.match(pageOf(await visitor.open('/account/security')).html, /name="username"/)
  })
}

test('The keys are the same at every address where clients look for them', async () => {
  const keySets = await Promise.all(
    [
      '/discovery/keys',
      '/common/discovery/keys',
      `/${tenantId}/discovery/keys`,
      `/${tenantId}/discovery/v2.0/keys`,
    ].map((path) => read(`${server.baseUrl}${path}`)),
  )
  assert.ok(listAt(keySets[0], 'keys').length > 0)
  for (const keySet of keySets) assert.deepEqual(keySet, keySets[0])
  assert.doesNotMatch(JSON.stringify(keySets), /"(?:d|p|q|dp|dq|qi)":/, 'a private key is published')
  const unknown = await request({ url: `${server.baseUrl}/${azClientId}/discovery/keys`, caFile })
  assert.match(stringAt(expectStatus(unknown, 400).json(), 'error_description'), /^AADSTS90002/)
})

test('The user info endpoint answers POST as it answers GET, and only to a token for it', async () => {
  const tokensFor = async (asks: Readonly<Record<string, string>>) => {
    const url = `${server.baseUrl}/${tenantId}/oauth2/v2.0`
    const { fields, redeem } = authorization(asks)
    const back = await backToProgram(`${url}/authorize?${form(fields).body}`)
    return expectStatus(await redeem(`${url}/token`, back), 200).json()
  }
  const tokens = await tokensFor({ scope: 'openid profile email' })
  const authorizationHeader = `Bearer ${stringAt(tokens, 'access_token')}`
  const ask = (method: string, authorization: string) =>
    request({ method, url: `${server.baseUrl}/oidc/userinfo`, caFile, headers: { authorization } })
  const answer = expectStatus(await ask('POST', authorizationHeader), 200).json()
  const idToken = claimsSignedBy(await read(`${server.baseUrl}/discovery/keys`), stringAt(tokens, 'id_token'))
  assert.partialDeepStrictEqual(answer, {
    sub: stringAt(idToken, 'sub'),
    preferred_username: owner.userPrincipalName,
  })
  assert.deepEqual(expectStatus(await ask('GET', authorizationHeader), 200).json(), answer)
  const forArm = await tokensFor({ scope: `${armResource}/.default` })
  expectStatus(await ask('POST', `Bearer ${stringAt(forArm, 'access_token')}`), 401)
})
