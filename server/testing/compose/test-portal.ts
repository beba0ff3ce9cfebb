import assert from 'node:assert/strict'
import { createServer, request as sendRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import { Secret, TOTP } from 'otpauth'
import { requestListener } from '../../src/platform/http/raw-surface.ts'
import type { Clock } from '../../src/platform/process/clock.ts'
import { FormBrowser, passwordOf } from '../sign-in/test-pages.ts'
import { type Method, openServer, tokensOf } from './test-routes.ts'

export const portalHost = 'localhost:5443'
export const portalOrigin = `https://${portalHost}`
export const portalCookie = '__Host-acrux-portal'
export const signInCookie = '__Host-acrux-portal-sign-in'

/** The headers that a page of the portal sends. */
export const fromPortal = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'x-acrux-portal': '1' }

export type PortalServer = Awaited<ReturnType<typeof openPortal>>

export type Person = { readonly id: string; readonly userPrincipalName: string; readonly browser: FormBrowser }

/** A server with a clock that stands still, and people who can sign in to its portal. */
export async function openPortal(t: TestContext) {
  const time = { nowMs: Date.parse('2026-11-24T12:00:00Z') }
  const clock: Clock = { now: () => time.nowMs }
  const { server, first } = await openServer(t, clock)
  const { app } = server
  const { appId, password } = first.servicePrincipal

  const asOwner = async (method: Method, url: string, payload?: object): Promise<LightMyRequestResponse> => {
    const tokens = await tokensOf(server, first, appId, password)
    const authorization = `Bearer ${url.startsWith('/graph') ? tokens.graph : tokens.arm}`
    const answer = await app.inject({
      method,
      url,
      headers: { host: portalHost, authorization },
      ...(payload && { payload }),
    })
    assert.ok(answer.statusCode < 300, `${method} ${url} gave ${answer.statusCode}: ${answer.body}`)
    return answer
  }
  const openBrowser = () => new FormBrowser((options) => app.inject(options), new URL(portalOrigin))

  /** Creates a user with a browser that is not signed in. */
  const createPerson = async (name: string): Promise<Person> => {
    const userPrincipalName = `${name}@acrux.localhost`
    const answer = await asOwner('POST', '/graph/v1.0/users', {
      accountEnabled: true,
      displayName: name,
      mailNickname: name,
      userPrincipalName,
      passwordProfile: { password: passwordOf(name), forceChangePasswordNextSignIn: false },
    })
    return { id: answer.json<{ id: string }>().id, userPrincipalName, browser: openBrowser() }
  }

  /** Gives a person one of the built-in roles on the first registry. */
  const assign = async (principalId: string, roleGuid: string, scope = registryPath): Promise<void> => {
    const url = `${scope}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}?api-version=2022-04-01`
    const roleDefinitionId = `/subscriptions/${first.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roleGuid}`
    await asOwner('PUT', url, { properties: { principalId, roleDefinitionId, principalType: 'User' } })
  }

  const registryPath = `/subscriptions/${first.subscriptionId}/resourceGroups/${first.resourceGroup}/providers/Microsoft.ContainerRegistry/registries/${first.registry}`

  return { server, app, first, time, asOwner, createPerson, assign, openBrowser, registryPath }
}

/** Signs a person in to the portal. Returns the page at which the browser arrives. */
export async function signIn(
  { browser, userPrincipalName }: Person,
  url = '/portal/sign-in',
): Promise<{ readonly url: string }> {
  const page = await browser.get(url)
  if (!page.text.includes('name="password"')) return page
  const name = userPrincipalName.split('@')[0] ?? ''
  return browser.submit(page, '/sign-in/password', { username: userPrincipalName, password: passwordOf(name) })
}

/** Authenticates a person again, in their own browser or in another one. Returns the page at which the browser arrives. */
export type Confirm = (browser?: FormBrowser) => Promise<{ readonly url: string }>

/** Sets up the second factor of a person who has signed in. */
export async function addSecondFactor(
  { time }: Pick<PortalServer, 'time'>,
  { browser, id, userPrincipalName }: Person,
): Promise<Confirm> {
  const security = await browser.get('/account/security')
  const shown = await browser.submit(security, '/account/security/authenticator/new')
  const secret = /<p class="secret">([A-Z2-7 ]+)<\/p>/.exec(shown.text)?.[1]?.replaceAll(' ', '') ?? ''
  const totp = new TOTP({ secret: Secret.fromBase32(secret) })
  const code = () => totp.generate({ timestamp: time.nowMs })
  const added = await browser.submit(shown, '/account/security/authenticator', { code: code() })
  assert.equal(added.heading, 'Your recovery codes')
  return async (used = browser) => {
    const page = await used.get(`/portal/sign-in?kind=fresh&person=${id}`)
    const password = passwordOf(userPrincipalName.split('@')[0] ?? '')
    const asked = await used.submit(page, '/sign-in/password', { username: userPrincipalName, password })
    return used.submit(asked, '/sign-in/code', { code: code() })
  }
}

/** A request of a page of the portal, with the cookies of a browser. */
export function ask(
  { app }: Pick<PortalServer, 'app'>,
  browser: FormBrowser,
  request: {
    readonly method?: Method
    readonly path: string
    readonly headers?: Readonly<Record<string, string | undefined>>
    readonly payload?: string | object
  },
): Promise<LightMyRequestResponse> {
  const { method = 'GET', path, headers = {}, payload } = request
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const all = { host: portalHost, cookie, ...fromPortal, ...headers }
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  return app.inject({
    method,
    url: `/portal/api/${path}`,
    headers: sent as Record<string, string>,
    ...(payload !== undefined && { payload }),
  })
}

/** The status of a request for the session. */
export async function statusOf(portal: Pick<PortalServer, 'app'>, browser: FormBrowser): Promise<number> {
  return (await ask(portal, browser, { path: 'session' })).statusCode
}

/** Sends a request over a connection, which uploads need. Returns the status. */
export async function sendOverSocket(
  { app }: Pick<PortalServer, 'app'>,
  request: {
    readonly method: string
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  },
): Promise<number> {
  await app.ready()
  const listener = createServer(requestListener(app))
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = listener.address() as AddressInfo
    const { body, ...options } = request
    return await new Promise((resolve, reject) => {
      const sent = sendRequest({ ...options, port, host: '127.0.0.1', agent: false }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
      })
      sent.on('error', reject).end(body)
    })
  } finally {
    await new Promise((resolve) => listener.close(resolve))
  }
}
