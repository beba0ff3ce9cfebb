import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import {
  armScope,
  azClientId,
  codeRequest,
  enterPassword,
  moveRevision,
  openTestPages,
} from '../../../testing/sign-in/test-pages.ts'

async function open(t: TestContext) {
  const pages = await openTestPages()
  t.after(pages.close)
  const alice = await pages.createUser('alice')
  /** Requests a device code. Returns the user code and a function that requests the tokens. */
  const askForCode = async () => {
    const answer = await pages.app.inject({
      method: 'POST',
      url: '/organizations/oauth2/v2.0/devicecode',
      headers: { host: 'login.example:8443', 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ client_id: azClientId, scope: armScope }).toString(),
    })
    const { user_code: userCode, device_code: deviceCode } = answer.json<Record<string, string>>()
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
    const poll = async () => {
      pages.time.nowMs += 10_000
      return (await pages.token({ client_id: azClientId, grant_type, device_code: deviceCode ?? '' })).body
    }
    return { userCode: userCode ?? '', poll }
  }
  return { pages, alice, browser: pages.openBrowser(), askForCode }
}

test('a device gets tokens after the person has entered its code, signed in and confirmed', async (t) => {
  const { browser, askForCode } = await open(t)
  const { userCode, poll } = await askForCode()
  const page = await browser.get('/devicelogin')
  const typed = ` ${userCode.slice(0, 4).toLowerCase()} ${userCode.slice(4)} `
  const first = await browser.submit(page, '/devicelogin', { user_code: typed })
  assert.equal(first.heading, 'Sign in')
  const nextPage = await enterPassword(browser, first, 'alice')
  assert.equal(nextPage.heading, 'Sign in to Azure CLI?')
  assert.match(nextPage.text, /Requested from<\/dt>\s*<dd>127\.0\.0\.1</)
  assert.equal((await poll())['error'], 'authorization_pending')
  const done = await browser.submit(nextPage, '/sign-in/answer', { decision: 'accept' })
  assert.equal(done.heading, 'You have signed in')
  assert.match((await poll())['access_token'] ?? '', /^ey/)
  assert.equal(
    (await browser.submit(nextPage, '/sign-in/answer', { decision: 'accept' })).heading,
    'The code has expired',
  )
})

test('fault 15: a code expires after exactly ten minutes', async (t) => {
  const { pages, askForCode } = await open(t)
  for (const [afterMs, heading] of [
    [600_000 - 1, 'Sign in'],
    [600_000, 'Enter code'],
  ] as const) {
    const { userCode } = await askForCode()
    const browser = pages.openBrowser()
    const page = await browser.get('/devicelogin')
    pages.time.nowMs += afterMs
    assert.equal((await browser.submit(page, '/devicelogin', { user_code: userCode })).heading, heading)
  }
})

test('a code in the address is filled in but not submitted, even if a person is signed in', async (t) => {
  const { browser, askForCode } = await open(t)
  await enterPassword(browser, await browser.get(codeRequest().url), 'alice')
  const { userCode, poll } = await askForCode()
  const page = await browser.get(`/devicelogin?user_code=${userCode}`)
  assert.equal(page.heading, 'Enter code')
  assert.ok(page.text.includes(`value="${userCode}"`))
  assert.doesNotMatch(page.text, /<script/)
  const choice = await browser.submit(page, '/devicelogin', { user_code: userCode })
  assert.equal(choice.heading, 'Pick an account', 'a single account is not selected automatically')
  assert.equal((await poll())['error'], 'authorization_pending')
})

test('a declined device gets authorization_declined', async (t) => {
  const { alice, browser, askForCode } = await open(t)
  const { userCode, poll } = await askForCode()
  const submit = async () => browser.submit(await browser.get('/devicelogin'), '/devicelogin', { user_code: userCode })
  const nextPage = await enterPassword(browser, await submit(), 'alice')
  assert.ok(nextPage.text.includes(alice.userPrincipalName))
  const declined = await browser.submit(nextPage, '/sign-in/answer', { decision: 'decline' })
  assert.equal(declined.heading, 'Sign-in cancelled')
  assert.equal((await poll())['error'], 'authorization_declined')
})

test('an incorrect and an expired code get the same answer, and guesses are limited', async (t) => {
  const { pages, browser, askForCode } = await open(t)
  const { userCode } = await askForCode()
  const page = await browser.get('/devicelogin')
  const messageFor = async (code: string) => {
    const { status, text } = await browser.submit(page, '/devicelogin', { user_code: code })
    return `${status} ${text.replaceAll(/value="[^"]*"/g, '')}`
  }
  const rejections = async () => {
    const events = sql<{
      reason: string
    }>`select reason from audit_event where action = 'sign-in.device-code' and outcome = 'refused' order by seq`
    return (await events.execute(pages.database.tables())).rows.map(({ reason }) => reason)
  }
  const wrong = await messageFor('BCDFGHJKL')
  assert.match(wrong, /^400 .*Incorrect/s)
  pages.time.nowMs += 16 * 60_000
  assert.equal(await messageFor(userCode), wrong)
  assert.equal(await messageFor('x'.repeat(500)), wrong.replace(/maxlength/, 'maxlength'))
  assert.deepEqual(await rejections(), ['wrong', 'wrong', 'wrong'])
  let status = 0
  for (let guess = 0; guess < 200 && status !== 429; guess++) {
    status = (await browser.submit(page, '/devicelogin', { user_code: `BCDF${guess}` })).status
  }
  assert.equal(status, 429)
  assert.equal((await rejections()).at(-1), 'throttled')
  const { rows } = await sql`select detail, target, actor_id from audit_event`.execute(pages.database.tables())
  assert.ok(!JSON.stringify(rows).includes(userCode), 'no code is recorded')
})

test('a request for a device code counts once, however often the authority revision moves', async (t) => {
  const { pages, askForCode } = await open(t)
  const movesLeft = moveRevision(pages.database, 3)
  let codes = 0
  while ((await askForCode()).userCode !== '') codes += 1
  assert.equal(movesLeft(), 0)
  assert.equal(codes, 120)
})

test('the confirmation of a device counts once, however often the authority revision moves', async (t) => {
  /** How many pages of a device its browser can open after the confirmation. */
  const pagesAfter = async (moves: number) => {
    const { pages, browser, askForCode } = await open(t)
    const enter = async (userCode: string) =>
      browser.submit(await browser.get('/devicelogin'), '/devicelogin', { user_code: userCode })
    const other = await askForCode()
    const page = await enterPassword(browser, await enter((await askForCode()).userCode), 'alice')
    const movesLeft = moveRevision(pages.database, moves)
    const done = await browser.submit(page, '/sign-in/answer', { decision: 'accept' })
    assert.deepEqual([done.heading, movesLeft()], ['You have signed in', 0])
    const { url } = await enter(other.userCode)
    let count = 0
    while ((await browser.get(url)).status === 200) count += 1
    return count
  }
  assert.equal(await pagesAfter(3), await pagesAfter(0))
})
