import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createTestAuthenticator } from '../../../testing/sign-in/test-authenticator.ts'
import {
  type FormBrowser,
  type TestPage,
  codeRequest,
  enterPassword,
  openTestPages,
  testOrigin,
} from '../../../testing/sign-in/test-pages.ts'

const minuteMs = 60_000

/** Alice with a passkey, in a browser from which she has signed out. */
async function open(t: TestContext) {
  const pages = await openTestPages()
  t.after(pages.close)
  const alice = await pages.createUser('alice')
  await pages.createUser('bob')
  const authenticator = await addPasskey(pages.openBrowser(), 'alice')
  return { pages, alice, authenticator, browser: pages.openBrowser() }
}

async function addPasskey(browser: FormBrowser, name: string) {
  const authenticator = createTestAuthenticator({ rpId: 'login.example', origin: testOrigin })
  await enterPassword(browser, await browser.get('/account/security'), name)
  const page = await browser.get('/account/security/passkey')
  const credential = authenticator.create(page)
  const added = await browser.submit(page, '/account/security/passkey', { credential })
  assert.equal(added.heading, 'Your recovery codes')
  return authenticator
}

/** The page that asks for a passkey instead of a password. */
async function askForPasskey(browser: FormBrowser): Promise<TestPage> {
  const { text } = await browser.get(codeRequest().url)
  const [, link = ''] = /href="(\/sign-in\/passkey\?flow=[\w-]+)"/.exec(text) ?? []
  return browser.get(link)
}

const send = (browser: FormBrowser, page: TestPage, credential: string, challenge?: string) =>
  browser.submit(page, '/sign-in/passkey', { credential, ...(challenge === undefined ? {} : { challenge }) })

const challengeOf = ({ text }: TestPage) => /name="challenge" value="([^"]*)"/.exec(text)?.[1] ?? ''

function assertRejected(result: TestPage, why = ''): void {
  assert.equal(result.status, 400, why)
  assert.match(result.text, /Unknown passkey/, why)
}

test('a passkey signs its person in, alone or as a second factor', async (t) => {
  const { authenticator, browser, pages } = await open(t)
  const page = await askForPasskey(browser)
  assert.equal((await send(browser, page, authenticator.get(page))).heading, 'Sign in to Azure CLI?')
  const other = pages.openBrowser()
  const nextPage = await enterPassword(other, await other.get(codeRequest().url), 'alice')
  assert.equal(nextPage.heading, 'Use a passkey')
  const result = await send(other, nextPage, authenticator.get(nextPage, { isVerified: false }))
  assert.equal(result.heading, 'Sign in to Azure CLI?')
})

test('a signature of a passkey is accepted once, even though its counter stays at zero [WebAuthn §13.4.3]', async (t) => {
  const { authenticator, browser } = await open(t)
  const page = await askForPasskey(browser)
  const credential = authenticator.get(page)
  assert.equal((await send(browser, page, credential)).heading, 'Sign in to Azure CLI?')
  assertRejected(await send(browser, page, credential))
})

test('one of ten concurrent requests with the same signature is accepted', async (t) => {
  const { authenticator, browser } = await open(t)
  const page = await askForPasskey(browser)
  const credential = authenticator.get(page)
  const result = await Promise.all(Array.from({ length: 10 }, () => send(browser, page, credential)))
  assert.equal(result.filter(({ heading }) => heading === 'Sign in to Azure CLI?').length, 1)
})

