import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { makeImage } from '../clients/az/podman.ts'
import { createServicePrincipal } from '../harness/arm.ts'
import { type Ran, clientHome, requireClient, requireRoot, run } from '../harness/clients.ts'
import { type NewPerson, createPerson } from '../harness/directory.ts'
import { basic } from '../harness/registry.ts'
import { at } from '../harness/json.ts'
import { pushContent } from './portal-content.ts'
import { controlsOf } from './portal-controls.ts'
import { type OneOfFour, giveRoles, ownRepository, setMode } from './portal-four-people.ts'
import { openPortal, openView, signIn } from './portal-page.ts'
import { settled } from './portal-settled.ts'
import { faultsOfLook, show, walkTo } from './portal-walk.ts'
import { copy, copyOf } from './tutorial/guide.ts'

const portal = await openPortal()
const { server } = portal
const { loginServer, registry: name } = server.firstRun
const { appId, password } = server.firstRun.servicePrincipal
const authorization = basic(appId, password)
const base = `/portal/r/${name}`
const inOwn = `${base}/repositories/${encodeURIComponent(ownRepository)}`
/** What the log calls a denied push, with the repository. */
const deniedPush = (repository: string) => new RegExp(`data\\.access.*/${repository} `)

const mayNotSee = 'You do not have permission to see this page'

/** A person in a browser, and with podman at a shell. */
type Somebody = {
  readonly name: OneOfFour
  readonly person: NewPerson
  readonly context: BrowserContext
  readonly page: Page
  readonly faults: string[]
  readonly shell: (commands: string) => Promise<Ran>
}

async function meet(stack: AsyncDisposableStack, name: OneOfFour): Promise<Somebody> {
  const person = await createPerson(server, `the-${name}`)
  await giveRoles[name](server, person)
  const context = stack.use(await portal.browser.newContext({ reducedMotion: 'reduce' }))
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const home = stack.use(clientHome(server.caFile))
  await makeImage(home, 'app:1', name)
  // The commands for docker are those of podman.
  const shell = (commands: string) =>
    run('bash', ['-e', '-c', `docker() { podman "$@"; }\n${commands}`], { env: home.env, cwd: home.path })
  return { name, person, context, ...(await portal.watch(context)), shell }
}

/** Holds that nothing is wrong with the page that is shown: errors, the policy, other origins, accessibility. */
async function requireFaultless({ name, page, faults }: Somebody): Promise<void> {
  await settled(page)
  await show(page, 'light')
  assert.deepEqual(await faultsOfLook(page, 'light'), [], `${name}: ${page.url()}`)
  assert.deepEqual(faults.splice(0), [], `${name}: ${page.url()}`)
}

/** Goes to views that the person may not use. */
async function requireClearDenials(who: Somebody, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await walkTo(who.page, path)
    await requireDenialShown(who)
  }
}

/** Opens the address of a view that the person may not use. */
async function requireClearDenial(who: Somebody, path: string): Promise<string> {
  await openView(who.page, path)
  return requireDenialShown(who)
}

/** The view says whom to ask, and offers nothing that would be denied. */
async function requireDenialShown(who: Somebody): Promise<string> {
  const { page, name } = who
  const path = page.url()
  const text = await mainText(page)
  assert.match(text, /\bowner\b/i, `${name}, ${path}: nobody to ask`)
  assert.doesNotMatch(text, /could not be|has a problem|is busy/, `${name}, ${path}`)
  const enabled = (await controlsOf(page)).filter(({ isEnabled }) => isEnabled)
  assert.deepEqual(enabled, [], `${name}, ${path}`)
  await requireFaultless(who)
  return text
}

const mainText = (page: Page) => page.locator('main').innerText()
const dialog = (page: Page) => page.getByRole('dialog')
const button = (page: Page, name: string | RegExp) =>
  page.locator('main').getByRole('button', { name, exact: typeof name === 'string' })

/** Presses a button of the view, and answers its question. */
async function confirm(page: Page, name: string | RegExp, answer: string): Promise<void> {
  await button(page, name).first().click()
  await dialog(page).getByRole('button', { name: answer, exact: true }).click()
  await dialog(page).waitFor({ state: 'detached' })
}

async function requireDisabled(page: Page, name: string | RegExp, reason: string): Promise<void> {
  // After an act, the view loads again.
  await settled(page)
  const isWanted = (text: string) => (typeof name === 'string' ? text === name : name.test(text))
  const found = (await controlsOf(page)).find((control) => isWanted(control.name))
  assert.equal(found?.isEnabled, false, String(name))
  assert.ok(found.reason.includes(reason), `${String(name)}: ${found.reason}`)
}

