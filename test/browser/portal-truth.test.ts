import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { arm, assignRole, expectStatus, registryId, roles } from '../harness/arm.ts'
import { type NewPerson, createPerson, letReadDirectory } from '../harness/directory.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { pushContent } from './portal-content.ts'
import { giveDirectory, setMode } from './portal-four-people.ts'
import { openCommands, openPortal, openView, signIn, violations } from './portal-page.ts'

const portal = await openPortal()
const { server, browser, canRun, watch, give } = portal
const { loginServer, registry: name } = server.firstRun
const base = `/portal/r/${name}`
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
  const both = await createPerson(server, 'alternatives')
  await give(owner, roles.owner)
  await letReadDirectory(server, owner.id)
  const noPush = `!(ActionMatches{'${repositories}/content/write'})`
  await giveWith(writer, repositoryWriter, noPush)
  const core = `@Request[${repositories}:name] StringEqualsIgnoreCase 'payments/core'`
  const others = `@Request[${repositories}:name] StringStartsWithIgnoreCase 'payments/'`
  const readOnly = `${noPush} AND !(ActionMatches{'${repositories}/metadata/write'})`
  await setMode(server, 'AbacRepositoryPermissions')
  await giveWith(both, repositoryWriter, `(${core}) OR (${others} AND ${readOnly})`)
  await giveWith(custom, repositoryWriter, `@Request[${repositories}:name] StringLike 'team-?/app'`)
  await using context = await browser.newContext()
  const { page, faults } = await watch(context)
  await signIn(page, owner)
  await openView(page, `${base}/access`)
  const row = (who: string) => page.getByRole('row').filter({ hasText: who })
  await row('alternatives').getByText('Pull payments/* · push, remove tags payments/core').waitFor()
  await row('special').getByText('Custom condition').waitFor()
  const question = page.getByRole('form', { name: 'Can a principal do this?' })
  await question.getByRole('textbox', { name: 'Who' }).fill('alternatives')
  await question.getByLabel('Action').selectOption('push')
  await question.getByLabel('Repository').fill('payments/ledger')
  await question.getByRole('button', { name: 'Check' }).click()
  await question.getByText('Not allowed').waitFor()
  assert.equal(new URL(page.url()).searchParams.get('principal'), both.id, 'the question is in the address')
  await question.getByLabel('Repository').fill('payments/core')
  await question.getByRole('button', { name: 'Check' }).click()
  await question.getByText('Allowed', { exact: true }).waitFor()
  await row('partial').getByText('Pull, remove tags in all repositories').click()
  const panel = page.getByRole('complementary', { name: 'partial' })
  await panel.getByText(noPush).waitFor()
  await panel.getByRole('row', { name: 'All repositories Yes No Yes No' }).waitFor()
  await panel.getByText('acrux-owner').waitFor()
  assert.deepEqual(await violations(page), [])
  await panel.getByRole('button', { name: /^Change the condition/ }).click()
  const dialog = page.getByRole('dialog')
  for (const wrong of [
    `@Request[${repositories}:nam] StringEquals 'a'`,
    `!(ActionMatches{'${repositories}/content/wirte'})`,
  ]) {
    await dialog.getByLabel('Condition').fill(wrong)
    await dialog.getByText(/^At character \d+: there is no a/).waitFor()
    await dialog.getByRole('button', { name: 'Save', disabled: true }).waitFor()
  }
  await setMode(server, 'LegacyRegistryPermissions')
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
  await openCommands(page)
  await page.getByText(`az login && az acr login --name ${name}`, { exact: true }).waitFor()
})

test('a registry that does not exist is not found', async (t) => {
  if (!canRun(t)) return
  const owner = await createPerson(server, 'searcher')
  await give(owner, roles.owner)
  await using context = await browser.newContext()
  const { page, faults } = await watch(context)
  await signIn(page, owner)
  const near = name.slice(0, -1)
  const text = (unknown: string) =>
    page.getByText(`The registry “${unknown}” does not exist, or you may not see the registry.`)
  for (const path of ['', '/repositories', '/access', '/policies', '/uploads']) {
    await page.goto(`/portal/r/${near}${path}`)
    await text(near).waitFor()
    assert.equal(await page.getByText(/roles do not|You do not have permission/).count(), 0, path)
  }
  assert.deepEqual(await violations(page), [])
  await page.locator('main').getByRole('link', { name, exact: true }).click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
  await page.goto('/portal/registries/contso.example/access')
  await text('contso.example').waitFor()
  assert.deepEqual(faults, [])
})

