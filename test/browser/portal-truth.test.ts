import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { arm, expectStatus, registryId, roles } from '../harness/arm.ts'
import { type NewPerson, createPerson, letReadDirectory } from '../harness/directory.ts'
import { giveDirectory } from './portal-four-people.ts'
import { openPortal, openView, signIn, violations } from './portal-page.ts'

const portal = await openPortal()
const { server, browser, canRun, watch, give } = portal
const { loginServer, registry: name } = server.firstRun
const base = `/portal/registries/${encodeURIComponent(loginServer)}`
const repositories = 'Microsoft.ContainerRegistry/registries/repositories'
const repositoryWriter = '2a1e307c-b015-4ebd-883e-5b7698a07328'

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

/** Gives a person a role for single repositories, with a condition. */
async function giveWith(person: NewPerson, role: string, condition: string): Promise<void> {
  const properties = {
    roleDefinitionId: `/subscriptions/${server.firstRun.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
    principalId: person.id,
    principalType: 'User',
    condition,
    conditionVersion: '2.0',
  }
  const path = `${registryId(server)}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`
  expectStatus(await arm(server, 'PUT', path, { properties }), 201)
}

test('access control shows what each condition excludes, and the editor rejects names that do not exist', async (t) => {
  if (!canRun(t)) return
  const owner = await createPerson(server, 'warden')
  const writer = await createPerson(server, 'partial')
  const custom = await createPerson(server, 'special')
  await give(owner, roles.owner)
  await letReadDirectory(server, owner.id)
  const noPush = `!(ActionMatches{'${repositories}/content/write'})`
  await giveWith(writer, repositoryWriter, noPush)
  await giveWith(custom, repositoryWriter, `@Request[${repositories}:name] StringLike 'team-?/app'`)
  await using context = await browser.newContext()
  const { page, faults } = await watch(context)
  await signIn(page, owner)
  await openView(page, `${base}/access`)
  const row = (who: string) => page.getByRole('row').filter({ hasText: who })
  await row('partial').getByText('all repositories (except push)').click()
  await row('partial').getByText(noPush).waitFor()
  await row('special').getByText('Custom condition').waitFor()
  assert.deepEqual(await violations(page), [])
  await row('partial').getByRole('button', { name: /^Change the condition/ }).click()
  const dialog = page.getByRole('dialog')
  for (const wrong of [
    `@Request[${repositories}:nam] StringEquals 'a'`,
    `!(ActionMatches{'${repositories}/content/wirte'})`,
  ]) {
    await dialog.getByLabel('Condition').fill(wrong)
    await dialog.getByText(/^At character \d+: there is no a/).waitFor()
    await dialog.getByRole('button', { name: 'Save', disabled: true }).waitFor()
  }
  assert.deepEqual(faults, [])
})

test('commands have the name of the registry, also for a person who may only pull', async (t) => {
  if (!canRun(t)) return
  const puller = await createPerson(server, 'puller')
  await give(puller, roles.acrPull)
  await using context = await browser.newContext()
  const { page } = await watch(context)
  await signIn(page, puller)
  await openView(page, base)
  await page.getByText(`az login && az acr login --name ${name}`, { exact: true }).waitFor()
})

test('a registry that does not exist is not found', async (t) => {
  if (!canRun(t)) return
  const owner = await createPerson(server, 'searcher')
  await give(owner, roles.owner)
  await using context = await browser.newContext()
  const { page, faults } = await watch(context)
  await signIn(page, owner)
  for (const path of ['', '/repositories', '/access', '/policies', '/uploads']) {
    await page.goto(`/portal/registries/contso.example${path}`)
    await page.getByText('There is no registry with the login server contso.example.').waitFor()
    assert.equal(await page.getByText(/roles do not|You do not have permission/).count(), 0, path)
  }
  assert.deepEqual(await violations(page), [])
  await page.locator('main').getByRole('link', { name, exact: true }).click()
  await page.getByRole('heading', { level: 1, name: loginServer }).waitFor()
  assert.deepEqual(faults, [])
})
