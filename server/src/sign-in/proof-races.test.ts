import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { User } from '../directory/index.ts'
import type { DatabaseKind } from '../platform/sql/database.ts'
import { Secret, TOTP } from 'otpauth'
import { testDatabaseKinds } from '../platform/sql/test-database.ts'
import { enterPassword, openTestPages, passwordOf } from './test-pages.ts'

const given = 'nine copper bells'
const chosen = 'seven brass kettles'

async function open(t: TestContext, kind: DatabaseKind) {
  const pages = await openTestPages({ kind })
  t.after(pages.close)
  const { directory } = pages
  /** Has an administrator reset the password as soon as the pages were told what they ask for. */
  const resetAfter = <Method extends string>(asked: Readonly<Record<Method, unknown>>, method: Method, user: User) => {
    const ask = asked[method] as (...parameters: unknown[]) => Promise<unknown>
    const askAndReset = async (...parameters: unknown[]) => {
      const answer = await ask(...parameters)
      Object.assign(asked, { [method]: ask })
      await pages.resetPassword(user, given)
      return answer
    }
    Object.assign(asked, { [method]: askAndReset })
  }
  const proves = async (name: string, password: string) => {
    const claim = { userPrincipalName: `${name}@contoso.example`, password, remoteAddress: '198.51.100.7' }
    return (await directory.checkPassword(claim)).outcome === 'proved'
  }
  return { pages, browser: pages.openBrowser(), resetAfter, proves }
}

for (const kind of testDatabaseKinds) {
  test(`a password that is reset while it is checked signs nobody in (${kind})`, async (t) => {
    const { pages, browser, resetAfter } = await open(t, kind)
    const alice = await pages.createUser('alice')
    resetAfter(pages.directory, 'checkPassword', alice)
    const page = await enterPassword(browser, await browser.get('/account/security'), 'alice')
    assert.deepEqual([page.status, page.heading], [400, 'Your sign-in is no longer valid'])
    assert.equal((await browser.get('/account/security')).heading, 'Sign in')
    assert.deepEqual(await pages.directory.signInsOf(alice.objectId), [])
  })

  test(`a password that a person has to choose does not take the place of one that was given meanwhile (${kind})`, async (t) => {
    const { pages, browser, resetAfter, proves } = await open(t, kind)
    const bob = await pages.createUser('bob', { mustChangePassword: true })
    const page = await enterPassword(browser, await browser.get('/account/security'), 'bob')
    assert.equal(page.heading, 'Choose a new password')
    resetAfter(pages.directory, 'preparePassword', bob)
    const fields = { 'new-password': chosen, repeated: chosen }
    const answer = await browser.submit(page, '/sign-in/new-password', fields)
    assert.deepEqual([answer.status, answer.heading], [400, 'Your sign-in is no longer valid'])
    assert.equal(await proves('bob', given), true)
    assert.deepEqual(await pages.directory.signInsOf(bob.objectId), [])
  })

  test(`nor does one that a person changes on their own page (${kind})`, async (t) => {
    const { pages, browser, resetAfter, proves } = await open(t, kind)
    const alice = await pages.createUser('alice')
    await enterPassword(browser, await browser.get('/account/security'), 'alice')
    const page = await browser.get('/account/password')
    resetAfter(pages.directory, 'preparePassword', alice)
    const fields = { current: passwordOf('alice'), 'new-password': chosen, repeated: chosen }
    const answer = await browser.submit(page, '/account/password', fields)
    assert.deepEqual([answer.status, answer.heading], [400, 'Your sign-in is no longer valid'])
    assert.equal(await proves('alice', given), true)
    assert.deepEqual(await pages.directory.signInsOf(alice.objectId), [])
  })

  test(`nothing is added to prove oneself with by a session that a reset has ended (${kind})`, async (t) => {
    const { pages, browser, resetAfter } = await open(t, kind)
    const alice = await pages.createUser('alice')
    const { secondFactors } = pages.directory
    const security = await enterPassword(browser, await browser.get('/account/security'), 'alice')
    const shown = await browser.submit(security, '/account/security/authenticator/new')
    const secret = /<p class="secret">([A-Z2-7 ]+)<\/p>/.exec(shown.text)?.[1]?.replaceAll(' ', '') ?? ''
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: pages.time.nowMs })
    resetAfter(secondFactors, 'of', alice)
    const answer = await browser.submit(shown, '/account/security/authenticator', { code })
    assert.deepEqual([answer.status, answer.heading], [400, 'Your sign-in is no longer valid'])
    const held = await secondFactors.of(alice.objectId)
    assert.deepEqual(held, { totp: false, passkeys: 0, recoveryCodes: 0 })
  })
}
