import assert from 'node:assert/strict'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { after, before } from 'node:test'
import type { Page } from 'playwright-core'
import { arm, expectStatus, graph, registryId, roles } from '../harness/arm.ts'
import { type TestBrowser, browserFor } from '../harness/browser.ts'
import { findProgram } from '../harness/clients.ts'
import { freePort } from '../harness/free-port.ts'
import { form, request } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../harness/openid-provider.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { azHome, claimsOf, signIn, step, useCloud } from '../clients/az/az.ts'
import { secretFile } from '../harness/secret-file.ts'

const programs = ['chromium', 'openssl']
const azCliClientId = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
/** Nothing listens at this address. The test checks the browser's request. */
const redirectUri = 'http://localhost:9'

let server: RunningServer
let contoso: OpenIdProvider
let fabrikam: OpenIdProvider
let browser: TestBrowser

before(async () => {
  if (programs.some((name) => findProgram(name) === undefined)) return
  const port = await freePort()
  const callback = (name: string): string => `https://localhost:${port}/sign-in/${name}/callback`
  contoso = await startOpenIdProvider('contoso', callback('contoso'))
  fabrikam = await startOpenIdProvider('fabrikam', callback('fabrikam'))
  const settings = [contoso.settings, { ...fabrikam.settings, requireGroup: 'staff' }]
  server = await startServer({ port, args: ['--identity-providers', JSON.stringify(settings)] })
  browser = browserFor(server)
})
after(async () => {
  await browser?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
  await contoso?.[Symbol.asyncDispose]()
  await fabrikam?.[Symbol.asyncDispose]()
})

