import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Locator, Page } from 'playwright-core'
import { expectStatus, graph } from '../harness/arm.ts'
import { type NewPerson, createPerson } from '../harness/directory.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { type Elsewhere, type Page as FormPage, pageVisitor } from '../harness/page-visitor.ts'
import { totpOf } from '../harness/totp.ts'
import { giveDirectory, setMode } from './portal-four-people.ts'
import { recordChanges } from './portal-made-changes.ts'
import { openPortal, openView, signIn, violations } from './portal-page.ts'
import { type Authenticator, addAuthenticator, shareAuthenticator } from './virtual-authenticator.ts'

const portal = await openPortal()
const { server, browser, canRun, watch } = portal
const made = recordChanges(portal, 'portal-people')

const stepMs = 30_000
const chosenPassword = 'seven brass kettles'

function pageOf(answer: FormPage | Elsewhere): FormPage {
  if ('location' in answer) throw new Error(`left for ${answer.location.href}`)
  return answer
}

/** A person who may add others. */
async function createOwner(name: string): Promise<NewPerson> {
  const owner = await createPerson(server, name)
  await giveDirectory(server, owner)
  return owner
}

/** The code that an authenticator app shows now, or the next one if that was used. Each is accepted once. */
type NextCode = () => string

/** Has a person set up an authenticator app, with the code of the step before. */
async function setUpApp({ userPrincipalName: username, password }: Omit<NewPerson, 'id'>): Promise<NextCode> {
  const visitor = pageVisitor(server)
  const start = pageOf(await visitor.open('/account/security'))
  const security = pageOf(await visitor.submit(start, { username, password }))
  const shown = pageOf(await visitor.submit(security, {}, '/account/security/authenticator/new'))
  const secret = /<p class="secret">([A-Z2-7 ]+)</.exec(shown.html)?.[1]?.replaceAll(' ', '') ?? ''
  // The code of the step before is accepted until this step ends.
  const leftMs = stepMs - (Date.now() % stepMs)
  if (leftMs < 10_000) await sleep(leftMs + 100)
  let used = Math.floor(Date.now() / stepMs) - 1
  const code = totpOf(secret, used * stepMs)
  const done = pageOf(await visitor.submit(shown, { code }, '/account/security/authenticator'))
  assert.match(done.html, /recovery codes/i)
  return () => {
    used = Math.max(used + 1, Math.floor(Date.now() / stepMs))
    return totpOf(secret, used * stepMs)
  }
}

/** Makes the last authentication of everybody in the portal older than step-up accepts. */
function ageSessions(): void {
  const database = new DatabaseSync(join(server.dataDir, 'acrux.db'), { timeout: 10_000 })
  database.exec('update portal_session set authenticated_at_ms = authenticated_at_ms - 660000')
  database.close()
}

