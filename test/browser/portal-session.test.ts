import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { expectStatus, graph } from '../harness/arm.ts'
import { type NewPerson, createPerson } from '../harness/directory.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { giveContent, giveDirectory, giveRoles } from './portal-four-people.ts'
import { openPortal, openView, signIn, violations } from './portal-page.ts'
import { settled } from './portal-settled.ts'
import { walkTo } from './portal-walk.ts'

const portal = await openPortal()
const { server, browser, canRun, watch } = portal
const authorization = basic(server.firstRun.servicePrincipal.appId, server.firstRun.servicePrincipal.password)

const ended = (page: Page) => page.getByRole('dialog', { name: 'Your session has ended' })

/** Ends every sign-in of a person, and with it the session of the portal. */
async function endSignIns({ id }: Pick<NewPerson, 'id'>): Promise<void> {
  expectStatus(await graph(server, 'POST', `/users/${id}/revokeSignInSessions`), 200)
}

async function signInAgain(page: Page, { userPrincipalName, password }: NewPerson): Promise<void> {
  const opened = page.waitForEvent('popup')
  await ended(page).getByRole('button', { name: 'Sign in', exact: true }).click()
  const popup = await opened
  const closed = popup.waitForEvent('close')
  await popup.getByLabel('User name').fill(userPrincipalName)
  await popup.getByLabel('Password').fill(password)
  await popup.getByRole('button', { name: 'Sign in', exact: true }).click()
  await closed
}

/** Opens the form of a new user in the portal, and fills it in. */
async function fillUser(page: Page, name: string) {
  await openView(page, '/portal/people')
  await page.locator('main').getByRole('button', { name: 'Add a person' }).click()
  const form = page.getByRole('dialog', { name: 'Add a person', includeHidden: true })
  await form.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await form.getByLabel('User name').fill(`${name.toLowerCase()}@acrux.localhost`)
  return form
}

test('a person whose session ends in a form signs in again, and the form is sent as it was filled in', async (t) => {
  if (!canRun(t)) return
  const owner = await createPerson(server, 'owner-one')
  await giveDirectory(server, owner)
  await using context = await browser.newContext()
  const { page, faults } = await watch(context)
  await signIn(page, owner)
  const form = await fillUser(page, 'Ada')
  await endSignIns(owner)
  await form.getByRole('button', { name: 'Add a person' }).click()
  await ended(page).waitFor()
  assert.deepEqual(await violations(page), [])
  // Without a sign-in, the form says so, and keeps what was typed.
  await ended(page).getByRole('button', { name: 'Cancel' }).click()
  await form.getByText('Your session has ended').waitFor()
  assert.equal(await page.getByText('You do not have permission').count(), 0)
  assert.equal(await form.getByLabel('User name').inputValue(), 'ada@acrux.localhost')
  await form.getByRole('button', { name: 'Add a person' }).click()
  await signInAgain(page, owner)
  await page.getByRole('dialog', { name: 'The person is added' }).waitFor()
  assert.equal((await graph(server, 'GET', '/users/ada@acrux.localhost')).status, 200)
  assert.deepEqual(faults, [])
})

test('a page loads again from the beginning if another person signs in', async (t) => {
  if (!canRun(t)) return
  const [first, second] = [await createPerson(server, 'first'), await createPerson(server, 'second')]
  await using context = await browser.newContext()
  const { page } = await watch(context)
  await signIn(page, first)
  await openView(page, '/portal/')
  await endSignIns(first)
  await page.getByRole('link', { name: 'My denied requests' }).click()
  await ended(page).waitFor()
  const reloaded = page.waitForEvent('load')
  await signInAgain(page, second)
  await reloaded
  await page.getByRole('button', { name: /second/ }).waitFor()
})

