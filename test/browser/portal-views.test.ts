import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { type NewPerson, createPerson } from '../harness/directory.ts'
import { assertGolden } from '../harness/golden.ts'
import { accessToken, basic, pushImage } from '../harness/registry.ts'
import { type ControlTable, controlLines, controlsOf, enterControls, faultsOfControls } from './portal-controls.ts'
import { fourPeople, giveRepository, giveRoles, ownRepository, setMode } from './portal-four-people.ts'
import { pressAt, tabTo, typeAt } from './portal-keyboard.ts'
import { hostile, openPortal, openView, signIn } from './portal-page.ts'
import { type Places, type View, preparePlaces } from './portal-places.ts'
import { settled } from './portal-settled.ts'
import { type Look, contentOf, faultsOfLook, looks, routePaths, show, textStylesOf, walkTo } from './portal-walk.ts'

const portal = await openPortal()
const { server, browser } = portal
const { appId, password } = server.firstRun.servicePrincipal
const { loginServer, registry: name } = server.firstRun
const authorization = basic(appId, password)

/** The views of a person about themselves. */
const ownViews = ({ id }: NewPerson): readonly View[] =>
  ['', '?part=methods', '?part=signIns', '?part=groups'].map((search) => ({
    view: `/people/$own${search}`,
    address: `/portal/people/${id}${search}`,
  }))

let prepared: Promise<Places> | undefined
const places = (): Promise<Places> => (prepared ??= preparePlaces(server))

/** The looks in which every view is checked. The others only have other colors. */
const firstLooks = ['narrow', 'light'] as const satisfies readonly Look[]

const goldenFile = new URL('portal-controls.golden.txt', import.meta.url)

test('every view is without an error and accessible, for each person, in each theme, on a phone and a wide screen', async (t) => {
  if (!portal.canRun(t)) return
  const { views } = await places()
  const controls: ControlTable = new Map()
  // What several people see is checked once.
  const seen = new Set<string>()
  // So are the colors of texts that are styled alike.
  const seenStyles = new Set<string>()
  for (const name of fourPeople) {
    await t.test(name, async () => {
      if (name === 'writer') await setMode(server, 'AbacRepositoryPermissions')
      const person = await createPerson(server, `the-${name}`)
      await giveRoles[name](server, person)
      await using context = await browser.newContext({ reducedMotion: 'reduce' })
      const { page, faults } = await portal.watch(context)
      await signIn(page, person)
      for (const { view, address } of [...views, ...ownViews(person)]) {
        await walkTo(page, address)
        enterControls(controls, view, name, await controlsOf(page))
        if (name === 'owner') await requireCommands(page, address)
        const content = await contentOf(page)
        if (seen.has(content)) continue
        seen.add(content)
        const styles = (await textStylesOf(page)).filter((style) => !seenStyles.has(style))
        for (const style of styles) seenStyles.add(style)
        for (const look of styles.length === 0 ? firstLooks : (Object.keys(looks) as Look[])) {
          await show(page, look)
          assert.deepEqual(await faultsOfLook(page, look), [], `${address}, ${look}`)
        }
        assert.deepEqual(faults.splice(0), [], address)
      }
    })
  }
  assertGolden(goldenFile, 'What each person can press in each view', controlLines(controls))
  assert.deepEqual(faultsOfControls(controls), [])
})

/** Pages with nothing to do, and forms that show the command once they are filled in. */
const withoutCommands = [
  /^\/portal\/(?:sign-in-failed|confirmed|search|my-access)$/,
  /\/access(?:\/add|\?tab=check|\?tab=who)$/,
  /\/tokens\/new$/,
  /\/federation$/,
]

async function requireCommands(page: Page, address: string): Promise<void> {
  if (withoutCommands.some((pattern) => pattern.test(address))) return
  const shown = await page.locator('main').getByRole('button', { name: 'Command line', exact: true }).count()
  assert.ok(shown > 0, `${address} shows no command`)
}

/** What views read from their addresses, as far as not every text is a value. */
const choices = 'show sort order tab role done part range operation target from to outcome system create'
/** Texts that views show in a field, or search for. */
const freeTexts = 'filter q principal action repository address id reason userName'

/** Values that no view can use: each name gets another one, and all names all of them after as many rounds. */
const malformed = [hostile, '["raw"]', '{"raw":1}', '7', 'true', 'null', '', 'x'.repeat(1000), '__proto__', '%00']

