import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { as, expectStatus, graph } from '../harness/arm.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { pageVisitor, type Elsewhere, type Page } from '../harness/page-visitor.ts'
import { askToken, signInPerson } from '../harness/person.ts'
import { startServer } from '../harness/server.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const password = 'tidal lantern 7 quilt'
const redirectUri = 'https://application.example/back'

function pageOf(page: Page | Elsewhere): Page {
  if ('location' in page) throw new Error(`sent to ${page.location.href}`)
  return page
}

/** An application of the directory with a secret, and a person who is signed in to it in a browser. */
async function open() {
  const userPrincipalName = `p-${randomBytes(4).toString('hex')}@contoso.example`
  const user = { accountEnabled: true, displayName: 'Person', userPrincipalName, passwordProfile: { password } }
  const objectId = stringAt(expectStatus(await graph(server, 'POST', '/users', user), 201).json(), 'id')
  const body = { displayName: 'Wiki', web: { redirectUris: [redirectUri] } }
  const application = expectStatus(await graph(server, 'POST', '/applications', body), 201).json()
  const appId = stringAt(application, 'appId')
  const principal = expectStatus(await graph(server, 'POST', '/servicePrincipals', { appId }), 201).json()
  const path = `/applications/${stringAt(application, 'id')}/addPassword`
  const secret = stringAt(expectStatus(await graph(server, 'POST', path, {}), 200).json(), 'secretText')
  const visitor = pageVisitor(server)
  const authorize = (more: Readonly<Record<string, string>> = {}) => {
    const verifier = randomBytes(32).toString('base64url')
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const url = new URL(`${server.baseUrl}/organizations/oauth2/v2.0/authorize`)
    const scope = 'openid profile offline_access'
    const asked = { client_id: appId, response_type: 'code', redirect_uri: redirectUri, scope, state: 's' }
    const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
    url.search = new URLSearchParams({ ...asked, ...pkce, ...more }).toString()
    return { url, verifier }
  }
  /** What comes back without a page, as an application asks in the background. */
  const silently = async () => {
    const end = await visitor.open(authorize({ prompt: 'none' }).url)
    return 'location' in end ? end.location.searchParams : new URLSearchParams()
  }
  const { url, verifier } = authorize()
  const asked = pageOf(await visitor.submit(pageOf(await visitor.open(url)), { username: userPrincipalName, password }))
  assert.match(asked.html, /requests your consent/)
  const end = await visitor.submit(asked, { decision: 'accept' })
  const code = 'location' in end ? (end.location.searchParams.get('code') ?? '') : ''
  const fields = { client_id: appId, client_secret: secret, redirect_uri: redirectUri }
  const grant = { grant_type: 'authorization_code', code, code_verifier: verifier, ...fields }
  const refresh_token = stringAt(expectStatus(await askToken(server, grant), 200).json(), 'refresh_token')
  const refresh = () => askToken(server, { grant_type: 'refresh_token', refresh_token, ...fields })
  expectStatus(await refresh(), 200)
  assert.ok((await silently()).has('code'), 'while consent is given no page is needed')
  return { objectId, userPrincipalName, appId, principalId: stringAt(principal, 'id'), visitor, silently, refresh }
}

test('a consent that is withdrawn on the account pages ends the sign-in, and is asked for again', async () => {
  const { visitor, silently, refresh } = await open()
  const page = pageOf(await visitor.open('/account/applications'))
  assert.match(page.html, /<strong>Wiki<\/strong>/)
  const left = pageOf(await visitor.submit(page, {}, '/account/applications/remove'))
  assert.match(left.html, /No application has access/)
  assert.equal((await refresh()).status, 400)
  assert.equal((await silently()).get('error'), 'consent_required')
})

test('ending the sign-in to an application withdraws the consent, so that it gets no token without a question', async () => {
  const { visitor, silently, refresh } = await open()
  const page = pageOf(await visitor.open('/account/sign-ins'))
  const row = page.html.split('<li>').find((part) => part.includes('<strong>Wiki</strong>')) ?? ''
  const [, id = ''] = /name="sign_in" value="([^"]+)"/.exec(row) ?? []
  await visitor.submit(page, { sign_in: id }, '/account/sign-ins/end')
  assert.equal((await refresh()).status, 400)
  assert.equal((await silently()).get('error'), 'consent_required')
})

test('consents are listed and withdrawn by Graph, in its shape', async () => {
  const { objectId, userPrincipalName, principalId, silently, refresh } = await open()
  const filter = (text: string) => `/oauth2PermissionGrants?$filter=${encodeURIComponent(text)}`
  const paths = [
    `/users/${objectId}/oauth2PermissionGrants`,
    filter(`principalId eq '${objectId}'`),
    filter(`clientId eq '${principalId}' and principalId eq '${objectId}'`),
  ]
  let id = ''
  for (const path of paths) {
    const [grant, ...more] = listAt(expectStatus(await graph(server, 'GET', path), 200).json(), 'value')
    assert.equal(more.length, 0)
    assert.partialDeepStrictEqual(grant, { clientId: principalId, consentType: 'Principal', principalId: objectId })
    assert.equal(typeof at(grant, 'scope'), 'string')
    id = stringAt(grant, 'id')
  }
  const { access } = await signInPerson(server, { userPrincipalName, password }, `${server.baseUrl}/graph`)
  const own = async () => expectStatus(await graph(as(server, access), 'GET', '/me/oauth2PermissionGrants'), 200).json()
  const one = `/oauth2PermissionGrants/${id}`
  assert.deepEqual(at(await own(), 'value', 0), expectStatus(await graph(server, 'GET', one), 200).json())
  assert.equal(stringAt(expectStatus(await graph(server, 'GET', one), 200).json(), 'id'), id)
  expectStatus(await graph(server, 'DELETE', one), 204)
  assert.deepEqual(at(await own(), 'value'), [])
  assert.deepEqual([(await graph(server, 'DELETE', one)).status, (await graph(server, 'GET', one)).status], [404, 404])
  assert.equal((await graph(server, 'GET', '/oauth2PermissionGrants/AAAA')).status, 404)
  assert.equal((await refresh()).status, 400)
  assert.equal((await silently()).get('error'), 'consent_required')
})
