import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { roles } from '../harness/arm.ts'
import { createPerson } from '../harness/directory.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { until } from '../harness/until.ts'
import { acruxClient, principalLogin, runPrinted } from '../clients/acrux/acrux.ts'
import { giveDirectory, giveReaderBelow, setMode } from './portal-four-people.ts'
import { openCommands, openPortal, openView, signIn, violations } from './portal-page.ts'

const portal = await openPortal()
const { server, browser, canRun, watch, give } = portal
const { loginServer, registry: name, servicePrincipal } = server.firstRun
const base = `/portal/r/${name}`
const authorization = basic(servicePrincipal.appId, servicePrincipal.password)

const navigation = (page: Page) => page.getByRole('navigation', { name: 'Portal' })
const heading = (page: Page, title: string) => page.getByRole('heading', { level: 1, name: title, exact: true })
const palette = (page: Page) => page.getByRole('combobox', { name: /^Search/ })
const looks = [
  ['light', 1440],
  ['dark', 1440],
  ['light', 390],
  ['dark', 390],
] as const
const focused = (page: Page) => page.evaluate<string>('document.activeElement.outerHTML')

/** An owner of the registry and of the directory, who is signed in. */
async function openAsOwner(page: Page, who: string): Promise<void> {
  const owner = await createPerson(server, who)
  await giveDirectory(server, owner)
  await give(owner, roles.owner)
  await signIn(page, owner, `${base}/repositories`)
  await heading(page, 'Repositories').waitFor()
}

/** The names of the repositories that the list shows. */
const shownRepositories = (page: Page) => page.locator('[data-index] a').allInnerTexts()

test('a person who may only pull team/* sees these repositories and five items, and other addresses say what is missing', async (t) => {
  if (!canRun(t)) return
  for (const repository of ['team/app', 'team/web', 'other/tool'])
    await pushImage(server, repository, '1', authorization)
  const puller = await createPerson(server, 'puller')
  await giveReaderBelow(server, puller, 'team/')
  t.after(() => setMode(server, 'LegacyRegistryPermissions'))
  await setMode(server, 'AbacRepositoryPermissions')
  await using context = await browser.newContext()
  const { page, faults } = await watch(context)
  await signIn(page, puller)
  await navigation(page).getByText('Repositories').waitFor()
  assert.deepEqual(await navigation(page).getByRole('link').allInnerTexts(), [
    'Home',
    'Repositories',
    'My denied requests',
    'My access',
    'My account',
  ])
  await navigation(page).getByText('Repositories').click()
  await page.locator('[data-index="1"]').waitFor()
  assert.deepEqual(new Set(await shownRepositories(page)), new Set(['team/app', 'team/web']))
  await navigation(page).getByText('My access').click()
  await page.getByText(/team\/\*/).waitFor()
  assert.deepEqual(await violations(page), [])
  await navigation(page).getByText('My denied requests').click()
  await page.getByText('None of your requests was denied.').waitFor()
  await openView(page, `${base}/access`)
  await page.getByText('Your roles do not allow you to read the settings of this registry.').waitFor()
  await page.getByText(`Ask an owner of ${name} for the role Reader.`).waitFor()
  for (const [colorScheme, width] of looks) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 800 })
    assert.deepEqual(await violations(page), [], `${colorScheme} ${width}`)
  }
  const command = await page.getByRole('group', { name: 'Command for the owner' }).innerText()
  using owner = acruxClient(server.caFile)
  await owner.text(principalLogin(server), { input: servicePrincipal.password })
  const ran = await runPrinted(command, { ...owner.home.env, ACRUX_CONFIG_DIR: owner.configDir })
  assert.equal(ran.code, 0, ran.stderr)
  await openView(page, `${base}/access`)
  await page.getByRole('tab', { name: 'Role assignments' }).waitFor()
  await page.getByRole('table', { name: 'Role assignments' }).waitFor()
  assert.deepEqual(faults, [])
})

