import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { graph } from '../harness/arm.ts'
import { fetchOf } from '../harness/fetch-of.ts'
import { at, stringAt } from '../harness/json.ts'
import { pageVisitor } from '../harness/page-visitor.ts'
import { startServer } from '../harness/server.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { tenantId, owner } = server.firstRun
const issuer = new URL(`${server.baseUrl}/${tenantId}/v2.0`)
const redirectUri = 'https://app.example/signed-in'
const scope = 'openid profile offline_access'

/** A web application of the directory, with a secret. */
async function registerWebApp(): Promise<{ clientId: string; secret: string }> {
  const made = await graph(server, 'POST', '/applications', {
    displayName: 'shop',
    web: { redirectUris: [redirectUri] },
  })
  const application = made.json()
  await graph(server, 'POST', '/servicePrincipals', { appId: stringAt(application, 'appId') })
  const id = stringAt(application, 'id')
  const added = await graph(server, 'POST', `/applications/${id}/addPassword`, { passwordCredential: {} })
  return { clientId: stringAt(application, 'appId'), secret: stringAt(added.json(), 'secretText') }
}

const { clientId, secret } = await registerWebApp()

/** Goes through the pages as the owner, and gives where the browser was sent at the end. */
async function visit(url: URL): Promise<URL> {
  const visitor = pageVisitor(server)
  const end = await visitor.signIn(await visitor.open(url), owner)
  assert.ok('location' in end)
  return end.location
}

test('openid-client signs a person in to a web application, by discovery alone, and checks every signature', async () => {
  const options = { [openid.customFetch]: fetchOf(server) }
  for (const auth of [openid.ClientSecretPost(secret), openid.ClientSecretBasic(secret)]) {
    const config = await openid.discovery(issuer, clientId, {}, auth, options)
    openid.enableNonRepudiationChecks(config)
    assert.equal(config.serverMetadata().supportsPKCE(), true)
    const pkceCodeVerifier = openid.randomPKCECodeVerifier()
    const [expectedState, expectedNonce] = [openid.randomState(), openid.randomNonce()]
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope,
      state: expectedState,
      nonce: expectedNonce,
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    })
    const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }
    const tokens = await openid.authorizationCodeGrant(config, await visit(url), checks)
    const claims = tokens.claims()
    assert.partialDeepStrictEqual(claims, { aud: clientId, tid: tenantId, preferred_username: owner.userPrincipalName })
    const told = await openid.fetchUserInfo(config, tokens.access_token, claims?.sub ?? '')
    assert.equal(told['preferred_username'], owner.userPrincipalName)
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '', { scope })
    assert.equal(refreshed.claims()?.sub, claims?.sub)
    const out = openid.buildEndSessionUrl(config, { post_logout_redirect_uri: redirectUri })
    const page = await pageVisitor(server).open(out)
    assert.ok('status' in page && page.status === 200)
  }
})

test('openid-client signs a person in on a device, and a program in by its secret', async () => {
  const options = { [openid.customFetch]: fetchOf(server) }
  const az = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
  const device = await openid.discovery(issuer, az, {}, openid.None(), options)
  const started = await openid.initiateDeviceAuthorization(device, { scope })
  const visitor = pageVisitor(server)
  const page = await visitor.open(started.verification_uri)
  assert.ok('html' in page)
  await visitor.signIn(await visitor.submit(page, { user_code: started.user_code }), owner)
  const tokens = await openid.pollDeviceAuthorizationGrant(device, started)
  assert.equal(tokens.claims()?.['preferred_username'], owner.userPrincipalName)

  const program = await openid.discovery(issuer, clientId, {}, openid.ClientSecretPost(secret), options)
  const granted = await openid.clientCredentialsGrant(program, {
    scope: 'https://containerregistry.azure.net/.default',
  })
  assert.equal(granted.token_type, 'bearer')
})

test('oauth4webapi, which takes nothing on trust, goes through the code flow', async () => {
  const http = { [oauth.customFetch]: fetchOf(server) }
  const discovered = await oauth.discoveryRequest(issuer, http)
  const as = await oauth.processDiscoveryResponse(issuer, discovered)
  assert.equal(as.authorization_response_iss_parameter_supported, true)
  const client = { client_id: clientId }
  const [state, nonce, verifier] = [
    oauth.generateRandomState(),
    oauth.generateRandomNonce(),
    oauth.generateRandomCodeVerifier(),
  ]
  const url = new URL(as.authorization_endpoint ?? '')
  const asked = {
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value)
  const parameters = oauth.validateAuthResponse(as, client, await visit(url), state)
  const proof = oauth.ClientSecretPost(secret)
  const answer = await oauth.authorizationCodeGrantRequest(as, client, proof, parameters, redirectUri, verifier, http)
  const result = await oauth.processAuthorizationCodeResponse(as, client, answer, {
    expectedNonce: nonce,
    requireIdToken: true,
  })
  await oauth.validateApplicationLevelSignature(as, answer, http)
  const { sub } = oauth.getValidatedIdTokenClaims(result) ?? {}
  const told = await oauth.userInfoRequest(as, client, result.access_token, http)
  assert.equal(at(await oauth.processUserInfoResponse(as, client, sub ?? '', told), 'sub'), sub)

  const again = await oauth.authorizationCodeGrantRequest(as, client, proof, parameters, redirectUri, verifier, http)
  await assert.rejects(oauth.processAuthorizationCodeResponse(as, client, again), { error: 'invalid_grant' })
  const late = await oauth.userInfoRequest(as, client, result.access_token, http)
  await assert.rejects(oauth.processUserInfoResponse(as, client, sub ?? '', late), {
    code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
  })
})