test('two people with open sessions continue when one of them switches the role assignment mode of the registry', async (t) => {
  if (!canRun(t)) return
  await pushImage(server, 'team/app', '1', authorization)
  await pushImage(server, 'team/app', '2', authorization)
  const puller = await createPerson(server, 'continues')
  await giveRoles.puller(server, puller)
  await giveContent(server)
  await using ownContext = await browser.newContext()
  await using otherContext = await browser.newContext()
  const own = await watch(ownContext)
  const other = await watch(otherContext)
  const inRegistry = `/portal/r/${server.firstRun.registry}`
  const seesTags = async (page: Page, tags: readonly string[]) => {
    for (const tag of tags) await page.locator('main').getByRole('link', { name: tag, exact: true }).waitFor()
  }
  for (const [{ page }, person] of [
    [own, server.firstRun.owner],
    [other, puller],
  ] as const) {
    await signIn(page, person)
    await openView(page, `${inRegistry}/repositories/team%2Fapp`)
    await seesTags(page, ['1', '2'])
  }
  for (const [index, mode] of ['Permissions per repository', 'Permissions for the whole registry'].entries()) {
    await openView(own.page, `${inRegistry}/access?tab=mode`)
    await own.page.getByRole('button', { name: `Switch to ${mode}` }).click()
    await own.page.getByRole('dialog').getByRole('button', { name: 'Switch to' }).click()
    await own.page.getByText('The registry was switched.').waitFor()
    const tag = `new-${index}`
    await pushImage(server, 'team/app', tag, authorization)
    for (const { page } of [own, other]) {
      // The page of the puller is not loaded again: it goes on where it is.
      await walkTo(page, `${inRegistry}/repositories`)
      await page.locator('main').getByRole('link', { name: 'team/app', exact: true }).click()
      await page.getByRole('heading', { level: 1, name: 'team/app', exact: true }).waitFor()
      await page.getByRole('button', { name: 'By tag' }).click()
      await page.keyboard.press('r')
      await seesTags(page, ['1', tag])
      await page.getByRole('link', { name: tag, exact: true }).click()
      await page.getByRole('heading', { level: 1, name: `team/app:${tag}` }).waitFor()
      await settled(page)
      assert.equal(await page.getByRole('alert').count(), 0)
      assert.equal(await ended(page).count(), 0)
    }
  }
  assert.deepEqual([...own.faults, ...other.faults], [])
})

test('one click signs a person out of the portal and of the browser', async (t) => {
  if (!canRun(t)) return
  const person = await createPerson(server, 'leaver')
  await using context = await browser.newContext()
  const { page } = await watch(context)
  await signIn(page, person)
  await openView(page, '/portal/')
  await page.getByRole('button', { name: /leaver/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'You have signed out' }).waitFor()
  await page.goBack()
  await page.getByLabel('Password').waitFor()
})

test('a view that was never opened opens while the server is away, and continues when it is back', async (t) => {
  if (!canRun(t)) return
  const owner = await createPerson(server, 'owner-two')
  await giveDirectory(server, owner)
  await using context = await browser.newContext()
  const { page } = await watch(context)
  await signIn(page, owner)
  await openView(page, '/portal/people')
  await page.getByText('owner-two@acrux.localhost').first().waitFor()
  await page.evaluate('window.isSamePage = true')
  const banner = page.getByRole('status').getByText(/^No connection to the server since \d\d:\d\d:\d\d\.$/)
  await context.setOffline(true)
  await page.getByRole('link', { name: 'Groups' }).first().click()
  await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor()
  await banner.waitFor()
  await page.goBack()
  await page.getByText('owner-two@acrux.localhost').first().waitFor()
  assert.deepEqual(await violations(page), [])
  await context.setOffline(false)
  await banner.waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Groups' }).first().click()
  await page.getByRole('button', { name: /group/i }).first().waitFor()
  assert.equal(await page.evaluate('window.isSamePage'), true, 'the page was not loaded again')
})

test('a view whose file cannot be loaded says so in the page, and opens once the file is there', async (t) => {
  if (!canRun(t)) return
  const owner = await createPerson(server, 'owner-three')
  await giveDirectory(server, owner)
  await using context = await browser.newContext()
  const { page } = await watch(context)
  await page.route(/\/providers-[^/]*\.js$/, (route) => route.abort())
  await signIn(page, owner)
  await openView(page, '/portal/people')
  await page.evaluate('window.isSamePage = true')
  await page.getByRole('link', { name: 'Providers' }).first().click()
  await page.getByText('The server could not be reached').waitFor()
  await page.unroute(/\/providers-[^/]*\.js$/)
  await page.getByRole('heading', { level: 1, name: /providers/i }).waitFor()
  assert.equal(await page.evaluate('window.isSamePage'), true, 'the page was not loaded again')
})