/** What the person's own request through the portal answers. */
const statusOf = (page: Page, method: string, path: string): Promise<number> =>
  page.evaluate(`fetch('/portal/api/${path}', { method: '${method}', headers: { 'x-acrux-portal': '1' } })
    .then((answer) => answer.text().then(() => answer.status))`)

/** The JSON that the person's own request through the portal answers. */
const readJson = (page: Page, path: string): Promise<unknown> =>
  page.evaluate(`fetch('/portal/api/${path}', { headers: { 'x-acrux-portal': '1' } }).then((answer) => answer.json())`)

const ownPath = (rest: string) => `registry/${encodeURIComponent(loginServer)}/acr/v1/${ownRepository}${rest}`

const failed = ({ code, stdout, stderr }: Ran) => {
  assert.notEqual(code, 0, stdout)
  return stderr
}

const succeeded = ({ code, stdout, stderr }: Ran) => {
  assert.equal(code, 0, stderr)
  return `${stdout}${stderr}`
}

/** The writer pushes with the copied commands to the own repository, and to no other. */
async function writerPushes({ page, shell }: Somebody): Promise<void> {
  assert.match(succeeded(await shell(await copy(page, 'Copy login command'))), /Login Succeeded/)
  assert.match(failed(await shell(await copyOf(page, 'Push'))), /denied|unauthorized/)
  await page.getByRole('link', { name: 'Repositories', exact: true }).click()
  const own = page.getByRole('link', { name: ownRepository, exact: true })
  await own.waitFor()
  assert.doesNotMatch(await mainText(page), /other\/tool/)
  await own.click()
  await page.getByRole('heading', { level: 1, name: ownRepository, exact: true }).waitFor()
  succeeded(await shell(await copyOf(page, 'Push to this repository')))
}

/** The writer locks, unlocks, removes and restores a tag, and may delete nothing. */
async function writerChanges(writer: Somebody): Promise<void> {
  const { page } = writer
  await openView(page, `${inOwn}/manifests/2`)
  const changes = dialog(page).getByRole('checkbox', { name: 'Forbid overwriting' })
  const setLock = async (isOn: boolean) => {
    await button(page, 'Lock tag…').click()
    await changes.setChecked(isOn)
    await dialog(page).getByRole('button', { name: 'Save' }).click()
    await dialog(page).waitFor({ state: 'detached' })
    await settled(page)
    const found = await readJson(page, ownPath('/_tags/2'))
    assert.equal(at(found, 'tag', 'changeableAttributes', 'writeEnabled'), !isOn)
  }
  await setLock(true)
  await requireDisabled(page, 'Remove tag…', 'It is locked. Unlock it first.')
  await requireFaultless(writer)
  await setLock(false)
  await requireDisabled(page, 'Delete manifest…', 'Your roles do not allow you to delete images in this repository.')
  await confirm(page, 'Remove tag…', 'Remove tag')
  await page.getByRole('heading', { level: 1, name: ownRepository, exact: true }).waitFor()
  assert.equal(await statusOf(page, 'GET', ownPath('/_tags/2')), 404)
  await page.getByRole('link', { name: '2', exact: true }).waitFor({ state: 'detached' })
  await page.getByRole('tab', { name: 'Settings' }).click()
  await requireDisabled(page, 'Delete repository…', 'Your roles do not allow you to delete images in this repository.')
  await openView(page, `${base}/deleted/${encodeURIComponent(ownRepository)}`)
  await confirm(page, 'Restore', 'Restore')
  assert.equal(await statusOf(page, 'GET', ownPath('/_tags/2')), 200)
  await requireFaultless(writer)
}

/** The denied requests of the person. */
const ownDenials = (page: Page) => readJson(page, 'arm/providers/Acrux.Server/denials?api-version=2024-11-01')
const shownDenials = (page: Page) => page.getByRole('region', { name: 'Your denied requests' })

/**
 * A person whose push was denied reads why, without another denial, and is offered no fix that only an owner may apply.
 */