test('the palette finds a repository by its name, and copies its pull command', async (t) => {
  if (!canRun(t)) return
  await pushImage(server, 'payments/core', '7.2.0', authorization)
  await using context = await browser.newContext()
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const { page, faults } = await watch(context)
  await openAsOwner(page, 'finder')
  await page.keyboard.press('Control+k')
  await page.keyboard.type('pay')
  await page.getByRole('option', { name: 'payments/core' }).first().waitFor()
  await page
    .getByRole('status')
    .getByText(/^\d+ found$/)
    .waitFor()
  for (const [colorScheme, width] of looks) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 800 })
    assert.deepEqual(await violations(page), [], `${colorScheme} ${width}`)
  }
  await page.keyboard.press('Control+Enter')
  const command = `docker pull ${loginServer}/payments/core:7.2.0`
  await page.getByText(`Copied: ${command}`).waitFor()
  assert.equal(await page.evaluate('navigator.clipboard.readText()'), command)
  await page.keyboard.press('Control+k')
  await palette(page).fill('@find')
  await page.getByRole('option', { name: /^finder/ }).waitFor()
  assert.equal(await page.getByRole('dialog').getByRole('option').count(), 1)
  await palette(page).fill('>people')
  await page.getByRole('option', { name: 'People' }).waitFor()
  await page.keyboard.press('Enter')
  await heading(page, 'People').waitFor()
  await page.keyboard.press('Control+k')
  await palette(page).fill(':7.2')
  await page.getByRole('option', { name: /^payments\/core:7\.2\.0/ }).click()
  await heading(page, 'payments/core:7.2.0').waitFor()
  assert.deepEqual(faults, [])
})

test('single keys open views, the filter and the list of keys, until they are turned off', async (t) => {
  if (!canRun(t)) return
  await using context = await browser.newContext()
  const { page, faults } = await watch(context)
  await openAsOwner(page, 'typist')
  await navigation(page).getByText('Access control').waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('a')
  await heading(page, 'Access control').waitFor()
  await page.keyboard.press('/')
  await until('the filter has the focus', async () => /type="search"/.test(await focused(page)))
  await page.keyboard.type('gh?r')
  assert.equal(await page.getByRole('dialog').count(), 0)
  assert.equal(await heading(page, 'Access control').isVisible(), true)
  await heading(page, 'Access control').focus()
  await page.keyboard.press('?')
  const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  assert.deepEqual(await violations(page), [])
  await list.getByRole('switch', { name: 'Use single keys' }).click()
  await list.getByRole('button', { name: 'Close' }).click()
  await list.waitFor({ state: 'detached' })
  await heading(page, 'Access control').focus()
  await page.keyboard.press('?')
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog', { name: 'Search' }).waitFor()
  assert.equal(await list.count(), 0)
  assert.deepEqual(faults, [])
})

test('on a phone, the navigation is a drawer that keeps the focus until it is closed', async (t) => {
  if (!canRun(t)) return
  await using context = await browser.newContext({ viewport: { width: 390, height: 800 } })
  const { page, faults } = await watch(context)
  await openAsOwner(page, 'walker')
  assert.equal(await navigation(page).isVisible(), false)
  const menu = page.getByRole('button', { name: 'Open the navigation' })
  await menu.click()
  const drawer = page.getByRole('dialog', { name: 'Portal' })
  assert.equal((await drawer.boundingBox())?.width, 300)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    assert.deepEqual(await violations(page), [], colorScheme)
  }
  const count = await drawer.getByRole('link').count()
  for (let step = 0; step < count + 4; step += 1) {
    await page.keyboard.press('Tab')
    // The browser's own controls are between the last element and the first one.
    assert.equal(await page.evaluate(`document.activeElement.matches('body, dialog, dialog *')`), true)
  }
  await page.keyboard.press('Escape')
  await drawer.waitFor({ state: 'detached' })
  await until('the button has the focus again', async () => /Open the navigation/.test(await focused(page)))
  await menu.click()
  await drawer.getByRole('link', { name: 'Access control' }).click()
  await heading(page, 'Access control').waitFor()
  await drawer.waitFor({ state: 'detached' })
  await page.setViewportSize({ width: 360, height: 800 })
  assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false)
  assert.deepEqual(faults, [])
})

