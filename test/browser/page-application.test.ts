import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { step } from '../clients/az/az.ts'
import { expectStatus, graph } from '../harness/arm.ts'
import { browserFor } from '../harness/browser.ts'
import { freePort } from '../harness/free-port.ts'
import { stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'

const server = await startServer()
const browser = browserFor(server)
const library = readFileSync(fileURLToPath(import.meta.resolve('oauth4webapi')))
const listener = createServer(({ url }, answer) => {
  if (url === '/oauth4webapi.js') answer.setHeader('content-type', 'text/javascript').end(library)
  else answer.setHeader('content-type', 'text/html').end('<!doctype html><title>Application</title>')
})
after(async () => {
  listener.close()
  await browser[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const { owner, tenantId } = server.firstRun
const issuer = `${server.baseUrl}/${tenantId}/v2.0`

/** What the page knows after the redirect back. */
interface Begun {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  /** The address after the redirect back. */
  readonly here: string
}

step(
  'a page signs a person in by discovery and a library, from its own origin, and can read the reason of a denial',
  ['chromium'],
  async () => {
    const port = await freePort()
    listener.listen(port, '127.0.0.1')
    const home = `http://localhost:${port}/`
    const application = { displayName: 'page', spa: { redirectUris: [home] } }
    const made = expectStatus(await graph(server, 'POST', '/applications', application), 201).json()
    const clientId = stringAt(made, 'appId')
    expectStatus(await graph(server, 'POST', '/servicePrincipals', { appId: clientId }), 201)
    const known = { issuer, clientId, home }

    const page = await (await browser.newContext()).newPage()
    await page.goto(home)
    const { target, begun } = await page.evaluate(async ({ issuer: of, clientId: client_id, home: redirect_uri }) => {
      const path = '/oauth4webapi.js'
      const oauth = (await import(path)) as typeof import('oauth4webapi')
      const as = await oauth.processDiscoveryResponse(new URL(of), await oauth.discoveryRequest(new URL(of)))
      const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
      const verifier = oauth.generateRandomCodeVerifier()
      const code_challenge = await oauth.calculatePKCECodeChallenge(verifier)
      const scope = 'openid profile offline_access'
      const code = { response_type: 'code', code_challenge, code_challenge_method: 'S256' }
      const query = new URLSearchParams({ client_id, redirect_uri, scope, state, nonce, ...code })
      return { target: `${as.authorization_endpoint ?? ''}?${query.toString()}`, begun: { state, nonce, verifier } }
    }, known)
    await page.goto(target)
    await page.getByLabel('User name').fill(owner.userPrincipalName)
    await page.getByLabel('Password').fill(owner.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'Accept' }).click()
    await page.waitForURL(`${home}?**`)

    const signedIn = await page.evaluate(
      async ({
        issuer: of,
        clientId: client_id,
        home: redirect_uri,
        here,
        state,
        nonce,
        verifier,
      }: typeof known & Begun) => {
        const path = '/oauth4webapi.js'
        const oauth = (await import(path)) as typeof import('oauth4webapi')
        const as = await oauth.processDiscoveryResponse(new URL(of), await oauth.discoveryRequest(new URL(of)))
        const client = { client_id }
        const none = oauth.None()
        const brought = oauth.validateAuthResponse(as, client, new URL(here), state)
        const redeem = () => oauth.authorizationCodeGrantRequest(as, client, none, brought, redirect_uri, verifier)
        const redeemed = await redeem()
        const tokens = await oauth.processAuthorizationCodeResponse(as, client, redeemed, { expectedNonce: nonce })
        await oauth.validateApplicationLevelSignature(as, redeemed)
        const answer = await oauth.refreshTokenGrantRequest(as, client, none, tokens.refresh_token ?? '')
        await oauth.processRefreshTokenResponse(as, client, answer)
        const again = await redeem()
        const rejected = await oauth
          .processAuthorizationCodeResponse(as, client, again)
          .catch((error: unknown) => error)
        return {
          name: oauth.getValidatedIdTokenClaims(tokens)?.['preferred_username'],
          rejection: rejected instanceof oauth.ResponseBodyError ? rejected.error : undefined,
        }
      },
      { ...known, ...begun, here: page.url() },
    )
    assert.deepEqual(signedIn, { name: owner.userPrincipalName, rejection: 'invalid_grant' })
  },
)
