import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { browserFor } from '../harness/browser.ts'
import { startServer } from '../harness/server.ts'
import { addAuthenticator, credentialsOf } from './virtual-authenticator.ts'

const server = await startServer()
const browser = browserFor(server)
after(async () => {
  await browser[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

/** Signs out, and waits until the server has done so. */
async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await heading(page, 'You have signed out').waitFor()
}

async function enterPassword(page: Page, { userPrincipalName, password } = server.firstRun.owner): Promise<void> {
  await page.getByLabel('User name').fill(userPrincipalName)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true, level: 1 })

async function openPage(t: TestContext, context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  const blocked: string[] = []
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) blocked.push(message.text())
  })
  t.after(() => assert.deepEqual(blocked, []))
  return page
}

test('a person adds a passkey, signs in with it alone and as a second factor, and removes it', async (t) => {
  if (!browser.isThere(t)) return
  await using context = await browser.newContext()
  const page = await openPage(t, context)
  const authenticator = await addAuthenticator(page)

  await page.goto('/account/security')
  await enterPassword(page)
  await page.getByRole('link', { name: 'Add a passkey' }).click()
  await page.getByLabel('Name').fill('My <laptop>')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await heading(page, 'Your recovery codes').waitFor()
  await page.waitForLoadState()
  assert.equal(await page.locator('code').count(), 10)
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 800 })
    const lines = "[...document.querySelectorAll('code')].map((code) => code.getClientRects().length)"
    assert.deepEqual(await page.evaluate(lines), Array(10).fill(1), `a code is on one line where there are ${width}`)
  }
  await page.getByRole('link', { name: 'I have saved the codes' }).click()
  await page.getByText('My <laptop>').waitFor()
  const [made] = await credentialsOf(authenticator)
  assert.equal(made?.rpId, 'localhost')

  await page.getByRole('link', { name: 'Add a passkey' }).click()
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByText('This device already has a passkey for your account.').waitFor()

  await page.goto('/account/security')
  await signOut(page)

  await page.goto('/account/security')
  await page.getByRole('link', { name: 'Sign in with a passkey' }).click()
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await heading(page, 'Security').waitFor()
  assert.ok(((await credentialsOf(authenticator))[0]?.signCount ?? 0) > made.signCount)

  await page.goto('/account/sign-ins')
  await page.getByText('with passkey').waitFor()
  await signOut(page)

  await page.goto('/account/security')
  await enterPassword(page)
  await heading(page, 'Use a passkey').waitFor()
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await heading(page, 'Security').waitFor()

  await page.getByRole('link', { name: 'Remove My <laptop>' }).click()
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('You sign in with only your password.').waitFor()
  await signOut(page)
  await page.goto('/account/security')
  await page.getByRole('link', { name: 'Sign in with a passkey' }).click()
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await page.getByRole('alert').getByText('Unknown passkey').waitFor()
})

test('a person who needs a second factor at the next sign-in sets up a passkey there, and signs in with it', async (t) => {
  if (!browser.isThere(t)) return
  await using strict = await startServer({ args: ['--identity-require-second-factor', 'all'] })
  await using ownBrowser = browserFor(strict)
  await using context = await ownBrowser.newContext()
  const page = await openPage(t, context)
  const authenticator = await addAuthenticator(page)

  await page.goto('/account/security')
  await enterPassword(page, strict.firstRun.owner)
  await heading(page, 'Set up a second factor').waitFor()
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByLabel('Name').fill('My laptop')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await heading(page, 'Your recovery codes').waitFor()
  assert.equal((await credentialsOf(authenticator)).length, 1)
  await page.getByRole('link', { name: 'I have saved the codes' }).click()
  await page.getByText('My laptop').waitFor()
  await signOut(page)

  await page.goto('/account/security')
  await enterPassword(page, strict.firstRun.owner)
  await heading(page, 'Use a passkey').waitFor()
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await heading(page, 'Security').waitFor()
})

