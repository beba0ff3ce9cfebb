import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { User } from '../../directory/index.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { Secret, TOTP } from 'otpauth'
import { withoutCaller } from '../../platform/process/authorized-work.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  type TestPage,
  codeRequest,
  enterPassword,
  moveRevision,
  openTestPages,
  passwordOf,
} from '../../../testing/sign-in/test-pages.ts'

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
      const answer = await original.apply(target, parameters)
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
  /** Ends the sign-ins of a person one by one, as an owner who ends every sign-in of a list. */
  const endListed = ({ objectId }: User) =>
    withoutCaller(async () => {
      for (const { id } of await credentials.signInsOf(objectId)) {
        await pages.change((transaction) => credentials.endSignIn(transaction, id))
      }
    })
  const canSignIn = async (name: string, password: string) => {
    const claim = { userPrincipalName: `${name}@contoso.example`, password, remoteAddress: '198.51.100.7' }
    return (await credentials.checkPassword(claim)).outcome === 'verified'
  }
  const browser = pages.openBrowser()
  /** Signs a new user in, and begins the setup of an authenticator app: the code, and a function that submits it. */
  const setUpAuthenticator = async (name: string, at: 'security' | 'sign-in') => {
    const user = await pages.createUser(name)
    const first = await enterPassword(browser, await browser.get('/account/security'), name)
    const [start, end] =
      at === 'security'
        ? (['/account/security/authenticator/new', '/account/security/authenticator'] as const)
        : (['/sign-in/enrolment', '/sign-in/enrolment/confirm'] as const)
    const shown = await browser.submit(first, start)
    const code = codeFor(shown, pages.time.nowMs)
    return { user, confirm: () => browser.submit(shown, end, { code }) }
  }
  return { pages, browser, doAfter, resetAfter, addPasskey, endListed, canSignIn, setUpAuthenticator }
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
    const { pages, resetAfter, setUpAuthenticator } = await open(t, kind)
    const { secondFactors } = pages.credentials
    const { user: alice, confirm } = await setUpAuthenticator('alice', 'security')
    resetAfter(secondFactors, 'of', alice)
    const answer = await confirm()
    assert.deepEqual([answer.status, answer.heading], [400, 'Your sign-in is no longer valid'])
    const held = await secondFactors.of(alice.objectId)
    assert.deepEqual(held, { totp: false, passkeys: 0, recoveryCodes: 0 })
  })

  test(`a wrong password counts as one guess, however often the authority revision moves (${kind})`, async (t) => {
    const { pages, browser } = await open(t, kind)
    await pages.createUser('alice')
    const page = await browser.get('/account/security')
    const movesLeft = moveRevision(pages.database, 5)
    const fields = { username: 'alice@contoso.example', password: 'a wrong password' }
    assert.equal((await browser.submit(page, '/sign-in/password', fields)).status, 400)
    assert.ok(movesLeft() < 5, 'the revision moved')
    const claim = {
      userPrincipalName: 'alice@contoso.example',
      password: 'a wrong password',
      remoteAddress: '127.0.0.1',
    }
    const reasons: string[] = []
    for (let number = 0; number < 10; number += 1) {
      const check = await pages.credentials.checkPassword(claim)
      reasons.push(check.outcome === 'refused' ? check.reason : check.outcome)
    }
    assert.deepEqual(reasons, [...Array.from({ length: 9 }, () => 'wrong'), 'throttled'])
  })

  test(`a session that an owner ends during a change of the password is not replaced (${kind})`, async (t) => {
    const { pages, browser, doAfter, endListed, canSignIn } = await open(t, kind)
    const alice = await pages.createUser('alice')
    await enterPassword(browser, await browser.get('/account/security'), 'alice')
    const page = await browser.get('/account/password')
    doAfter(pages.credentials, 'checkPassword', () => endListed(alice))
    const fields = { current: passwordOf('alice'), 'new-password': chosen, repeated: chosen }
    const answer = await browser.submit(page, '/account/password', fields)
    assert.deepEqual([answer.status, answer.heading], [400, 'Your sign-in is no longer valid'])
    assert.deepEqual(await pages.credentials.signInsOf(alice.objectId), [])
    assert.equal(await canSignIn('alice', passwordOf('alice')), true, 'the password is unchanged')
  })

  test(`a sign-in that an owner ends while its code is checked is not completed (${kind})`, async (t) => {
    const { pages, browser, doAfter, endListed } = await open(t, kind)
    const alice = await pages.createUser('alice')
    const { secondFactors } = pages.credentials
    const person = { objectId: alice.objectId, userPrincipalName: alice.userPrincipalName, issuer: 'Contoso' }
    const made = await pages.change((transaction) => secondFactors.enrolTotp(transaction, person))
    const totp = new TOTP({ secret: Secret.fromBase32(made?.secretBase32 ?? '') })
    const codeNow = () => totp.generate({ timestamp: pages.time.nowMs })
    await pages.change((transaction) => secondFactors.confirmTotp(transaction, alice.objectId, codeNow()))
    pages.time.nowMs += 60_000
    const page = await enterPassword(browser, await browser.get('/account/security'), 'alice')
    doAfter(secondFactors, 'checkTotp', () => endListed(alice))
    const answer = await browser.submit(page, '/sign-in/code', { code: codeNow() })
    assert.deepEqual([answer.status, answer.heading], [400, 'Your sign-in is no longer valid'])
    assert.deepEqual(await pages.credentials.signInsOf(alice.objectId), [])
  })

  test(`an owner who ends every sign-in when a method has been added ends the session that added it (${kind})`, async (t) => {
    const { pages, browser, doAfter, endListed, setUpAuthenticator } = await open(t, kind)
    const { user: alice, confirm } = await setUpAuthenticator('alice', 'security')
    doAfter(pages.database, 'transaction', () => endListed(alice))
    const answer = await confirm()
    assert.equal(answer.heading, 'Your recovery codes')
    assert.deepEqual(await pages.credentials.signInsOf(alice.objectId), [])
    assert.equal((await browser.get('/account/security')).heading, 'Sign in')
  })

  test(`an owner who ends every sign-in during the setup of a required factor ends the session (${kind})`, async (t) => {
    const { pages, browser, doAfter, endListed, setUpAuthenticator } = await open(t, kind, 'all')
    const { user: alice, confirm } = await setUpAuthenticator('alice', 'sign-in')
    doAfter(pages.database, 'transaction', () => endListed(alice))
    await confirm()
    assert.deepEqual(await pages.credentials.signInsOf(alice.objectId), [])
    assert.equal((await browser.get('/account/security')).heading, 'Sign in')
  })

  test(`an owner who ends every sign-in when a consent has been given ends the sign-in of its code too (${kind})`, async (t) => {
    const { pages, browser, doAfter, endListed } = await open(t, kind)
    const alice = await pages.createUser('alice')
    const redirectUri = 'https://app.contoso.example/signed-in'
    const { appId } = await pages.change(async (transaction, { applications }) => {
      const application = await applications.createApplication(transaction, { displayName: 'Reports' }, null)
      await applications.createServicePrincipal(transaction, application.appId, { enabled: true, directoryRole: null })
      const signIn = { redirectUris: { web: [redirectUri] } }
      await applications.updateApplication(transaction, application.objectId, { signIn })
      return application
    })
    const { url } = codeRequest({ client_id: appId, redirect_uri: redirectUri, scope: 'openid profile' })
    const page = await enterPassword(browser, await browser.get(url), 'alice')
    assert.equal(page.heading, 'Permissions requested')
    doAfter(pages.database, 'transaction', () => endListed(alice))
    const answer = await browser.submit(page, '/sign-in/answer', { decision: 'accept' })
    const given = await pages.database
      .tables<{ user_consent: object }>()
      .selectFrom('user_consent')
      .selectAll()
      .execute()
    assert.deepEqual([given.length, answer.left?.searchParams.has('code') ?? false], [1, true])
    assert.deepEqual(await pages.credentials.signInsOf(alice.objectId), [])
  })

  test(`a password alone cannot add a second factor if one was added in the meantime (${kind})`, async (t) => {
    const { pages, doAfter, addPasskey, setUpAuthenticator } = await open(t, kind)
    const { secondFactors } = pages.credentials
    const { user: alice, confirm } = await setUpAuthenticator('alice', 'security')
    doAfter(secondFactors, 'of', () => addPasskey(alice))
    const answer = await confirm()
    assert.deepEqual([answer.status, answer.heading], [400, 'Your sign-in is no longer valid'])
    const held = await secondFactors.of(alice.objectId)
    assert.deepEqual(held, { totp: false, passkeys: 1, recoveryCodes: 0 })
  })

  test(`a setup at sign-in cannot add a second factor if one was added in the meantime (${kind})`, async (t) => {
    const { pages, doAfter, addPasskey, setUpAuthenticator } = await open(t, kind, 'all')
    const { user: alice, confirm } = await setUpAuthenticator('alice', 'sign-in')
    doAfter(pages.credentials, 'needsAccessPass', () => addPasskey(alice))
    const answer = await confirm()
    assert.deepEqual([answer.status, answer.heading], [400, 'Your sign-in is no longer valid'])
    const held = await pages.credentials.secondFactors.of(alice.objectId)
    assert.deepEqual(held, { totp: false, passkeys: 1, recoveryCodes: 0 })
  })
}