test('an address with a login server leads to the same view at the name of the registry', async (t) => {
  if (!canRun(t)) return
  const reader = await createPerson(server, 'bookmark')
  await give(reader, roles.acrPull)
  await using context = await browser.newContext()
  const { page, faults } = await watch(context)
  await signIn(page, reader)
  const old = `/portal/registries/${encodeURIComponent(loginServer)}`
  for (const rest of ['', '?range=day', '/repositories/team%2Fapp/manifests/1?show=raw#content']) {
    await page.goto(`${old}${rest}`)
    await page.waitForURL(`${base}${rest}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
  }
  assert.deepEqual(faults, [])
})

test('a name does not change the text beside it, and its hidden characters are visible', async (t) => {
  if (!canRun(t)) return
  const owner = await createPerson(server, 'names')
  await giveDirectory(server, owner)
  await give(owner, roles.owner)
  const { appId, password } = server.firstRun.servicePrincipal
  await pushImage(
    server,
    'team/names',
    { tag: '1', annotations: { title: 'Grace \u202Egnp.exe' } },
    basic(appId, password),
  )
  await using context = await browser.newContext()
  const { page } = await watch(context)
  await signIn(page, owner)
  await openView(page, '/portal/people')
  assert.equal(await page.getByRole('link', { name: 'names', exact: true }).locator('bdi').count(), 1)
  await openView(page, `${base}/repositories/team%2Fnames/manifests/1`)
  await page.locator('dd bdi', { hasText: 'Grace U+202Egnp.exe' }).waitFor()
})

test('owners see which person they are, before they disable their own account', async (t) => {
  if (!canRun(t)) return
  const owner = await createPerson(server, 'myself')
  await giveDirectory(server, owner)
  await using context = await browser.newContext()
  const { page } = await watch(context)
  await signIn(page, owner)
  await openView(page, `/portal/people/${owner.id}`)
  await page.getByText('myself@acrux.localhost (this is you)').waitFor()
  await page.locator('main').getByRole('button', { name: 'Disable' }).click()
  await page
    .getByRole('dialog')
    .getByText(/^This is you\./)
    .waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
})

test('an owner who is not the first one sees the first steps for the own account only', async (t) => {
  if (!canRun(t)) return
  const second = await createPerson(server, 'second')
  await giveDirectory(server, second)
  await assignRole(
    server,
    { id: second.id, type: 'User' },
    roles.owner,
    `/subscriptions/${server.firstRun.subscriptionId}`,
  )
  await using context = await browser.newContext()
  const { page } = await watch(context)
  await signIn(page, second)
  await openView(page, '/portal/')
  await page.getByRole('heading', { name: 'First steps' }).waitFor()
  await page.getByText('Another person knows your first password. Change the password.').waitFor()
  assert.equal(await page.getByRole('link', { name: 'Add a colleague' }).count(), 0)
})

test('the page says what was deleted and restored, and every view has the same size of an index', async (t) => {
  if (!canRun(t)) return
  const { appId, password } = server.firstRun.servicePrincipal
  await pushContent({ server, authorization: basic(appId, password) })
  const owner = await createPerson(server, 'cleaner')
  await give(owner, roles.owner)
  await using context = await browser.newContext()
  const { page, faults } = await watch(context)
  await signIn(page, owner)
  await openView(page, `${base}/repositories/team%2Fapp?show=tags`)
  const size = await page
    .getByRole('row', { name: /both/ })
    .getByText(/^[\d.]+ (?:B|KiB)$/)
    .innerText()
  await page.getByText('Size: compressed, largest platform').waitFor()
  await page.getByRole('link', { name: 'both', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'team/app:both' }).waitFor()
  await page.locator('dd').getByText(size.replace('.0 ', ' '), { exact: true }).waitFor()
  await page.goto(`${base}/repositories/other%2Ftool/manifests/a`)
  await page.getByRole('button', { name: 'Remove tag…' }).click()
  await page.getByRole('button', { name: 'Remove tag', exact: true }).click()
  await page.getByRole('status').getByText('The tag a is removed.').waitFor()
  assert.deepEqual(await violations(page), [])
  await page.goto(`${base}/deleted/other%2Ftool`)
  await page.getByRole('button', { name: 'Restore', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click()
  await page.getByRole('status').getByText('other/tool:a is restored.').waitFor()
  await page.getByRole('link', { name: 'Home' }).click()
  await page.getByText('other/tool:a is restored.').waitFor({ state: 'detached' })
  assert.deepEqual(faults, [])
})