async function readsOwnDenial(who: Somebody, repository: string, reason: string): Promise<void> {
  const { page } = who
  const before = await ownDenials(page)
  await openView(page, '/portal/audit')
  await shownDenials(page)
    .getByRole('row', { name: deniedPush(repository) })
    .first()
    .getByRole('link', { name: 'Explain' })
    .click()
  await page.getByRole('heading', { level: 1, name: 'Why was this denied?' }).waitFor()
  await page.getByText(reason).waitFor()
  await page.getByText('Send this address to an owner of the registry.').waitFor()
  const text = await requireClearDenial(who, new URL(page.url()).pathname)
  assert.match(text, /acrux acr grant/)
  assert.match(text, /the same request would still be denied/)
  assert.deepEqual(await controlsOf(page), [])
  assert.deepEqual(await ownDenials(page), before, 'to look at denials is not denied')
}

/** The puller pulls with the copied commands, and reads everything about an image. */
async function pullerReads(puller: Somebody, subject: string): Promise<void> {
  const { page, shell } = puller
  assert.match(succeeded(await shell(await copy(page, 'Copy login command'))), /Login Succeeded/)
  await openView(page, inOwn)
  assert.equal(await page.getByText('Push to this repository').count(), 0)
  succeeded(await shell(await copyOf(page, 'Pull this repository')))
  assert.match(failed(await shell(`docker push ${loginServer}/${ownRepository}:1`)), /denied|unauthorized/)
  const parts = [
    [`${inOwn}/manifests/1`, 'Layers'],
    [`${inOwn}/manifests/1?show=config`, 'History'],
    [`${inOwn}/manifests/${encodeURIComponent(subject)}?show=referrers`, 'SBOM'],
    [`${inOwn}/manifests/1?show=raw`, '"schemaVersion"'],
  ] as const
  for (const [path, shown] of parts) {
    await openView(page, path)
    await page.locator('main').getByText(shown).first().waitFor()
    await requireFaultless(puller)
  }
}

/** Who may see nothing is told whom to ask. Addresses tell nothing of what is there, not even that it is. */
async function nobodyIsTold(nobody: Somebody): Promise<void> {
  const { page, person } = nobody
  await settled(page)
  const home = await mainText(page)
  assert.match(home, /ask an owner of the registry for a role/)
  assert.ok(home.includes(person.userPrincipalName))
  await requireFaultless(nobody)
  const places = [
    (repository: string) => `${base}/repositories/${encodeURIComponent(repository)}`,
    (repository: string) => `${base}/repositories/${encodeURIComponent(repository)}/manifests/1`,
    (repository: string) => `${base}/deleted/${encodeURIComponent(repository)}`,
  ]
  for (const place of places) {
    const [there, missing] = [ownRepository, 'no/such']
    const text = async (name: string) => {
      await walkTo(page, place(name))
      assert.ok((await mainText(page)).includes(mayNotSee), page.url())
      return (await mainText(page)).replaceAll(name, 'NAME').replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
    }
    assert.equal(await text(there), await text(missing))
    await requireFaultless(nobody)
  }
  for (const view of [
    '',
    '/repositories',
    '/deleted',
    '/import',
    '/uploads',
    '/audit',
    '/policies',
    '/keys',
    '/tokens',
  ]) {
    await walkTo(page, `${base}${view}`)
    assert.doesNotMatch(await mainText(page), /other\/tool|sbom|sha256:|the-writer|the-puller/, view)
  }
  await openView(page, base)
  await button(page, 'Copy login command').click()
  await page.getByText('You do not have permission for this action').waitFor()
  await page.getByText('Ask an owner of the registry for a role').waitFor()
  await requireFaultless(nobody)
  await page.getByRole('link', { name: 'Explain' }).click()
  await page.getByText('No role is assigned to the principal at this scope.').waitFor()
  const text = await requireClearDenial(nobody, new URL(page.url()).pathname)
  assert.doesNotMatch(text, /would still be denied/, 'a request for no repository is not decided again')
}

/** A page of the list that is empty, because it examines a limited part of the log, is not taken for all. */
async function findsOlderDenials(who: Somebody): Promise<void> {
  const { page } = who
  const newest = /\/Acrux\.Server\/denials\?(?!.*skiptoken)/
  const nextLink = `${server.baseUrl}/providers/Acrux.Server/denials?$skiptoken=999999999`
  await page.route(newest, (route) => route.fulfill({ json: { value: [], nextLink } }))
  await openView(page, '/portal/audit')
  await shownDenials(page).getByText('The newest 20,000 events contain no more matches.').waitFor()
  assert.doesNotMatch(await mainText(page), /None of your requests/)
  await requireFaultless(who)
  await button(page, 'Search older events').click()
  await shownDenials(page).getByRole('link', { name: 'Explain' }).first().waitFor()
  await page.unroute(newest)
}