test('the panel with the commands of a view stays open from view to view', async (t) => {
  if (!canRun(t)) return
  await using context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const { page, faults } = await watch(context)
  await openAsOwner(page, 'shell')
  const panel = page.getByRole('complementary', { name: 'Command line' })
  assert.equal(await panel.count(), 0)
  await openCommands(page)
  await panel.getByText(`acrux acr repository list --name ${name}`).waitFor()
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    assert.deepEqual(await violations(page), [], colorScheme)
  }
  await openView(page, `${base}/import`)
  await panel.getByText(/^az acr import|^acrux acr import/).waitFor()
  await panel.getByRole('button', { name: 'Close' }).click()
  await panel.waitFor({ state: 'detached' })
  assert.deepEqual(faults, [])
})

/** How a page looks: its header, its heading, its background, and the mark of the product. */
const lookOf = (page: Page): Promise<unknown> =>
  page.evaluate(`(() => {
    const styleOf = (selector) => getComputedStyle(document.querySelector(selector))
    const { fontFamily, fontSize, fontWeight, lineHeight, color } = styleOf('h1')
    const header = document.querySelector('header')
    return {
      heading: [fontFamily, fontSize, fontWeight, lineHeight, color],
      header: [header.offsetHeight, getComputedStyle(header).borderBottomColor],
      mark: [styleOf('header svg path[d^="M12 0.5"]').fill, document.querySelector('header svg path[d^="M12 0.5"]').closest('svg').clientWidth],
    }
  })()`)

test('the pages of an account have the look of the portal, in both themes', async (t) => {
  if (!canRun(t)) return
  await using context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const { page, faults } = await watch(context)
  await openAsOwner(page, 'same')
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.emulateMedia({ colorScheme })
    await openView(page, `${base}/repositories`)
    const wanted = await lookOf(page)
    await page.goto('/account/security')
    await heading(page, 'Security').waitFor()
    assert.deepEqual(await lookOf(page), wanted, colorScheme)
    assert.deepEqual(await violations(page), [], colorScheme)
    await page.setViewportSize({ width: 390, height: 844 })
    assert.deepEqual(await violations(page), [], `${colorScheme}, on a phone`)
    assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false)
  }
  assert.deepEqual(faults, [])
})

test('the pages for signing in and for errors are accessible, in both themes, on a phone and a wide screen', async (t) => {
  if (!canRun(t)) return
  await using context = await browser.newContext()
  const page = await context.newPage()
  for (const [path, title] of [
    ['/account', 'Sign in'],
    ['/sign-in?flow=x', 'Your sign-in has expired'],
    ['/account/nothing', 'Page not found'],
  ] as const) {
    await page.goto(path)
    await heading(page, title).waitFor()
    for (const [colorScheme, width] of looks) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 844 })
      assert.deepEqual(await violations(page), [], `${path}, ${colorScheme} ${width}`)
      assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false, path)
    }
  }
})

test('the first row of a list is near the top, on a wide screen and on a phone', async (t) => {
  if (!canRun(t)) return
  await pushImage(server, 'payments/core', '7.2.0', authorization)
  await using context = await browser.newContext()
  const { page, faults } = await watch(context)
  await openAsOwner(page, 'topmost')
  for (const [width, height] of [
    [1440, 900],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height })
    await openView(page, `${base}/repositories`)
    const box = await page.locator('[data-index="0"]').boundingBox()
    assert.ok(box !== null && box.y <= 260, `${width} px: ${JSON.stringify(box)}`)
  }
  assert.deepEqual(faults, [])
})