/** The search of an address with a malformed value for every name, and with some names twice. */
function malformedSearch(round: number): string {
  const pairs = choices.split(' ').map((name, index) => [name, malformed[(index + round) % malformed.length] ?? ''])
  const tooLong = freeTexts.split(' ').map((name) => [name, `${hostile}${'x'.repeat(1000)}`])
  return new URLSearchParams([...pairs, ...tooLong, ...pairs.slice(round, round + 5)]).toString()
}

/** The headings, buttons and errors of the view without correlation ids, which tab is open, and what its fields contain. */
const stateOf = (page: Page): Promise<unknown> =>
  page.evaluate(`[
    ...[...document.querySelectorAll('main :is(h1, h2, h3, label, code, button, [role=columnheader], [role=alert]):not([data-index] *)')]
      .map((element) => element.textContent.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '') + (element.ariaSelected ?? '')),
    ...[...document.querySelectorAll('main :is(input, select, textarea):not([data-index] *)')].map(({ value }) => value),
  ]`)

test('a view ignores values of the address that it cannot use', async (t) => {
  if (!portal.canRun(t)) return
  const owner = await createPerson(server, 'addresses')
  await giveRoles.owner(server, owner)
  const source = routePaths().filter((path) => !/integrity|deleted|uploads|keys|new|denials|providers|^\/$/.test(path))
  await using context = await browser.newContext({ reducedMotion: 'reduce' })
  const { page, faults } = await portal.watch(context)
  await signIn(page, owner)
  let round = 0
  for (const [path, address] of (await places()).addresses(source)) {
    // The window closes itself after it has reported the sign-in.
    if (path === '/confirmed') continue
    await walkTo(page, address)
    const wanted = await stateOf(page)
    await page.goto(`${address}?${malformedSearch((round += 1))}`)
    await settled(page)
    assert.deepEqual(await stateOf(page), wanted, `${address}, round ${round}`)
    assert.equal(new URL(page.url()).search, '', address)
    assert.notEqual(await page.title(), 'ran', address)
    assert.deepEqual(faults.splice(0), [], address)
  }
  const question = { tab: 'check', action: 'pull', repository: 'team/app' }
  for (const [path, accepted, name] of [
    ['/r/$registry/policies', {}, 'address'],
    ['/r/$registry/access', question, 'principal'],
    ['/sign-in-failed', {}, 'id'],
  ] as const) {
    const address = (await places()).addresses([path]).get(path) ?? ''
    await walkTo(page, `${address}?${new URLSearchParams(accepted).toString()}`)
    const wanted = await stateOf(page)
    await page.goto(`${address}?${new URLSearchParams({ ...accepted, [name]: hostile }).toString()}`)
    await settled(page)
    assert.deepEqual(await stateOf(page), wanted, path)
    assert.equal(new URL(page.url()).searchParams.has(name), false, path)
  }
})

/** What the person's own requests through the portal answer. */
const statusOf = (page: Page, method: string, path: string): Promise<number> =>
  page.evaluate(`fetch('/portal/api/${path}', { method: '${method}', headers: { 'x-acrux-portal': '1' } })
    .then((answer) => answer.text().then(() => answer.status))`)

test('a person with one repository sees and pushes to it, and to no other', async (t) => {
  if (!portal.canRun(t)) return
  const person = await createPerson(server, 'one')
  await setMode(server, 'AbacRepositoryPermissions')
  await giveRepository(server, person, ownRepository)
  await using context = await browser.newContext({ reducedMotion: 'reduce' })
  const { page, faults } = await portal.watch(context)
  const base = `/portal/r/${name}`
  await signIn(page, person, `${base}/repositories`)
  const login: { username: string; password: string } = await page.evaluate(
    `fetch('/portal/api/session/registry-login?loginServer=${encodeURIComponent(loginServer)}',
      { method: 'POST', headers: { 'x-acrux-portal': '1' } }).then((answer) => answer.json())`,
  )
  const tokenFor = async (repository: string) =>
    `Bearer ${await accessToken(server, login, [`repository:${repository}:pull,push`])}`
  await pushImage(server, 'team/app', 'mine', await tokenFor('team/app'))
  await assert.rejects(pushImage(server, 'other/tool', 'mine', await tokenFor('other/tool')))
  await page.getByRole('link', { name: 'team/app', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'team/app', exact: true }).waitFor()
  await page.getByRole('link', { name: 'mine', exact: true }).waitFor()
  await page.getByRole('tab', { name: 'Settings' }).click()
  await page.getByRole('button', { name: 'Delete repository…', disabled: true }).waitFor()
  await page
    .getByText('Your roles do not allow you to delete images in this repository.', { exact: false })
    .first()
    .waitFor()
  const registryPath = `registry/${encodeURIComponent(loginServer)}/acr/v1`
  assert.ok([401, 403].includes(await statusOf(page, 'DELETE', `${registryPath}/team/app`)))
  assert.ok([401, 403].includes(await statusOf(page, 'GET', `${registryPath}/other/tool/_tags`)))
  await openView(page, `${base}/repositories/other%2Ftool`)
  await page.getByText('You do not have permission to see this page').first().waitFor()
  for (const view of ['access', 'keys', 'tokens', 'policies', 'uploads']) {
    await openView(page, `${base}/${view}`)
    await page
      .getByText(/Your roles do not allow you to read the (?:settings|properties|open uploads) of this registry/)
      .waitFor()
  }
  assert.deepEqual(faults, [])
})