test('a passkey without user verification does not sign in alone', async (t) => {
  if (!browser.isThere(t)) return
  await using context = await browser.newContext()
  const page = await openPage(t, context)
  const authenticator = await addAuthenticator(page, { hasUserVerification: false })
  await page.goto('/account/security')
  await enterPassword(page)
  await page.getByRole('link', { name: 'Add a passkey' }).click()
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await heading(page, 'Your recovery codes').waitFor()
  assert.equal((await credentialsOf(authenticator)).length, 1)
  await page.goto('/account/security')
  await signOut(page)

  await page.goto('/account/security')
  await page.getByRole('link', { name: 'Sign in with a passkey' }).click()
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await page.getByText('No passkey was used.').waitFor()
  await page.getByRole('link', { name: 'Use a password' }).click()
  await enterPassword(page)
  await heading(page, 'Use a passkey').waitFor()
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await heading(page, 'Security').waitFor()

  await page.getByRole('link', { name: /^Remove / }).click()
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('You sign in with only your password.').waitFor()
})

test('a passkey can be used when the script loads slowly, and the button then has the focus', async (t) => {
  if (!browser.isThere(t)) return
  await using context = await browser.newContext()
  const page = await openPage(t, context)
  const late = Promise.withResolvers<void>()
  await page.route('**/sign-in/passkey.*.js', async (route) => {
    await late.promise
    await route.continue()
  })
  await page.goto('/account/security')
  await page.getByRole('link', { name: 'Sign in with a passkey' }).click()
  const button = page.getByRole('button', { name: 'Use a passkey' })
  await button.waitFor()
  assert.equal(await button.isDisabled(), true)
  const pressed = button.click()
  late.resolve()
  await pressed
  // A browser without an authenticator may report an error before the status text can be read.
  await page.getByText(/Follow the instructions in your browser\.|No passkey was used\./).waitFor()
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Use a passkey')
})

test('a signature of a passkey is accepted once, in its browser and for its challenge', async (t) => {
  if (!browser.isThere(t)) return
  await using context = await browser.newContext()
  const page = await openPage(t, context)
  await addAuthenticator(page)
  await page.goto('/account/security')
  await enterPassword(page)
  await page.getByRole('link', { name: 'Add a passkey' }).click()
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await heading(page, 'Your recovery codes').waitFor()
  await page.goto('/account/security')
  await signOut(page)

  await page.goto('/account/security')
  await page.getByRole('link', { name: 'Sign in with a passkey' }).click()
  const sent = page.waitForRequest((asked) => asked.method() === 'POST')
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  const body = new URLSearchParams((await sent).postData() ?? '')
  await heading(page, 'Security').waitFor()

  /** Submits the signature with the form of another browser. */
  const replay = async (where: BrowserContext, withChallenge: boolean): Promise<string> => {
    const other = await where.newPage()
    await other.goto('/sign-out')
    await other.goto('/account/security')
    if (await other.getByRole('button', { name: 'Sign out' }).isVisible()) {
      await signOut(other)
      await other.goto('/account/security')
    }
    await other.getByRole('link', { name: 'Sign in with a passkey' }).click()
    const challenge = body.get('challenge') ?? ''
    const credential = body.get('credential') ?? ''
    const fill = async (name: string, value: string) => {
      // After navigation, the page may not be loaded completely.
      await other.locator(`[name=${name}]`).waitFor({ state: 'attached' })
      await other.evaluate(`document.querySelector('[name=${name}]').value = ${JSON.stringify(value)}`)
    }
    await fill('credential', credential)
    if (withChallenge) await fill('challenge', challenge)
    await other.getByRole('button', { name: 'Use a passkey' }).click()
    return (await other.getByRole('alert').textContent()) ?? ''
  }
  assert.match(await replay(context, true), /Unknown passkey/, 'the same signature again')
  await using stranger = await browser.newContext()
  assert.match(await replay(stranger, false), /Unknown passkey/, 'the signature for another challenge')
  assert.match(await replay(stranger, true), /Unknown passkey/, 'the challenge of another browser')
})
