import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, type TestContext, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { armScope, expectStatus, graph } from '../harness/arm.ts'
import { accessibilityTree, browserFor } from '../harness/browser.ts'
import { form, request } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { assertContrast } from './contrast.ts'

const server = await startServer()
const browser = browserFor(server)
after(async () => {
  await browser[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const { userPrincipalName, password } = server.firstRun.owner
const azClientId = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'

/** A program that waits on loopback for the redirect with a code, as az does. */
async function startProgram(t: TestContext) {
  const arrived = Promise.withResolvers<URL>()
  const posted = Promise.withResolvers<URLSearchParams>()
  const listener = createServer((incoming, answer) => {
    const url = new URL(incoming.url ?? '/', 'http://localhost')
    if (incoming.method === 'POST') void text(incoming).then((body) => posted.resolve(new URLSearchParams(body)))
    if (url.pathname === '/') arrived.resolve(url)
    answer.setHeader('content-type', 'text/html').end('<title>Program</title>You may close this window.')
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.after(() => {
    listener.close()
    listener.closeAllConnections()
  })
  const address = listener.address()
  const redirectUri = `http://localhost:${typeof address === 'object' && address !== null ? address.port : 0}`
  const verifier = randomBytes(32).toString('base64url')
  const url = (change: Record<string, string> = {}) =>
    `/organizations/oauth2/v2.0/authorize?${new URLSearchParams({
      client_id: azClientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: `${armScope} offline_access openid profile`,
      state: 'the state',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      nonce: 'n',
      ...change,
    }).toString()}`
  return { url, arrived: arrived.promise, posted: posted.promise, redirectUri, verifier }
}

/** A page that reports everything that its security policy or the network blocks. */
async function openPage(t: TestContext, context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  const trouble: string[] = []
  page.on('console', (message) => {
    // Chromium reports every failed response, and a field that had the focus before autofocus. Everything else is a fault.
    const isCommon = /^(?:Failed to load resource: the server responded|Autofocus processing was blocked)/
    if (!isCommon.test(message.text())) trouble.push(message.text())
  })
  page.on('pageerror', (error) => trouble.push(error.message))
  t.after(() => assert.deepEqual(trouble, []))
  return page
}

const focused = (page: Page) => page.evaluate('document.activeElement.id || document.activeElement.textContent.trim()')

/** Waits until the element with this id or text has the focus. The browser sets it with the first rendering of the page. */
async function untilFocused(page: Page, name: string): Promise<void> {
  await until(`the focus is on ${name}`, async () => (await focused(page)) === name)
}

/** Presses Tab until the element with this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 20; presses++) {
    if ((await focused(page)) === name) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`the keyboard does not reach ${name}`)
}

function signInTest(title: string, body: (t: TestContext) => Promise<void>): void {
  test(title, async (t) => {
    if (browser.isThere(t)) await body(t)
  })
}

signInTest('a person signs in to az with only the keyboard, and az redeems the code', async (t) => {
  await using context = await browser.newContext()
  const page = await openPage(t, context)
  const program = await startProgram(t)
  await page.goto(program.url({ prompt: 'select_account' }))
  await untilFocused(page, 'username')
  await page.keyboard.type(userPrincipalName)
  await page.keyboard.press('Enter')
  await page.waitForSelector('[aria-invalid]')
  // The first invalid field has the focus.
  await untilFocused(page, 'password')
  await page.keyboard.type(password)
  await tabTo(page, 'Sign in')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Sign in to Azure CLI?' }).waitFor()
  await tabTo(page, 'Continue')
  await page.keyboard.press('Space')
  const arrived = await program.arrived
  assert.equal(arrived.searchParams.get('state'), 'the state')
  await page.waitForURL(`${program.redirectUri}/**`)
  const answer = await request({
    method: 'POST',
    url: `${server.baseUrl}/organizations/oauth2/v2.0/token`,
    caFile: server.caFile,
    ...form({
      client_id: azClientId,
      grant_type: 'authorization_code',
      code: arrived.searchParams.get('code') ?? '',
      redirect_uri: program.redirectUri,
      code_verifier: program.verifier,
    }),
  })
  assert.match(stringAt(expectStatus(answer, 200).json(), 'id_token'), /^ey/)
})

signInTest('every password page works without scripts', async (t) => {
  await using context = await browser.newContext({ javaScriptEnabled: false })
  const page = await openPage(t, context)
  const program = await startProgram(t)
  await page.goto(program.url())
  await page.getByLabel('User name').fill(userPrincipalName)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
  assert.ok((await program.arrived).searchParams.has('code'))
  await page.waitForURL(`${program.redirectUri}/**`)
  await page.goto('/account/security')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'You have signed out' }).waitFor()
})

signInTest(
  'a registered application gets its response in a form, which a script submits if scripts are enabled',
  async (t) => {
    for (const javaScriptEnabled of [true, false]) {
      const program = await startProgram(t)
      const web = { redirectUris: [program.redirectUri] }
      const made = await graph(server, 'POST', '/applications', { displayName: 'Wiki', web })
      const appId = stringAt(expectStatus(made, 201).json(), 'appId')
      expectStatus(await graph(server, 'POST', '/servicePrincipals', { appId }), 201)
      await using context = await browser.newContext({ javaScriptEnabled })
      const page = await openPage(t, context)
      await page.goto(program.url({ client_id: appId, response_mode: 'form_post', state: '"><b>&' }))
      await page.getByLabel('User name').fill(userPrincipalName)
      await page.getByLabel('Password').fill(password)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('heading', { name: 'Permissions requested' }).waitFor()
      await page.getByRole('button', { name: 'Accept' }).click()
      if (!javaScriptEnabled) await page.getByRole('button', { name: 'Continue' }).click()
      await program.arrived
      const posted = await program.posted
      assert.equal(posted.get('state'), '"><b>&')
      assert.match(posted.get('code') ?? '', /^\S{20,}$/)
    }
  },
)

signInTest('cancelling returns access_denied to the client', async (t) => {
  await using context = await browser.newContext()
  const page = await openPage(t, context)
  const program = await startProgram(t)
  await page.goto(program.url())
  await page.getByRole('button', { name: 'Cancel' }).click()
  assert.equal((await program.arrived).searchParams.get('error'), 'access_denied')
})

signInTest('a screen reader announces every field, its hint and its error', async (t) => {
  await using context = await browser.newContext()
  const page = await openPage(t, context)
  const program = await startProgram(t)
  await page.goto(program.url())
  const tree = (await accessibilityTree(page))
    .replaceAll(/\/url: \S+/g, '/url: …')
    .replaceAll(/localhost:\d+/g, 'localhost')
  assert.equal(
    tree,
    `- main:
  - paragraph: Acrux
  - heading "Sign in" [level=1]
  - paragraph:
    - text: to continue to
    - strong: Azure CLI
  - text: User name
  - textbox "User name"
  - text: Password
  - textbox "Password"
  - button "Sign in"
  - button "Cancel"
  - list:
    - listitem:
      - link "Sign in with a passkey":
        - /url: …
- contentinfo: You are at localhost`,
  )
  await page.getByLabel('User name').fill(userPrincipalName)
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').waitFor()
  assert.match(await page.title(), /^Error: /)
  assert.match((await page.getByRole('alert').textContent()) ?? '', /Incorrect/)
  assert.equal(await page.getByLabel('Password').inputValue(), '', 'a password is never sent back')
  await page.goto('/devicelogin')
  await page.getByRole('button', { name: 'Next' }).click()
  await page.waitForSelector('[aria-invalid]')
  const described = "document.getElementById(document.getElementById('user_code').getAttribute('aria-describedby'))"
  const description = await page.evaluate(`${described}.textContent`)
  assert.equal(description, 'Enter the code.')
})

signInTest('text has enough contrast, in light and dark mode', async (t) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    await using context = await browser.newContext({ colorScheme })
    const page = await openPage(t, context)
    await page.goto('/account/security')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('Enter your user name.').waitFor()
    await assertContrast(page, colorScheme)
  }
})

signInTest('the pages fit a phone and a desktop, in light and dark mode', async (t) => {
  const folder = process.env['ACRUX_TEST_PICTURES']
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  const looks = [
    ['light', 1280, 800],
    ['dark', 1280, 800],
    ['phone', 360, 740],
  ] as const
  for (const [look, width, height] of looks) {
    await using context = await browser.newContext({
      viewport: { width, height },
      colorScheme: look === 'dark' ? 'dark' : 'light',
    })
    const page = await openPage(t, context)
    const program = await startProgram(t)
    const shoot = async (name: string) => {
      await page.waitForLoadState()
      if (folder !== undefined) await page.screenshot({ path: join(folder, `${look}-${name}.png`), fullPage: true })
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      await assertContrast(page, `${look}-${name}`)
      assert.equal(overflow, 0, `${name} is wider than the ${look} screen`)
    }
    await page.goto(program.url())
    await page.getByLabel('User name').fill(userPrincipalName)
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').waitFor()
    await shoot('wrong-password')
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'Continue' }).waitFor()
    await shoot('confirm')
    await page.goto(program.url({ prompt: 'select_account' }))
    await shoot('choose')
    await page.goto(program.url({ redirect_uri: 'https://evil.example' }))
    await shoot('error')
    for (const name of ['security', 'password', 'sign-ins']) {
      await page.goto(`/account/${name}`)
      await shoot(name)
    }
    await page.goto('/account/security')
    await page.getByRole('button', { name: 'Set up an app' }).click()
    await page.getByRole('img', { name: 'QR code' }).waitFor()
    await shoot('authenticator')
    await page.getByLabel('Code').fill('1')
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.waitForSelector('[aria-invalid]')
    await untilFocused(page, 'code')
    await shoot('wrong-first-code')
    await page.goto('/devicelogin?user_code=ABCD1234')
    await shoot('device')
  }
})