test('the main dialogs work with the keyboard alone, show the focus, and return it', async (t) => {
  if (!portal.canRun(t)) return
  const owner = await createPerson(server, 'keys')
  await giveRoles.owner(server, owner)
  await setMode(server, 'LegacyRegistryPermissions')
  await pushImage(server, 'team/keys', '1', authorization)
  await using context = await browser.newContext({ reducedMotion: 'reduce' })
  const { page, faults } = await portal.watch(context)
  const base = `/portal/r/${name}`
  const main = page.locator('main')
  const dialog = page.getByRole('dialog')
  const button = (name: string) => main.getByRole('button', { name, exact: true })

  await signIn(page, owner, `${base}/repositories/team%2Fkeys/manifests/1`)
  const untag = button('Remove tag…')
  await pressAt(page, untag)
  await dialog.waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await untag.and(page.locator(':focus')).waitFor()
  await page.keyboard.press('Enter')
  await pressAt(page, dialog.getByRole('button', { name: 'Remove tag', exact: true }))
  await page.getByRole('heading', { level: 1, name: 'team/keys', exact: true }).waitFor()

  await openView(page, `${base}/access`)
  await pressAt(page, button('Add a role assignment').or(main.getByRole('link', { name: 'Add a role assignment' })))
  const radio = main.getByRole('radio', { name: 'Container Registry Repository Writer' })
  await tabTo(page, main.getByRole('radio').first())
  for (let step = 0; step < 30 && !(await radio.isChecked()); step += 1) await page.keyboard.press('ArrowDown')
  assert.equal(await radio.isChecked(), true)
  await pressAt(page, button('Next'))
  await typeAt(page, main.getByRole('searchbox'), 'ada@acrux.localhost')
  await pressAt(page, main.getByRole('checkbox', { name: 'ada · Person' }), 'Space')
  await pressAt(page, button('Next'))
  await pressAt(page, button('Next'))
  await pressAt(page, button('Assign'))
  await page.getByText('The role was assigned.').waitFor()

  await openView(page, `${base}/tokens`)
  await pressAt(page, button('Create a token').or(main.getByRole('link', { name: 'Create a token' })))
  await typeAt(page, main.getByRole('textbox', { name: 'Name' }), 'device-keys')
  await pressAt(page, button('Next'))
  await typeAt(page, main.getByRole('textbox', { name: 'Repositories' }), 'team/*')
  await pressAt(page, button('Next'))
  await pressAt(page, button('Create a token'))
  await main.getByRole('group', { name: 'Password', exact: true }).waitFor()
  assert.equal(await main.evaluate((element) => element.contains(element.ownerDocument.activeElement)), true)
  await pressAt(page, button('I have copied it'))
  const rotate = button('Rotate the password: device-keys')
  await pressAt(page, rotate)
  await pressAt(page, dialog.getByRole('button', { name: 'Generate password2' }))
  await dialog.getByRole('group', { name: 'Password', exact: true }).waitFor()
  await pressAt(page, dialog.getByRole('checkbox', { name: 'I have stored it' }), 'Space')
  await pressAt(page, dialog.getByRole('button', { name: 'Close' }))
  await rotate.and(page.locator(':focus')).waitFor()
  assert.deepEqual(faults, [])
})
