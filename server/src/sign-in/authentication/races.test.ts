import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { User } from '../../directory/index.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { Secret, TOTP } from 'otpauth'
import { testDatabaseKinds } from '../../platform/sql/test-database.ts'
import { type TestPage, enterPassword, openTestPages, passwordOf } from '../test-pages.ts'

const given = 'nine copper bells'
const chosen = 'seven brass kettles'

async function open(t: TestContext, kind: DatabaseKind, required: 'none' | 'all' = 'none') {
  const pages = await openTestPages({ kind, secondFactorPolicy: { required, enrolment: 'self' } })
  t.after(pages.close)
  const { credentials } = pages
  /** Runs a change immediately after a page has read from the directory. */
  const doAfter = <Method extends string>(
    target: Readonly<Record<Method, unknown>>,
    method: Method,
    act: () => Promise<unknown>,
  ) => {
    const original = target[method] as (...parameters: unknown[]) => Promise<unknown>
    const callAndAct = async (...parameters: unknown[]) => {
      const answer = await original(...parameters)
      Object.assign(target, { [method]: original })
      await act()
      return answer
    }
    Object.assign(target, { [method]: callAndAct })
  }
  /** Resets the password at that moment. */
  const resetAfter = <Method extends string>(target: Readonly<Record<Method, unknown>>, method: Method, user: User) => {
    doAfter(target, method, () => pages.resetPassword(user, given))
  }
  /** Adds a passkey at that moment, as in another browser. */
  const addPasskey = ({ objectId }: User) => {
    const key = { credentialId: 'c', publicKey: new Uint8Array([1]), counter: 0, transports: [], displayName: 'own' }
    return pages.change((transaction) => credentials.secondFactors.addPasskey(transaction, { objectId, ...key }))
  }
  const canSignIn = async (name: string, password: string) => {
    const claim = { userPrincipalName: `${name}@contoso.example`, password, remoteAddress: '198.51.100.7' }
    return (await credentials.checkPassword(claim)).outcome === 'verified'
  }
  return { pages, browser: pages.openBrowser(), doAfter, resetAfter, addPasskey, canSignIn }
}

const codeFor = (shown: TestPage, timestamp: number) => {
  const secret = /<p class="secret">([A-Z2-7 ]+)<\/p>/.exec(shown.text)?.[1]?.replaceAll(' ', '') ?? ''
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp })
}

for (const kind of testDatabaseKinds) {
  test(`a password that is reset during its check does not sign in (${kind})`, async (t) => {
    const { pages, browser, resetAfter } = await open(t, kind)
    const alice = await pages.createUser('alice')
    resetAfter(pages.credentials, 'checkPassword', alice)
    const page = await enterPassword(browser, await browser.get('/account/security'), 'alice')
    assert.deepEqual([page.status, page.heading], [400, 'Your sign-in is no longer valid'])
    assert.equal((await browser.get('/account/security')).heading, 'Sign in')
    assert.deepEqual(await pages.credentials.signInsOf(alice.objectId), [])
  })

  test(`a required new password does not replace a password that was reset in the meantime (${kind})`, async (t) => {
    const { pages, browser, resetAfter, canSignIn } = await open(t, kind)
    const bob = await pages.createUser('bob', { mustChangePassword: true })
    const page = await enterPassword(browser, await browser.get('/account/security'), 'bob')
    assert.equal(page.heading, 'Choose a new password')
    resetAfter(pages.credentials, 'preparePassword', bob)
    const fields = { 'new-password': chosen, repeated: chosen }
    const answer = await browser.submit(page, '/sign-in/new-password', fields)
    assert.deepEqual([answer.status, answer.heading], [400, 'Your sign-in is no longer valid'])
    assert.equal(await canSignIn('bob', given), true)
    assert.deepEqual(await pages.credentials.signInsOf(bob.objectId), [])
  })

  test(`a password change does not replace a password that was reset in the meantime (${kind})`, async (t) => {
    const { pages, browser, resetAfter, canSignIn } = await open(t, kind)
    const alice = await pages.createUser('alice')
    await enterPassword(browser, await browser.get('/account/security'), 'alice')
    const page = await browser.get('/account/password')
    resetAfter(pages.credentials, 'preparePassword', alice)
    const fields = { current: passwordOf('alice'), 'new-password': chosen, repeated: chosen }
    const answer = await browser.submit(page, '/account/password', fields)
    assert.deepEqual([answer.status, answer.heading], [400, 'Your sign-in is no longer valid'])
    assert.equal(await canSignIn('alice', given), true)
    assert.deepEqual(await pages.credentials.signInsOf(alice.objectId), [])
  })

  test(`a session that a reset has ended cannot add a sign-in method (${kind})`, async (t) => {
    const { pages, browser, resetAfter } = await open(t, kind)
    const alice = await pages.createUser('alice')
    const { secondFactors } = pages.credentials
    const security = await enterPassword(browser, await browser.get('/account/security'), 'alice')
    const shown = await browser.submit(security, '/account/security/authenticator/new')
    const code = codeFor(shown, pages.time.nowMs)
    resetAfter(secondFactors, 'of', alice)
    const answer = await browser.submit(shown, '/account/security/authenticator', { code })
    assert.deepEqual([answer.status, answer.heading], [400, 'Your sign-in is no longer valid'])
    const held = await secondFactors.of(alice.objectId)
    assert.deepEqual(held, { totp: false, passkeys: 0, recoveryCodes: 0 })
  })

  test(`a password alone cannot add a second factor if one was added in the meantime (${kind})`, async (t) => {
    const { pages, browser, doAfter, addPasskey } = await open(t, kind)
    const alice = await pages.createUser('alice')
    const { secondFactors } = pages.credentials
    const security = await enterPassword(browser, await browser.get('/account/security'), 'alice')
    const shown = await browser.submit(security, '/account/security/authenticator/new')
    doAfter(secondFactors, 'of', () => addPasskey(alice))
    const code = codeFor(shown, pages.time.nowMs)
    const answer = await browser.submit(shown, '/account/security/authenticator', { code })
    assert.deepEqual([answer.status, answer.heading], [400, 'Your sign-in is no longer valid'])
    const held = await secondFactors.of(alice.objectId)
    assert.deepEqual(held, { totp: false, passkeys: 1, recoveryCodes: 0 })
  })

  test(`a setup at sign-in cannot add a second factor if one was added in the meantime (${kind})`, async (t) => {
    const { pages, browser, doAfter, addPasskey } = await open(t, kind, 'all')
    const alice = await pages.createUser('alice')
    const nextPage = await enterPassword(browser, await browser.get('/account/security'), 'alice')
    const shown = await browser.submit(nextPage, '/sign-in/enrolment')
    doAfter(pages.credentials, 'needsEnrolmentCode', () => addPasskey(alice))
    const code = codeFor(shown, pages.time.nowMs)
    const answer = await browser.submit(shown, '/sign-in/enrolment/confirm', { code })
    assert.deepEqual([answer.status, answer.heading], [400, 'Your sign-in is no longer valid'])
    const held = await pages.credentials.secondFactors.of(alice.objectId)
    assert.deepEqual(held, { totp: false, passkeys: 1, recoveryCodes: 0 })
  })
}