test('a challenge is valid for one browser, for five minutes and for one purpose', async (t) => {
  const { authenticator, browser, pages } = await open(t)
  const page = await askForPasskey(browser)
  const stranger = pages.openBrowser()
  const theirs = await askForPasskey(stranger)
  assertRejected(await send(stranger, theirs, authenticator.get(page), challengeOf(page)), 'another browser')
  assertRejected(await send(browser, page, authenticator.get(page), challengeOf(theirs)), 'another challenge')

  const making = pages.openBrowser()
  const asking = await askForPasskey(making)
  await enterPassword(making, await making.get('/account/security'), 'bob')
  const adding = await making.get('/account/security/passkey')
  assertRejected(
    await send(making, asking, authenticator.get(adding), challengeOf(adding)),
    'a challenge to create a passkey',
  )
  const made = createTestAuthenticator({ rpId: 'login.example', origin: testOrigin }).create(asking)
  const form = { credential: made, challenge: challengeOf(asking) }
  assert.equal((await making.submit(adding, '/account/security/passkey', form)).status, 400, 'a challenge to sign in')
})

test('fault 15: a challenge expires after exactly five minutes, to sign in and to create a passkey', async (t) => {
  const { authenticator, pages } = await open(t)
  for (const [afterMs, isTaken] of [
    [5 * minuteMs, false],
    [5 * minuteMs - 1, true],
  ] as const) {
    const browser = pages.openBrowser()
    const page = await askForPasskey(browser)
    const making = pages.openBrowser()
    await enterPassword(making, await making.get('/account/security'), 'bob')
    const adding = await making.get('/account/security/passkey')
    const made = createTestAuthenticator({ rpId: 'login.example', origin: testOrigin }).create(adding)
    pages.time.nowMs += afterMs
    const result = await send(browser, page, authenticator.get(page))
    if (isTaken) assert.equal(result.heading, 'Sign in to Azure CLI?')
    else assertRejected(result, 'five minutes later')
    const { status } = await making.submit(adding, '/account/security/passkey', { credential: made })
    assert.equal(status, isTaken ? 200 : 400)
  }
})

test('a signature for another origin, another person or another purpose is rejected', async (t) => {
  const { authenticator, browser } = await open(t)
  for (const change of [
    { origin: 'https://evil.example' },
    { origin: 'https://login.example' },
    { type: 'webauthn.create' },
    { userHandle: Buffer.alloc(16).toString('base64url') },
  ]) {
    const page = await askForPasskey(browser)
    assertRejected(await send(browser, page, authenticator.get(page, change)), JSON.stringify(change))
  }
  const page = await askForPasskey(browser)
  const other = createTestAuthenticator({ rpId: 'login.example', origin: testOrigin })
  const forged = JSON.parse(other.get(page)) as { id: string; rawId: string }
  const { id, rawId } = JSON.parse(authenticator.get(page)) as typeof forged
  assertRejected(await send(browser, page, JSON.stringify({ ...forged, id, rawId })), 'another key')
})

test('a passkey without user verification does not sign in alone', async (t) => {
  const { authenticator, browser } = await open(t)
  const page = await askForPasskey(browser)
  assertRejected(await send(browser, page, authenticator.get(page, { isVerified: false })))
})

test('a passkey is a second factor of its own person only', async (t) => {
  const { authenticator, browser, pages } = await open(t)
  await addPasskey(pages.openBrowser(), 'bob')
  const page = await enterPassword(browser, await browser.get(codeRequest().url), 'bob')
  assert.equal(page.heading, 'Use a passkey')
  assertRejected(await send(browser, page, authenticator.get(page)))
})

test('a passkey signs in neither a disabled person nor a person of an external provider', async (t) => {
  const { authenticator, browser, pages, alice } = await open(t)
  const change = (columns: { enabled?: number; external?: number }) =>
    pages.database.transaction((transaction) =>
      transaction
        .tables<{ directory_user: { object_id: string; enabled: number; external: number } }>()
        .updateTable('directory_user')
        .set(columns)
        .where('object_id', '=', alice.objectId)
        .execute(),
    )
  await change({ enabled: 0 })
  const page = await askForPasskey(browser)
  assert.equal((await send(browser, page, authenticator.get(page))).heading, 'Your account is disabled')
  await change({ enabled: 1, external: 1 })
  const again = await askForPasskey(browser)
  assertRejected(await send(browser, again, authenticator.get(again)))
})
