import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { roles } from '../harness/arm.ts'
import { createPerson } from '../harness/directory.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { until } from '../harness/until.ts'
import { giveDirectory } from './portal-four-people.ts'
import { openCommands, openPortal, openView, signIn, violations } from './portal-page.ts'

const portal = await openPortal()
const { server, browser, canRun, watch, give } = portal
const { loginServer, registry: name, servicePrincipal } = server.firstRun
const base = `/portal/r/${name}`
const authorization = basic(servicePrincipal.appId, servicePrincipal.password)

const navigation = (page: Page) => page.getByRole('navigation', { name: 'Portal' })
const heading = (page: Page, title: string) => page.getByRole('heading', { level: 1, name: title, exact: true })
const palette = (page: Page) => page.getByRole('combobox', { name: /^Search/ })
const focused = (page: Page) => page.evaluate<string>('document.activeElement.outerHTML')

/** An owner of the registry and of the directory, who is signed in. */
async function openAsOwner(page: Page, who: string): Promise<void> {
  const owner = await createPerson(server, who)
  await giveDirectory(server, owner)
  await give(owner, roles.owner)
  await signIn(page, owner, `${base}/repositories`)
  await heading(page, 'Repositories').waitFor()
}

test('a person who may only pull sees five items, and other addresses say why they are empty', async (t) => {
  if (!canRun(t)) return
  const puller = await createPerson(server, 'puller')
  await give(puller, roles.acrPull)
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
  await navigation(page).getByText('My access').click()
  await page.getByText('pull, list: all repositories').waitFor()
  assert.deepEqual(await violations(page), [])
  await navigation(page).getByText('My denied requests').click()
  await page.getByText('None of your requests was denied.').waitFor()
  await openView(page, `${base}/access`)
  await page.getByText(/^Your roles do not allow you to read the settings of this registry/).waitFor()
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
  for (const [colorScheme, width] of [
    ['light', 1440],
    ['dark', 1440],
    ['light', 390],
    ['dark', 390],
  ] as const) {
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