async function enterPassword(page: Page, { userPrincipalName, password }: NewPerson) {
  await page.getByLabel('User name').fill(userPrincipalName)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

async function enterPasswordAndCode(page: Page, person: NewPerson, nextCode: NextCode) {
  await enterPassword(page, person)
  const field = page.getByLabel('Code', { exact: true })
  await field.waitFor()
  await field.fill(nextCode())
  await page.getByRole('button', { name: 'Verify' }).click()
}

const dialogOf = (page: Page, name: string) => page.getByRole('dialog', { name })

/** Asks the question of an act, and confirms it. */
async function confirm(page: Page, action: string, answer = action): Promise<void> {
  await page.locator('main').getByRole('button', { name: action }).first().click()
  await page.getByRole('dialog').getByRole('button', { name: answer, exact: true }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

/** Closes a dialog with a secret, which was stored. */
async function closeSecret(page: Page): Promise<void> {
  await page.getByRole('checkbox', { name: 'I have stored it' }).check()
  await page.getByRole('button', { name: 'Close' }).click()
}

async function shownLink(page: Page): Promise<string> {
  const link = (await page.getByRole('group', { name: 'One-time link' }).innerText()).trim()
  assert.match(link, /\/sign-in\/link#[A-Za-z0-9_-]{43}$/)
  return link
}

/** The object id of the person of the session in the portal. */
const sessionOf = (page: Page): Promise<unknown> =>
  page.evaluate(
    `fetch('/portal/api/session', { headers: { 'x-acrux-portal': '1' } }).then((answer) => answer.json()).then(({ person }) => person.objectId)`,
  )

const valueAt = async (path: string) => listAt(expectStatus(await graph(server, 'GET', path), 200).json(), 'value')
const typesOf = async (id: string) =>
  (await valueAt(`/users/${id}/authentication/methods`)).map((method) => stringAt(method, '@odata.type'))

/** Opens the form of a new person, and fills it in. */
async function fillPerson(page: Page, name: string): Promise<Locator> {
  await openView(page, '/portal/people')
  await page.locator('main').getByRole('button', { name: 'Add a person' }).click()
  // Hidden from screen readers while the question about the sign-in is in front of it.
  const form = page.getByRole('dialog', { name: 'Add a person', includeHidden: true })
  await form.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await form.getByLabel('User name').fill(addressOf(name))
  return form
}

const addressOf = (name: string) => `${name.toLowerCase()}@acrux.localhost`

/** The form still contains what was typed, and nobody was added. */
async function assertNotAdded(form: Locator, name: string): Promise<void> {
  assert.equal(await form.getByLabel('User name').inputValue(), addressOf(name), 'what was typed stays')
  assert.equal((await graph(server, 'GET', `/users/${addressOf(name)}`)).status, 404, 'nothing was done')
}

const questionOf = (page: Page) => dialogOf(page, 'Confirm that it is you')

/** Opens the window of the new sign-in. */
async function openStepUp(page: Page): Promise<Page> {
  const opened = page.waitForEvent('popup')
  await questionOf(page).getByRole('button', { name: 'Sign in again' }).click()
  const popup = await opened
  await popup.getByLabel('User name').waitFor()
  return popup
}

/** Signs in again in a window, which closes by itself. */
async function inStepUp(page: Page, signsIn: (popup: Page) => Promise<void>): Promise<void> {
  const popup = await openStepUp(page)
  const closed = popup.waitForEvent('close')
  await signsIn(popup)
  await closed
}

/** Adds a person after a step-up in a window of its own. Returns the link. */
async function addsAfterStepUp(page: Page, owner: NewPerson, nextCode: NextCode): Promise<string> {
  const form = await fillPerson(page, 'Ada')
  const add = form.getByRole('button', { name: 'Add a person' })
  const question = questionOf(page)
  await add.click()
  await question.waitFor()
  assert.deepEqual(await violations(page), [])
  await question.getByRole('button', { name: 'Cancel' }).click()
  await form.getByText('You did not confirm that it is you').waitFor()
  await assertNotAdded(form, 'Ada')
  await add.click()
  await inStepUp(page, (popup) => enterPasswordAndCode(popup, owner, nextCode))
  await dialogOf(page, 'The person is added').waitFor()
  assert.equal((await graph(server, 'GET', '/users/ada@acrux.localhost')).status, 200, 'the act happened')
  const link = await shownLink(page)
  await closeSecret(page)
  return link
}

/** Opens a link in a new browser, chooses a password, and goes to the portal. */
async function choosesPassword(page: Page, link: string): Promise<void> {
  await page.goto(link)
  await page.getByRole('heading', { name: 'Choose a password' }).waitFor()
  // The secret is not left in the address.
  await page.waitForURL(({ hash }) => hash === '')
  assert.deepEqual(await violations(page), [])
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText('ada@acrux.localhost').waitFor()
  await page.getByLabel('New password', { exact: true }).fill(chosenPassword)
  await page.getByLabel('Confirm new password').fill(chosenPassword)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { level: 1, name: 'Security' }).waitFor()
  await page.getByRole('link', { name: 'Portal', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Welcome' }).waitFor()
}

/** Ends one sign-in of a person, whose next request leads to the sign-in page. */
async function endsSignIn(page: Page, id: string, other: Page): Promise<void> {
  await openView(page, `/portal/people/${id}?part=signIns`)
  await page.getByRole('cell', { name: 'Browser', exact: true }).waitFor()
  assert.match(await page.getByRole('row', { name: /Acrux portal/ }).innerText(), /Chrome \d+ on Linux, 127\.0\.0\.1/)
  assert.deepEqual(await violations(page), [])
  await confirm(page, 'End the sign-in to Acrux portal', 'End')
  await page.getByRole('cell', { name: 'Acrux portal' }).waitFor({ state: 'detached' })
  assert.deepEqual(
    (await valueAt(`/users/${id}/signInSessions`)).map((session) => stringAt(session, 'appDisplayName')),
    ['Browser'],
  )
  await other.goto('/portal/')
  await other.getByRole('heading', { level: 1, name: 'Welcome' }).waitFor()
  await openView(page, `/portal/people/${id}?part=signIns`)
  await confirm(page, 'End all sign-ins')
  await page.getByText('This person is not signed in anywhere.').waitFor()
  await other.goto('/portal/')
  await other.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
}

async function resetsMethods(page: Page, id: string): Promise<void> {
  await setUpApp({ userPrincipalName: 'ada@acrux.localhost', password: chosenPassword })
  await openView(page, `/portal/people/${id}?part=methods`)
  await confirm(page, 'Remove: Authenticator app', 'Remove')
  assert.deepEqual(await typesOf(id), ['#microsoft.graph.passwordAuthenticationMethod'])
  await openView(page, `/portal/people/${id}`)
  await page.getByRole('button', { name: 'Reset the password' }).click()
  const form = dialogOf(page, 'Reset the password')
  await form.getByLabel('The link works for').selectOption('An hour')
  await form.getByRole('button', { name: 'Reset the password' }).click()
  await shownLink(page)
  await closeSecret(page)
  await page.getByRole('tab', { name: 'Sign-in methods' }).click()
  await page.getByRole('cell', { name: /^One-time link, valid until/ }).waitFor()
  await confirm(page, 'Remove: One-time link', 'Remove')
  await page.getByRole('cell', { name: /^One-time link/ }).waitFor({ state: 'detached' })
  assert.ok(!(await typesOf(id)).includes('#acrux.oneTimeLinkAuthenticationMethod'))
}

test('an owner with a second factor adds a person, who chooses a password with a link; ends sign-ins, resets methods', async (t) => {
  if (!canRun(t)) return
  const owner = await createOwner('boss')
  await setMode(server, 'AbacRepositoryPermissions')
  const nextCode = await setUpApp(owner)
  await using context = await browser.newContext()
  const { page, faults } = await made.watch(context)
  await page.goto('/portal/people')
  await enterPasswordAndCode(page, owner, nextCode)
  await page.getByRole('heading', { level: 1, name: 'People' }).waitFor()
  ageSessions()
  let link = ''
  await t.test('confirms with the second factor, and loses nothing that was typed', async () => {
    link = await addsAfterStepUp(page, owner, nextCode)
  })
  await using ofAda = await browser.newContext()
  const other = await watch(ofAda)
  await t.test('gives the link to the person, who is then in the portal', () => choosesPassword(other.page, link))
  const id = stringAt(expectStatus(await graph(server, 'GET', '/users/ada@acrux.localhost'), 200).json(), 'id')
  await t.test('ends one sign-in of the person, and then all', () => endsSignIn(page, id, other.page))
  await t.test('removes a lost authenticator app, resets the password, and withdraws the link', () =>
    resetsMethods(page, id),
  )
  assert.deepEqual([...faults, ...other.faults], [])
})

/** Adds a passkey to an account, and returns the authenticator. */
async function addPasskey(page: Page, person: NewPerson): Promise<Authenticator> {
  const authenticator = await addAuthenticator(page)
  await page.goto('/account/security')
  await enterPassword(page, person)
  await page.getByRole('link', { name: 'Add a passkey' }).click()
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByRole('heading', { level: 1, name: 'Your recovery codes' }).waitFor()
  return authenticator
}

const alertOf = async (page: Page) => (await questionOf(page).getByRole('alert').innerText()).trim()

test('only the person of the session confirms an act, here with a passkey, and a window that fails loses nothing', async (t) => {
  if (!canRun(t)) return
  const owner = await createOwner('keyholder')
  const colleague = await createPerson(server, 'colleague')
  await using context = await browser.newContext()
  const { page, faults } = await watch(context)
  const authenticator = await addPasskey(page, owner)
  const form = await fillPerson(page, 'Grace')
  ageSessions()
  await form.getByRole('button', { name: 'Add a person' }).click()
  const question = questionOf(page)
  await t.test('says what to do if the browser blocks the window', async () => {
    await page.evaluate('window.allowed = window.open, window.open = () => null')
    await question.getByRole('button', { name: 'Sign in again' }).click()
    assert.match(await alertOf(page), /^The browser blocked the window\. Allow pop-ups for this page/)
    assert.deepEqual(await violations(page), [])
    await page.evaluate('window.open = window.allowed')
  })
  await t.test('waits if the window was closed or cancelled', async () => {
    await (await openStepUp(page)).close()
    await question.getByText('If you closed the window, select Sign in again.').waitFor()
    await inStepUp(page, (popup) => popup.getByRole('button', { name: 'Cancel' }).click())
    assert.equal(await alertOf(page), 'The sign-in was cancelled. Nothing was done. Select Sign in again.')
    await assertNotAdded(form, 'Grace')
  })
  await t.test('does not accept another person, who gets no session', async () => {
    await inStepUp(page, async (popup) => {
      assert.equal(await popup.getByLabel('User name').inputValue(), owner.userPrincipalName)
      await enterPassword(popup, colleague)
    })
    assert.match(await alertOf(page), /^colleague@acrux\.localhost signed in, but this page belongs to keyholder@/)
    await assertNotAdded(form, 'Grace')
    assert.equal(await sessionOf(page), owner.id)
    const sessions = await valueAt(`/users/${colleague.id}/signInSessions`)
    assert.deepEqual(
      sessions.map((session) => stringAt(session, 'appDisplayName')),
      ['Browser'],
    )
  })
  await t.test('shows no text of another site, which can open the end of a new sign-in', async () => {
    const opened = await context.newPage()
    await opened.goto(`/portal/confirmed?reason=other-person&userName=${encodeURIComponent('Call 555 0100, ada@x:')}`)
    await question.getByText(/^Unknown signed in, but this page belongs to keyholder@/).waitFor()
    await opened.close()
  })
  await t.test('accepts the passkey of the person, and the act continues', async () => {
    await inStepUp(page, async (popup) => {
      await shareAuthenticator(authenticator, popup)
      await popup.getByRole('link', { name: 'Sign in with a passkey' }).click()
      await popup.getByRole('button', { name: 'Use a passkey' }).click()
    })
    await dialogOf(page, 'The person is added').waitFor()
    assert.equal((await graph(server, 'GET', '/users/grace@acrux.localhost')).status, 200)
    assert.equal(await sessionOf(page), owner.id)
    await closeSecret(page)
  })
  await t.test('asks again when ten minutes have passed', async () => {
    ageSessions()
    const again = await fillPerson(page, 'Linus')
    await again.getByRole('button', { name: 'Add a person' }).click()
    await question.getByRole('button', { name: 'Cancel' }).click()
    await assertNotAdded(again, 'Linus')
  })
  assert.deepEqual(faults, [])
})

test('a person sees and ends the own sign-ins, and the account pages have the theme of the portal', async (t) => {
  if (!canRun(t)) return
  const person = await createPerson(server, 'reader')
  await using context = await browser.newContext({ viewport: { width: 360, height: 640 } })
  const { page, faults } = await watch(context)
  const own = `/portal/people/${person.id}?part=signIns`
  await signIn(page, person, own)
  await page.getByRole('row', { name: /Acrux portal.*Your current sign-in/ }).waitFor()
  assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false)
  const stranger = await createPerson(server, 'stranger')
  expectStatus(await graph(server, 'GET', `/users/${stranger.id}/signInSessions`), 200)
  const denied: unknown = await page.evaluate(
    `fetch('/portal/api/graph/users/${stranger.id}/signInSessions', { headers: { 'x-acrux-portal': '1' } }).then(({ status }) => status)`,
  )
  assert.equal(denied, 403)
  const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
  for (const [theme, colour] of [
    ['High contrast', 'rgb(0, 0, 0)'],
    ['Dark', 'rgb(41, 41, 41)'],
    ['Light', 'rgb(255, 255, 255)'],
  ] as const) {
    await openView(page, own)
    await page.getByRole('button', { name: 'Account of reader' }).click()
    await page.getByRole('menuitemradio', { name: theme }).click()
    await page.goto('/account/sign-ins')
    assert.equal(await background(), colour, theme)
    assert.deepEqual(await violations(page), [], theme)
  }
  await openView(page, own)
  await page.getByRole('button', { name: 'Account of reader' }).click()
  await page.getByRole('menuitemradio', { name: 'System default' }).click()
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.goto('/account/sign-ins')
  assert.equal(await background(), 'rgb(41, 41, 41)')
  await openView(page, own)
  await confirm(page, 'End the sign-in to Browser', 'End')
  await page.getByRole('cell', { name: 'Browser', exact: true }).waitFor({ state: 'detached' })
  await page.goto('/account/sign-ins')
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
  assert.deepEqual(faults, [])
})

test('the pages here make every change that the table says', (t) => {
  if (canRun(t)) assert.deepEqual(made.missing(), [])
})