/** A person ends another sign-in, changes the password, by which the last other one ends, and signs out. */
async function managesAccount({ name, person, context, page, faults }: Somebody, other: Page): Promise<void> {
  await signIn(other, person)
  await openView(page, `/portal/people/${person.id}?part=signIns`)
  await confirm(page, /^End the sign-in to Acrux portal/, 'End')
  assert.equal(await statusOf(other, 'GET', 'session'), 401, 'the session of the other browser has ended')
  assert.equal(await statusOf(page, 'GET', 'session'), 200)
  await page.goto('/account/password')
  await page.getByLabel('Current password').fill(person.password)
  await page.getByLabel('New password', { exact: true }).fill('nine brass lanterns at sea')
  await page.getByLabel('Confirm new password').fill('nine brass lanterns at sea')
  await page.getByRole('button', { name: 'Change password' }).click()
  await page.getByText('Password changed.').waitFor()
  await other.goto('/portal/')
  await other.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
  await page.goto('/portal/')
  await page.getByRole('button', { name: `Account of the-${name}` }).click()
  await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
  await page.waitForURL('**/sign-out/done')
  const cookies = (await context.cookies()).map((cookie) => cookie.name)
  assert.equal(cookies.includes('__Host-acrux-portal'), false)
  assert.deepEqual(faults.splice(0), [], name)
}

test('the others than owners do what they may, and what they may not do ends in a clear denial', async (t) => {
  if (!requireRoot(t) || !requireClient(t, 'podman') || !portal.canRun(t)) return
  const { first } = await pushContent({ server, authorization })
  const application = await createServicePrincipal(server, 'ci')
  await setMode(server, 'AbacRepositoryPermissions')
  await using stack = new AsyncDisposableStack()
  const writer = await meet(stack, 'writer')
  const puller = await meet(stack, 'puller')
  const nobody = await meet(stack, 'nobody')

  await t.test('a wrong password is denied, and says what to do', async () => {
    const { page, person } = nobody
    await page.goto('/portal/')
    await page.getByLabel('User name').fill(person.userPrincipalName)
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('Incorrect user name or password.').waitFor()
    await requireFaultless(nobody)
    await signIn(page, person)
    await page.getByRole('heading', { level: 1, name: 'Welcome' }).waitFor()
  })
  await signIn(writer.page, writer.person, base)
  await signIn(puller.page, puller.person, base)
  await t.test('the writer pushes to the own repository with the copied commands', () => writerPushes(writer))
  await t.test('the writer reads why the push to another repository was denied', async () => {
    await readsOwnDenial(
      writer,
      'app',
      'The condition of the role assignment does not allow this repository or action.',
    )
  })
  await t.test('the puller pulls, and reads the manifest, its configuration, referrers and text', () =>
    pullerReads(puller, first.digest),
  )
  await t.test('the puller reads why the push was denied', async () => {
    await readsOwnDenial(puller, ownRepository, 'No assigned role allows this action.')
  })
  await t.test('the writer locks, removes and restores a tag, and deletes nothing', () => writerChanges(writer))
  await t.test('the writer sees nothing of another repository', async () => {
    assert.doesNotMatch(await requireClearDenial(writer, `${base}/repositories/other%2Ftool`), /sha256/)
  })
  await t.test('nobody is told whom to ask, and nothing else', () => nobodyIsTold(nobody))
  await t.test('nobody finds the own denials behind a page without any', () => findsOlderDenials(nobody))

  await t.test('nobody else gives a role or adds a person', async () => {
    const ofPeople = ['/portal/people', `/portal/people/${nobody.person.id}`]
    await requireClearDenials(writer, [`${base}/access`, `${base}/access/add`, ...ofPeople])
  })
  await t.test('nobody else sets up a job', async () => {
    const { applicationObjectId: id } = application
    await requireClearDenials(puller, ['/portal/applications', `/portal/applications/${id}/federation`])
  })
  await t.test('nobody else rotates a secret', async () => {
    const credentials = `/portal/applications/${application.applicationObjectId}?part=credentials`
    await requireClearDenials(puller, [credentials, `${base}/keys`, `${base}/tokens`])
  })
  await t.test('nobody else ends a sign-in of somebody', async () => {
    await requireClearDenial(nobody, `/portal/people/${writer.person.id}?part=signIns`)
  })
  await t.test('a person without a role ends another sign-in, changes the password, and signs out', async () => {
    const { page: other, faults } = await portal.watch(
      stack.use(await portal.browser.newContext({ reducedMotion: 'reduce' })),
    )
    await managesAccount(nobody, other)
    assert.deepEqual(faults, [])
  })
})
