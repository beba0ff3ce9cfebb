import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { armScope, expectStatus, graph } from '../harness/arm.ts'
import { browserFor } from '../harness/browser.ts'
import { form, request } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { azClientId } from '../harness/person.ts'
import { startServer } from '../harness/server.ts'
import { totpOf } from '../harness/totp.ts'
import { until } from '../harness/until.ts'
import { assertContrast } from './contrast.ts'

const server = await startServer({ args: ['--identity-require-second-factor', 'all'] })
const browser = browserFor(server)
after(async () => {
  await browser[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

/** Nothing listens at this address. The test answers the browser's requests. */
const redirectUri = 'http://localhost:9/'
const firstPassword = 'granite-otter-lantern'
const ownPassword = 'velvet-harbour-thimble'
const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true, level: 1 })
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

async function newUser(name: string): Promise<string> {
  const domain = server.firstRun.owner.userPrincipalName.split('@')[1]
  const userPrincipalName = `${name}@${domain}`
  const passwordProfile = { password: firstPassword, forceChangePasswordNextSignIn: true }
  const user = {
    displayName: 'Kim Tanaka',
    mailNickname: name,
    userPrincipalName,
    accountEnabled: true,
    passwordProfile,
  }
  expectStatus(await graph(server, 'POST', '/users', user), 201)
  return userPrincipalName
}

async function newApplication(): Promise<string> {
  const web = { redirectUris: [redirectUri] }
  const made = await graph(server, 'POST', '/applications', { displayName: 'Wiki', web })
  const appId = stringAt(expectStatus(made, 201).json(), 'appId')
  expectStatus(await graph(server, 'POST', '/servicePrincipals', { appId }), 201)
  return appId
}

async function userCode(): Promise<string> {
  const answer = await request({
    method: 'POST',
    url: `${server.baseUrl}/organizations/oauth2/v2.0/devicecode`,
    caFile: server.caFile,
    ...form({ client_id: azClientId, scope: armScope }),
  })
  return stringAt(expectStatus(answer, 200).json(), 'user_code')
}

function authorizeUrl(change: Record<string, string> = {}): string {
  return `/organizations/oauth2/v2.0/authorize?${new URLSearchParams({
    client_id: azClientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: `${armScope} openid profile`,
    code_challenge: createHash('sha256').update(randomBytes(32)).digest('base64url'),
    code_challenge_method: 'S256',
    ...change,
  }).toString()}`
}

type Shoot = (name: string, title: string) => Promise<void>
/** Waits for the whole of a page. */
const arrive =
  (page: Page): Shoot =>
  async (_name, title) => {
    await heading(page, title).waitFor()
    await page.waitForLoadState()
  }

type Tour = { readonly page: Page; readonly shoot: Shoot; readonly userName: string }

/** Checks a page. Takes a screenshot into the folder `ACRUX_TEST_PICTURES`, if it is set. */
function judge(page: Page, look: string): Shoot {
  const folder = process.env['ACRUX_TEST_PICTURES']
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  return async (name, title) => {
    await arrive(page)(name, title)
    if (folder !== undefined) await page.screenshot({ path: join(folder, `${look}-${name}.png`), fullPage: true })
    const excess = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
    assert.equal(excess, 0, `${name} is wider than the ${look} screen`)
    await assertContrast(page, `${look}-${name}`)
    const waysOn = await page.locator('main').locator('a[href], button').count()
    assert.ok(waysOn > 0, `${name} has no way on`)
  }
}

async function enterPassword(page: Page, userName: string, password: string): Promise<void> {
  await page.getByLabel('User name').fill(userName)
  await page.getByLabel('Password').fill(password)
  await press(page, 'Sign in')
}

async function firstSignIn({ page, shoot, userName }: Tour): Promise<string[]> {
  await page.goto('/account')
  await shoot('sign-in', 'Sign in')
  for (const password of ['wrong', 'wrong again']) {
    await enterPassword(page, userName, password)
    await page.getByRole('alert').waitFor()
    await shoot('sign-in-wrong-password', 'Sign in')
    await page.goto('/account')
  }
  await enterPassword(page, userName, firstPassword)
  await shoot('new-password', 'Choose a new password')
  await page.getByLabel('New password', { exact: true }).fill('password123')
  await page.getByLabel('Confirm new password').fill('password123')
  await press(page, 'Continue')
  await page.waitForSelector('[aria-invalid]')
  await shoot('new-password-common', 'Choose a new password')
  await page.getByLabel('New password', { exact: true }).fill(ownPassword)
  await page.getByLabel('Confirm new password').fill(ownPassword)
  await press(page, 'Continue')
  await shoot('enrolment', 'Set up a second factor')
  await press(page, 'Add a passkey')
  await shoot('enrolment-passkey', 'Add a passkey')
  await page.getByRole('link', { name: 'Use another method' }).click()
  await heading(page, 'Set up a second factor').waitFor()
  await press(page, 'Set up an authenticator app')
  await page.getByRole('img', { name: 'QR code' }).waitFor()
  await shoot('enrolment-app', 'Set up a second factor')
  const secret = ((await page.locator('.secret').textContent()) ?? '').replaceAll(' ', '')
  await page.getByLabel('Code').fill('12')
  await press(page, 'Confirm')
  await page.waitForSelector('[aria-invalid]')
  await shoot('enrolment-wrong-code', 'Set up a second factor')
  await page.getByLabel('Code').fill(totpOf(secret))
  await press(page, 'Confirm')
  await shoot('first-recovery-codes', 'Your recovery codes')
  const codes = await page.locator('.codes code').allTextContents()
  await page.getByRole('link', { name: 'I have saved the codes' }).click()
  await shoot('security', 'Security')
  return codes
}

async function programsAndDevices({ page, shoot }: Tour): Promise<void> {
  await page.goto(authorizeUrl({ client_id: await newApplication() }))
  await shoot('consent', 'Permissions requested')
  await press(page, 'Accept')
  await page.waitForURL(`${redirectUri}**`)
  await page.goto(authorizeUrl())
  await shoot('confirm', 'Sign in to Azure CLI?')
  await page.goto(authorizeUrl({ prompt: 'select_account' }))
  await shoot('choose', 'Pick an account')
  await page.goto(authorizeUrl({ redirect_uri: 'https://evil.example' }))
  await shoot('error', 'We can’t sign you in')
  await page.goto('/sign-in?flow=x')
  await shoot('expired', 'Your sign-in has expired')
  await page.goto('/account/nothing')
  await shoot('not-found', 'Page not found')
  await page.goto('/devicelogin')
  await shoot('device', 'Enter code')
  await page.getByLabel('Code').fill('ABCD1234')
  await press(page, 'Next')
  await page.waitForSelector('[aria-invalid]')
  await shoot('device-wrong-code', 'Enter code')
  for (const [answer, title] of [
    ['Continue', 'You have signed in'],
    ['Cancel', 'Sign-in cancelled'],
  ] as const) {
    await page.goto(`/devicelogin?user_code=${await userCode()}`)
    await press(page, 'Next')
    await heading(page, 'Pick an account').waitFor()
    await page.getByRole('button', { name: 'Kim Tanaka' }).click()
    await shoot('device-question', 'Sign in to Azure CLI?')
    await press(page, answer)
    await shoot(`device-${answer.toLowerCase()}`, title)
  }
}

async function account({ page, shoot }: Tour): Promise<void> {
  for (const title of ['Sign-ins', 'Applications', 'Activity', 'Password']) {
    await page.goto(`/account/${title.toLowerCase()}`)
    await shoot(title.toLowerCase(), title)
  }
  await page.goto('/account/security')
  await page.getByRole('link', { name: 'Add a passkey' }).click()
  await shoot('add-passkey', 'Add a passkey')
  await page.getByRole('link', { name: 'Cancel' }).click()
  await page.getByRole('link', { name: 'Remove the app' }).click()
  await shoot('remove-app', 'Remove the app?')
  await page.getByRole('link', { name: 'Cancel' }).click()
  await press(page, 'Create new codes')
  await shoot('recovery-codes', 'Your recovery codes')
}

async function signInAgain({ page, shoot, userName }: Tour): Promise<void> {
  await page.goto('/sign-out')
  await shoot('sign-out', 'Sign out?')
  await page.getByRole('link', { name: 'Cancel' }).click()
  await heading(page, 'Security').waitFor()
  await page.goto('/sign-out')
  await press(page, 'Sign out')
  await shoot('signed-out', 'You have signed out')
  await page.goto(authorizeUrl())
  await shoot('sign-in-program', 'Sign in')
  await page.getByRole('link', { name: 'Sign in with a passkey' }).click()
  await shoot('passkey', 'Use a passkey')
  await press(page, 'Cancel')
  await page.waitForURL(`${redirectUri}?error=access_denied**`)
  await page.goto(authorizeUrl())
  await enterPassword(page, userName, ownPassword)
  await shoot('code', 'Enter code')
  await page.getByLabel('Code').fill('12')
  await press(page, 'Verify')
  await page.waitForSelector('[aria-invalid]')
  await shoot('wrong-code', 'Enter code')
  await page.getByRole('link', { name: 'Use a recovery code' }).click()
  await shoot('recovery-code', 'Enter recovery code')
}

async function openContext(viewport: { width: number; height: number }, colorScheme: 'light' | 'dark' = 'light') {
  const context = await browser.newContext({ viewport, colorScheme })
  await context.route(`${redirectUri}**`, (route) => route.fulfill({ contentType: 'text/html', body: 'Done' }))
  return context
}

for (const [width, height, colorScheme] of [
  [1280, 800, 'light'],
  [390, 844, 'dark'],
] as const) {
  test(`every page fits ${width} px, has enough contrast and has a way to continue`, async (t) => {
    if (!browser.isThere(t)) return
    await using context = await openContext({ width, height }, colorScheme)
    const page = await context.newPage()
    const tour = { page, shoot: judge(page, String(width)), userName: await newUser(`tour-${width}`) }
    await firstSignIn(tour)
    await programsAndDevices(tour)
    await account(tour)
    await signInAgain(tour)
  })
}

test('new recovery codes can be copied, downloaded and printed, at the first sign-in and on the account pages', async (t) => {
  if (!browser.isThere(t)) return
  await using context = await openContext({ width: 1280, height: 800 })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await context.newPage()
  const userName = await newUser('codes')
  const seen: string[][] = []
  const shoot: Shoot = async (name, title) => {
    await arrive(page)(name, title)
    if (title === 'Your recovery codes') seen.push(await assertCodesCanBeKept(page, userName))
  }
  await firstSignIn({ page, userName, shoot })
  await press(page, 'Create new codes')
  await shoot('recovery-codes', 'Your recovery codes')
  assert.equal(new Set(seen.flat()).size, 20, 'new codes replace the old ones')
})

async function assertCodesCanBeKept(page: Page, userName: string): Promise<string[]> {
  const codes = await page.locator('.codes code').allTextContents()
  assert.equal(codes.length, 10)
  const host = new URL(server.baseUrl).host
  const text = `Recovery codes for ${userName}\n${host}\n\n${codes.join('\n')}\n`
  await press(page, 'Copy')
  await page.getByText('Copied.').waitFor()
  assert.equal(await page.evaluate('navigator.clipboard.readText()'), text)
  const download = page.waitForEvent('download')
  await press(page, 'Download')
  assert.equal((await download).suggestedFilename(), 'recovery-codes.txt')
  assert.equal(await readFile(await (await download).path(), 'utf8'), text)
  await page.evaluate('window.print = () => { document.title = "printed" }')
  await press(page, 'Print')
  assert.equal(await page.title(), 'printed')
  await page.emulateMedia({ media: 'print' })
  assert.equal(await page.getByText(codes[9] ?? '').isVisible(), true)
  assert.equal(await page.getByRole('button', { name: 'Copy' }).isVisible(), false)
  await page.emulateMedia({ media: 'screen' })
  return codes
}

test('a person sees the security events and the sessions of their account', async (t) => {
  if (!browser.isThere(t)) return
  await using context = await openContext({ width: 1280, height: 800 })
  const page = await context.newPage()
  await firstSignIn({ page, userName: await newUser('activity'), shoot: arrive(page) })
  await page.goto('/account/activity')
  const rows = page.locator('.rows li')
  assert.deepEqual(await rows.locator('strong').allTextContents(), [
    'Sign-in from a new network',
    'Authenticator app added',
    'Password changed',
    'Failed sign-in: incorrect password',
  ])
  assert.equal(await rows.last().locator('.badge').textContent(), '2 times')
  for (const row of await rows.allTextContents()) {
    assert.match(row, /\d{4}-\d\d-\d\d \d\d:\d\d UTC\s+Chrome \d+ on Linux · 127\.0\.0\.1/)
  }
  await page.goto(`/devicelogin?user_code=${await userCode()}`)
  await press(page, 'Next')
  await page.getByRole('button', { name: 'Kim Tanaka' }).click()
  await press(page, 'Continue')
  await page.getByRole('link', { name: 'View your sign-ins' }).click()
  await arrive(page)('sign-ins', 'Sign-ins')
  const browserRow = rows.filter({ hasText: 'This session' })
  const told = (await browserRow.textContent()) ?? ''
  const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d UTC`
  assert.match(told, /Browser\s+This session\s+Chrome \d+ on Linux · 127\.0\.0\.1/)
  assert.match(told, new RegExp(`Last used ${time}\\s+Signed in ${time} with password and authenticator app`))
  await page.getByRole('button', { name: /^End Azure CLI since / }).click()
  await until('one sign-in is left', async () => (await rows.count()) === 1)
  await browserRow.waitFor()
  await press(page, 'Sign out everywhere')
  await heading(page, 'You have signed out').waitFor()
})
