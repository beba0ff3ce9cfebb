import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPerson } from '../harness/directory.ts'
import { giveDirectory } from './portal-four-people.ts'
import { openPortal, openView, signIn, violations } from './portal-page.ts'

const portal = await openPortal()
const { server, browser, canRun, watch } = portal

test('a dialog with a secret stays open until the person confirms that the secret is stored', async (t) => {
  if (!canRun(t)) return
  const owner = await createPerson(server, 'keeper')
  await giveDirectory(server, owner)
  await using context = await browser.newContext()
  const { page } = await watch(context)
  await signIn(page, owner)
  await openView(page, '/portal/people')
  await page.locator('main').getByRole('button', { name: 'Add a person' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Grace')
  await dialog.getByLabel('User name').fill('grace@acrux.localhost')
  await dialog.getByRole('button', { name: 'Add a person' }).click()
  const link = dialog.getByRole('group', { name: 'One-time link' })
  await link.waitFor()
  assert.deepEqual(await violations(page), [])
  await page.keyboard.press('Escape')
  await page.mouse.click(5, 5)
  await dialog.getByRole('button', { name: 'Close' }).click({ force: true })
  assert.match(await link.innerText(), /\/sign-in\/link#/)
  await dialog.getByRole('checkbox', { name: 'I have stored it' }).check()
  await page.keyboard.press('Escape')
  assert.equal(await link.isVisible(), true)
  await dialog.getByRole('button', { name: 'Close' }).click()
  await dialog.waitFor({ state: 'detached' })
})