/** A new browser. The providers' certificates are self-signed. */
async function newPage(): Promise<Page> {
  return (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
}

/** Signs in on the provider's pages, and consents if the provider asks. */
async function signInAt(page: Page, provider: OpenIdProvider, subject: string): Promise<void> {
  await page.getByRole('link', { name: `Sign in with ${String(provider.settings['displayName'])}` }).click()
  await page.waitForURL(`${provider.issuer}/**`)
  await page.locator('input[name=login]').fill(subject)
  await page.locator('input[name=password]').fill('anything')
  await page.locator('button[type=submit]').click()
  const consent = page.locator('input[value=consent]')
  await Promise.any([
    consent.waitFor({ state: 'attached' }),
    page.waitForURL(({ origin }) => origin !== provider.issuer, { waitUntil: 'commit' }),
  ])
  if ((await consent.count()) > 0) await page.locator('button[type=submit]').click()
}

/** Signs in as with the Azure CLI, and returns the tokens. */
async function tokensOf(
  page: Page,
  provider: OpenIdProvider,
  subject: string,
  more: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const verifier = randomBytes(32).toString('base64url')
  const query = new URLSearchParams({
    client_id: azCliClientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'https://management.core.windows.net//.default openid profile offline_access',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: 'of-az',
    nonce: 'n',
    ...more,
  })
  const back = page.waitForRequest((asked) => asked.url().startsWith(redirectUri))
  await page.goto(`/organizations/oauth2/v2.0/authorize?${query.toString()}`)
  await signInAt(page, provider, subject)
  await page.getByRole('button', { name: 'Continue' }).click()
  const { searchParams } = new URL((await back).url())
  assert.equal(searchParams.get('state'), 'of-az')
  const answer = await request({
    method: 'POST',
    url: `${server.baseUrl}/${server.firstRun.tenantId}/oauth2/v2.0/token`,
    caFile: server.caFile,
    ...form({
      grant_type: 'authorization_code',
      client_id: azCliClientId,
      code: searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: verifier,
    }),
  })
  return expectStatus(answer, 200).json()
}

/** The user of the tokens. */
function objectIdOf(tokens: unknown): string {
  return stringAt(claimsOf(stringAt(tokens, 'access_token')), 'oid')
}

/** The actions of a person in one repository, by the exchange. */
async function actionsOf(tokens: unknown): Promise<unknown> {
  const { loginServer, tenantId } = server.firstRun
  const post = (path: string, fields: Record<string, string>) =>
    request({ method: 'POST', url: `${server.baseUrl}${path}`, caFile: server.caFile, ...form(fields) })
  const exchanged = await post('/oauth2/exchange', {
    grant_type: 'access_token',
    service: loginServer,
    tenant: tenantId,
    access_token: stringAt(tokens, 'access_token'),
  })
  if (exchanged.status !== 200) return exchanged.status
  const refreshed = await post('/oauth2/token', {
    grant_type: 'refresh_token',
    service: loginServer,
    scope: 'repository:team/app:pull,push',
    refresh_token: stringAt(exchanged.json(), 'refresh_token'),
  })
  const { access } = claimsOf(stringAt(expectStatus(refreshed, 200).json(), 'access_token')) as { access: unknown[] }
  return at(access, 0, 'actions') ?? []
}

/** Assigns a role on the first registry to a group. */
async function giveRole(principalId: string, role: string): Promise<void> {
  const id = `${registryId(server)}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
  const roleDefinitionId = `/subscriptions/${server.firstRun.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${role}`
  const properties = { roleDefinitionId, principalId, principalType: 'Group' }
  expectStatus(await arm(server, 'PUT', `${id}?api-version=2022-04-01`, { properties }), 201)
}

/** Signs in on a device as a person of a provider. */
async function letIn(userCode: string): Promise<void> {
  const page = await newPage()
  await page.goto('/devicelogin')
  await page.locator('input[name=user_code]').fill(userCode)
  await page.locator('button[type=submit]').first().click()
  await signInAt(page, contoso, 'grace')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.waitForURL('**/devicelogin/done*')
}

async function groupId(displayName: string): Promise<string> {
  const filter = encodeURIComponent(`displayName eq '${displayName}'`)
  const listed = expectStatus(await graph(server, 'GET', `/groups?$filter=${filter}`), 200).json()
  return stringAt(listed, 'value', 0, 'id')
}

step('the first sign-in at a provider creates a user, and the next one finds the same user', programs, async () => {
  contoso.people.set('alice', { name: 'Alice', email: 'alice@example.com', groups: [] })
  const page = await newPage()
  const tokens = await tokensOf(page, contoso, 'alice')
  const claims = claimsOf(stringAt(tokens, 'access_token'))
  assert.partialDeepStrictEqual(claims, { name: 'Alice', amr: ['fed'], idtyp: 'user' })
  assert.match(stringAt(claims, 'upn'), /^alice_[0-9a-f]{20}#EXT#@/)
  contoso.people.set('alice', { name: 'Alice Renamed', email: 'other@example.com', groups: [] })
  assert.equal(objectIdOf(await tokensOf(await newPage(), contoso, 'alice')), objectIdOf(tokens))
})

step('a program that asks for a new sign-in has the provider ask for the password again', programs, async () => {
  contoso.people.set('ivan', { name: 'Ivan', email: 'ivan@example.com', groups: [] })
  const page = await newPage()
  await page.goto('/account/security')
  await signInAt(page, contoso, 'ivan')
  await page.waitForURL('**/account/security*')
  // The provider has its own session, which `prompt=login` and `max_age` must ignore.
  const tokens = await tokensOf(page, contoso, 'ivan', { prompt: 'login' })
  const claims = claimsOf(stringAt(tokens, 'access_token'))
  assert.ok(Math.abs(Number(at(claims, 'auth_time')) - Date.now() / 1000) < 120, String(at(claims, 'auth_time')))
})

step('two people with one e-mail address at two providers are two (fault 13)', programs, async () => {
  const same = { name: 'Bob', email: 'bob@example.com' }
  contoso.people.set('bob', { ...same, groups: [] })
  fabrikam.people.set('bob', { ...same, groups: ['staff'] })
  const one = await tokensOf(await newPage(), contoso, 'bob')
  const other = await tokensOf(await newPage(), fabrikam, 'bob')
  assert.notEqual(objectIdOf(one), objectIdOf(other))
})

step('a role of a group applies only to its current members (fault 12)', programs, async () => {
  contoso.people.set('carol', { name: 'Carol', email: 'carol@example.com', groups: ['developers', 'all'] })
  const first = await tokensOf(await newPage(), contoso, 'carol')
  assert.equal(await actionsOf(first), 401, 'no role on the registry yet')
  const id = `${registryId(server)}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
  const roleDefinitionId = `/subscriptions/${server.firstRun.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roles.acrPush}`
  const properties = { roleDefinitionId, principalId: await groupId('contoso:developers'), principalType: 'Group' }
  expectStatus(await arm(server, 'PUT', `${id}?api-version=2022-04-01`, { properties }), 201)
  assert.deepEqual(await actionsOf(first), ['pull', 'push'])

  contoso.people.set('carol', { name: 'Carol', email: 'carol@example.com', groups: ['all'] })
  const second = await tokensOf(await newPage(), contoso, 'carol')
  assert.equal(await actionsOf(second), 401)
  assert.equal(await actionsOf(first), 401, 'the earlier tokens no longer grant the role')
  const of = await graph(server, 'GET', `/users/${objectIdOf(second)}/memberOf`)
  assert.deepEqual(
    listAt(expectStatus(of, 200).json(), 'value').map((group) => stringAt(group, 'displayName')),
    ['contoso:all'],
  )
})

step(
  'a person of a provider signs in to az by device code, and az acr login uses the roles of their group',
  [...programs, 'az'],
  async () => {
    contoso.people.set('grace', { name: 'Grace', email: 'grace@example.com', groups: ['deployers'] })
    await tokensOf(await newPage(), contoso, 'grace')
    for (const role of [roles.reader, roles.acrPush]) await giveRole(await groupId('contoso:deployers'), role)
    using az = azHome(server.caFile)
    await useCloud(az, server)
    let answered: Promise<void> | undefined
    const ran = await az.run(['login', '--use-device-code'], {}, (stderr) => {
      const userCode = /enter the code ([A-Z0-9]+) to authenticate/.exec(stderr)?.[1]
      if (userCode !== undefined) answered ??= letIn(userCode)
    })
    await answered
    assert.equal(ran.code, 0, ran.stderr)
    assert.match(await az.text('account', 'show', '--query', 'user.name', '-o', 'tsv'), /^grace_[0-9a-f]{20}#EXT#@/)
    const shown = await az.json('acr', 'login', '-n', server.firstRun.registry, '--expose-token')
    const claims = claimsOf(stringAt(shown, 'accessToken'))
    assert.partialDeepStrictEqual(claims, { grant_type: 'refresh_token' })
    assert.match(stringAt(claims, 'sub'), /^grace_/)
  },
)

step(
  'an owner links a user with az rest, and the person then signs in at the provider as that user',
  [...programs, 'az'],
  async () => {
    contoso.people.set('heidi', { name: 'Heidi', email: 'heidi@example.com', groups: [] })
    using az = azHome(server.caFile)
    await signIn(az, server)
    const domain = server.firstRun.owner.userPrincipalName.split('@')[1] ?? ''
    const name = `heidi@${domain}`
    const made = ['ad', 'user', 'create', '--display-name', 'Heidi', '--user-principal-name', name]
    const id = stringAt(await az.json(...made, '--password', secretFile(randomBytes(18).toString('hex'))), 'id')
    const identities = [{ signInType: 'federated', issuer: contoso.issuer, issuerAssignedId: 'heidi' }]
    const rest = ['rest', '--resource', `${server.baseUrl}/graph`, '--url', `${server.baseUrl}/graph/v1.0/users/${id}`]
    await az.text(...rest, '--method', 'patch', '--body', JSON.stringify({ identities }))
    const tokens = await tokensOf(await newPage(), contoso, 'heidi')
    assert.equal(objectIdOf(tokens), id)
    assert.equal(stringAt(claimsOf(stringAt(tokens, 'access_token')), 'upn'), name)
  },
)

step('a person outside the required group cannot sign in, and the page says so', programs, async () => {
  fabrikam.people.set('dave', { name: 'Dave', email: 'dave@example.com', groups: [] })
  const page = await newPage()
  await page.goto('/account/security')
  await signInAt(page, fabrikam, 'dave')
  await page.getByRole('heading', { name: 'Sign-in not allowed' }).waitFor()
  await page.getByRole('link', { name: 'Sign in another way' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
})

step('a person who cancels at the provider sees its message, and can continue', programs, async () => {
  const page = await newPage()
  await page.goto('/account/security')
  await page.getByRole('link', { name: 'Sign in with Contoso' }).click()
  await page.getByText('Cancel').click()
  await page.getByRole('heading', { name: 'The provider did not sign you in' }).waitFor()
  await page
    .locator('main')
    .getByText(/access_denied/)
    .first()
    .waitFor()
  await page.getByRole('link', { name: 'Sign in another way' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
})

step('a response of the provider is valid once, and only in the browser that requested it', programs, async () => {
  contoso.people.set('erin', { name: 'Erin', email: 'erin@example.com', groups: [] })
  const page = await newPage()
  const answer = page.waitForRequest((asked) => asked.url().includes('/sign-in/contoso/callback'))
  await page.goto('/account/security')
  await signInAt(page, contoso, 'erin')
  await page.waitForURL('**/account/security*')
  for (const browserPage of [page, await newPage()]) {
    await browserPage.goto((await answer).url())
    await browserPage.getByRole('heading', { name: 'This sign-in has expired' }).waitFor()
  }
})

step('an unavailable provider gets a page with status 503, and is used again when it is back', programs, async () => {
  fabrikam.people.set('frank', { name: 'Frank', email: 'frank@example.com', groups: ['staff'] })
  await fabrikam.stop()
  await server.restart()
  const page = await newPage()
  await page.goto('/account/security')
  const [down] = await Promise.all([
    page.waitForResponse((response) => response.url().includes('/sign-in/fabrikam/start')),
    page.getByRole('link', { name: 'Sign in with Fabrikam' }).click(),
  ])
  assert.equal(down.status(), 503)
  await page.getByRole('heading', { name: 'The provider cannot be reached' }).waitFor()
  await fabrikam.start()
  await page.waitForTimeout(5000)
  await page.getByRole('link', { name: 'Sign in another way' }).click()
  await signInAt(page, fabrikam, 'frank')
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.waitForURL('**/account/security*')
})
