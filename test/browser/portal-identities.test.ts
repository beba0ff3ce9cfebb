import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { arm, armToken, expectStatus, graph, resourceGroupId, roles } from '../harness/arm.ts'
import { mustRun } from '../harness/clients.ts'
import { createGroup, createPerson, letReadDirectory } from '../harness/directory.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { giveRoles, setMode } from './portal-four-people.ts'
import { recordChanges } from './portal-made-changes.ts'
import { hostile, openPortal, openView, signIn, violations } from './portal-page.ts'
import { settled } from './portal-settled.ts'

const issuer = await startTokenIssuer()
const portal = await openPortal({ args: trustArguments(issuer) })
const { server, browser, canRun, watch, give } = portal
const made = recordChanges(portal, 'portal-identities')
after(() => issuer[Symbol.asyncDispose]())

const found = async (path: string) => expectStatus(await graph(server, 'GET', path), 200).json()
const firstOf = async (path: string): Promise<unknown> => listAt(await found(path), 'value')[0]

/** Presses a button, in the dialog that is open or else in the page. */
async function press(page: Page, name: string): Promise<void> {
  await page
    .locator('[role=dialog], body:not(:has([role=dialog])) main')
    .getByRole('button', { name, exact: true })
    .click()
}

/** The text that a dialog shows once, below this label. */
async function shown(page: Page, label: string): Promise<string> {
  return (await page.getByRole('dialog').getByRole('group', { name: label }).innerText()).trim()
}

async function closeSecret(page: Page): Promise<void> {
  await page.getByRole('checkbox', { name: 'I have stored it' }).check()
  await closeDialog(page)
}

async function closeDialog(page: Page): Promise<void> {
  await press(page, 'Close')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

/** Asks the question of an act, and confirms it. */
async function confirm(page: Page, action: string, answer = action): Promise<void> {
  await press(page, action)
  await page.getByRole('dialog').waitFor()
  await press(page, answer)
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

async function addsPerson(page: Page): Promise<void> {
  await openView(page, '/portal/people')
  await press(page, 'Add a person')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Ada')
  await dialog.getByLabel('User name').fill('ada@acrux.localhost')
  assert.deepEqual(await violations(page), [])
  await press(page, 'Add a person')
  await page.getByText('The person is added').waitFor()
  assert.match(await shown(page, 'One-time link'), /\/sign-in\/link#/)
  await closeSecret(page)
  await page.locator('button:focus', { hasText: 'Add a person' }).waitFor()
  await page.getByRole('searchbox', { name: 'Name begins with' }).fill('Ad')
  await page.waitForURL('**/people?filter=Ad')
  await page.getByRole('link', { name: 'Ada', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Ada' }).waitFor()
}

async function changesPerson(page: Page): Promise<void> {
  const ada = () => found('/users/ada@acrux.localhost')
  const { id } = (await ada()) as { id: string }
  await confirm(page, 'Disable')
  assert.equal(((await ada()) as { accountEnabled: boolean }).accountEnabled, false)
  await confirm(page, 'Enable')
  assert.equal(((await ada()) as { accountEnabled: boolean }).accountEnabled, true)
  await press(page, 'Create a code for the second factor')
  await press(page, 'Create a code for the second factor')
  assert.notEqual(await shown(page, 'Code'), '')
  await closeSecret(page)
  await press(page, 'Reset the password')
  await page.getByRole('checkbox').check()
  await press(page, 'Reset the password')
  assert.match(await shown(page, 'One-time link'), /\/sign-in\/link#/)
  await closeSecret(page)
  await press(page, 'Change the role')
  await page.getByRole('radio', { name: /^Reader/ }).check()
  await press(page, 'Save')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByText('Reader. Can see').waitFor()
  await press(page, 'Change the role')
  await page.getByRole('radio', { name: /^None/ }).check()
  await press(page, 'Save')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByText('None. Sees only').waitFor()
  await page.getByRole('tab', { name: 'Sign-in methods' }).click()
  await page.waitForURL('**?part=methods')
  await page.getByRole('cell', { name: 'Password', exact: true }).waitFor()
  assert.deepEqual(await violations(page), [])
  await openView(page, `/portal/people/${id}`)
  await confirm(page, 'Delete')
  await page.waitForURL('**/portal/people')
  assert.equal((await graph(server, 'GET', '/users/ada@acrux.localhost')).status, 404)
}

async function makesGroup(page: Page): Promise<void> {
  await openView(page, '/portal/groups')
  await press(page, 'Create a group')
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Developers')
  await press(page, 'Create a group')
  await page.getByRole('heading', { level: 1, name: 'Developers' }).waitFor()
  const { id } = (await firstOf("/groups?$filter=displayName eq 'Developers'")) as { id: string }
  await press(page, 'Add members')
  await page.getByRole('button', { name: 'Add nobody' }).click()
  await page.getByRole('button', { name: 'Added nobody' }).waitFor()
  assert.deepEqual(await violations(page), [])
  await closeDialog(page)
  assert.equal(stringAt(await firstOf(`/groups/${id}/members`), 'displayName'), 'nobody')
  await confirm(page, 'Remove nobody', 'Remove')
  assert.deepEqual(listAt(await found(`/groups/${id}/members`), 'value'), [])
  await confirm(page, 'Delete the group')
  await page.waitForURL('**/portal/groups')
}

async function rotatesSecret(page: Page): Promise<string> {
  await openView(page, '/portal/applications')
  await press(page, 'Create an application')
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('ci')
  await press(page, 'Create an application')
  await page.getByRole('heading', { level: 1, name: 'ci' }).waitFor()
  await page.getByRole('tab', { name: 'Secrets and certificates' }).click()
  await press(page, 'New secret')
  await page.getByLabel('What it is for').fill('build')
  await press(page, 'New secret')
  const appId = await shown(page, 'User name for docker login')
  const password = await shown(page, 'Secret')
  assert.notEqual(await armToken(server, { appId, password }), '')
  await closeSecret(page)
  await press(page, 'Show the last use')
  await page.getByRole('columnheader', { name: 'Last used' }).waitFor()
  await confirm(page, 'Remove the secret build', 'Remove')
  await assert.rejects(armToken(server, { appId, password }))
  await addsCertificate(page)
  return appId
}

async function addsCertificate(page: Page): Promise<void> {
  const home = tempDir('certificate')
  const file = (name: string) => join(home.path, name)
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', file('key.pem')]
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: home.path }
  await mustRun('openssl', ['req', '-x509', ...key, '-subj', '/CN=ci', '-days', '20', '-out', file('cert.pem')], {
    env,
  })
  await press(page, 'Add a certificate')
  await page.getByRole('textbox', { name: 'Certificate', exact: true }).fill(readFileSync(file('key.pem'), 'utf8'))
  await page.getByText('contains a private key').waitFor()
  await page.getByRole('textbox', { name: 'Certificate', exact: true }).fill(readFileSync(file('cert.pem'), 'utf8'))
  home.remove()
  await press(page, 'Add a certificate')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByText('Expires soon').waitFor()
  assert.deepEqual(await violations(page), [])
}

async function trustsJob(page: Page, appId: string): Promise<void> {
  await page.getByRole('tab', { name: 'Federated credentials' }).click()
  await press(page, 'Trust a CI job or a pod')
  await page.getByLabel('Id of the repository').fill('123456789')
  const rule = "claims['repository_id'] eq '123456789' and claims['ref'] eq 'refs/heads/main'"
  await page.getByText(rule, { exact: true }).waitFor()
  assert.match(await page.getByRole('group', { name: 'Paste this' }).innerText(), new RegExp(`CLIENT_ID: ${appId}`))
  await page.getByRole('radio', { name: 'Kubernetes' }).check()
  await page.waitForURL('**?system=kubernetes')
  await page.getByRole('textbox', { name: 'Issuer', exact: true }).fill(issuer.origin)
  assert.deepEqual(await violations(page), [])
  await press(page, 'Create')
  await page.getByText('The application trusts the job.').waitFor()
  await page.getByRole('link', { name: 'Back to the application' }).click()
  const claims = { sub: 'system:serviceaccount:default:default', aud: server.firstRun.loginServer }
  const testing = async (token: string) => {
    await page.getByRole('textbox', { name: 'Token', exact: true }).fill(token)
    await press(page, 'Test')
  }
  await testing(issuer.token(claims))
  await page.getByText('The token is accepted now.').waitFor()
  await testing(issuer.token({ ...claims, sub: 'system:serviceaccount:other:default' }))
  await page.getByRole('cell', { name: 'system:serviceaccount:other:default' }).waitFor()
  await page.getByText('kubernetes differs:').waitFor()
  assert.deepEqual(await violations(page), [])
  await confirm(page, 'Remove the federated credential kubernetes', 'Remove')
  await page.getByText('trusts no tokens of other issuers').waitFor()
}

async function createsManaged(page: Page, button: string, name: string): Promise<void> {
  await press(page, button)
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await press(page, button)
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

async function enrollsMachine(page: Page): Promise<void> {
  const group = `${resourceGroupId(server)}/providers`
  await openView(page, '/portal/managed-identities')
  await createsManaged(page, 'Create a managed identity', 'deploy')
  await page.getByRole('tab', { name: 'Machines' }).click()
  await page.waitForURL('**?part=machines')
  await createsManaged(page, 'Add a machine', 'build-1')
  await press(page, 'Identities of build-1')
  await page.getByRole('checkbox', { name: 'deploy' }).check()
  await press(page, 'Save')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const machine = `${group}/Microsoft.HybridCompute/machines/build-1?api-version=2024-07-10`
  assert.match(expectStatus(await arm(server, 'GET', machine), 200).text(), /userAssignedIdentities\/deploy/)
  await press(page, 'Enroll build-1')
  await press(page, 'Create a code')
  assert.match(await shown(page, 'Run this command on the machine'), /--code [A-Z0-9]{4}-/)
  await closeSecret(page)
  assert.deepEqual(await violations(page), [])
  await confirm(page, 'Delete build-1', 'Delete')
  assert.equal((await arm(server, 'GET', machine)).status, 404)
  await page.getByRole('tab', { name: 'Managed identities' }).click()
  await confirm(page, 'Delete deploy', 'Delete')
  await page.getByText('There are no managed identities that you can see.').waitFor()
}

async function deletesApplication(page: Page): Promise<void> {
  await openView(page, '/portal/applications')
  await page.getByRole('link', { name: 'ci', exact: true }).click()
  const enabled = async () => at(await firstOf("/servicePrincipals?$filter=displayName eq 'ci'"), 'accountEnabled')
  await confirm(page, 'Disable')
  assert.equal(await enabled(), false)
  await confirm(page, 'Enable')
  assert.equal(await enabled(), true)
  await confirm(page, 'Delete')
  await page.waitForURL('**/portal/applications')
  assert.equal(await firstOf("/applications?$filter=displayName eq 'ci'"), undefined)
}

async function showsHostileNames(page: Page): Promise<void> {
  const user = { userPrincipalName: 'hostile@acrux.localhost', displayName: hostile, accountEnabled: true }
  const made = await graph(server, 'POST', '/users', {
    ...user,
    passwordProfile: { password: 'tidal lantern 7 quilt' },
  })
  const id = stringAt(expectStatus(made, 201).json(), 'id')
  const kind = { mailNickname: 'hostile', mailEnabled: false, securityEnabled: true }
  const madeGroup = await graph(server, 'POST', '/groups', { displayName: hostile, description: hostile, ...kind })
  const group = stringAt(expectStatus(madeGroup, 201).json(), 'id')
  const reference = { '@odata.id': `${server.baseUrl}/graph/v1.0/directoryObjects/${id}` }
  expectStatus(await graph(server, 'POST', `/groups/${group}/members/$ref`, reference), 204)
  for (const view of ['people', `people/${id}`, `people/${id}?part=groups`, 'groups', `groups/${group}`]) {
    await openView(page, `/portal/${view}`)
    await page.getByText(hostile).first().waitFor()
    assert.notEqual(await page.title(), 'ran', view)
  }
}

/** The state of a first step. */
const stepState = (page: Page, step: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('link', { name: step }) })

async function seesFirstSteps(page: Page): Promise<void> {
  await openView(page, '/portal/')
  await stepState(page, 'Set up a second factor').getByText('To do').waitFor()
  await stepState(page, 'Choose your own password').getByText('To do').waitFor()
  // Only the first account sets the server up.
  assert.equal(await stepState(page, 'Let a CI job push').count(), 0)
  assert.deepEqual(await violations(page), [])
  await press(page, 'Do not show this again')
  await openView(page, '/portal/')
  assert.equal(await page.getByRole('heading', { name: 'First steps' }).count(), 0)
}

async function visitsAccount(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `Account of ${name}` }).click()
  await page.getByRole('menuitem', { name: 'My account' }).click()
  await page.getByRole('heading', { level: 1, name: 'Security' }).waitFor()
  await page.waitForLoadState()
  assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false)
  assert.deepEqual(await violations(page), [])
  await page.getByRole('link', { name: 'Portal', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Welcome' }).waitFor()
}

test('an owner manages people, groups, applications and machines in the portal', async (t) => {
  if (!canRun(t)) return
  await createPerson(server, 'nobody')
  await setMode(server, 'AbacRepositoryPermissions')
  const owner = await createPerson(server, 'boss')
  await giveRoles.owner(server, owner)
  await using context = await browser.newContext()
  const { page, faults } = await made.watch(context)
  await signIn(page, owner, '/portal/people')
  await t.test('adds a person, and gets a link for the person', () => addsPerson(page))
  await t.test('disables, resets, promotes and deletes a person', () => changesPerson(page))
  await t.test('makes a group and changes its members', () => makesGroup(page))
  let appId = ''
  await t.test('creates a secret that works until it is deleted, and adds a certificate', async () => {
    appId = await rotatesSecret(page)
  })
  await t.test('trusts the tokens of a job, and sees which claim of a token differs', () => trustsJob(page, appId))
  await t.test('enrolls a machine with an attached identity', () => enrollsMachine(page))
  await t.test('disables, enables and deletes an application', () => deletesApplication(page))
  await t.test('sees hostile names as text', () => showsHostileNames(page))
  await t.test('sees the first steps that are left, and dismisses them', () => seesFirstSteps(page))
  assert.deepEqual(faults, [])
})

test('a reader of the directory changes the members of the own groups, and of no others', async (t) => {
  if (!canRun(t)) return
  const reader = await createPerson(server, 'leads')
  await letReadDirectory(server, reader.id)
  const [own, other] = [await createGroup(server, 'own', reader.id), await createGroup(server, 'another', reader.id)]
  const reference = { '@odata.id': `${server.baseUrl}/graph/v1.0/directoryObjects/${reader.id}` }
  expectStatus(await graph(server, 'POST', `/groups/${own}/owners/$ref`, reference), 204)
  await using context = await browser.newContext()
  const { page, faults } = await watch(context)
  const main = page.locator('main')
  await signIn(page, reader, `/portal/groups/${other}`)
  await page.getByText('This action requires an owner of the group or of the directory.').first().waitFor()
  await main.getByRole('button', { name: 'Remove leads', disabled: true }).waitFor()
  await openView(page, `/portal/groups/${own}`)
  await main.getByRole('button', { name: 'Delete the group', disabled: true }).waitFor()
  await main.getByRole('button', { name: 'Add members', disabled: false }).waitFor()
  await confirm(page, 'Remove leads', 'Remove')
  await page.getByText('This group has no members.').waitFor()
  assert.deepEqual(faults, [])
})

test('a person without a role on the directory sees themselves, and why they may not change anything', async (t) => {
  if (!canRun(t)) return
  const reader = await createPerson(server, 'reader')
  await give(reader, roles.acrPull)
  const other = await createPerson(server, 'other')
  const group = await createGroup(server, 'team', reader.id)
  await using context = await browser.newContext({ viewport: { width: 360, height: 640 } })
  const { page, faults } = await watch(context)
  await signIn(page, reader, '/portal/people')
  await page.getByRole('link', { name: 'reader', exact: true }).waitFor()
  await settled(page)
  assert.equal(await page.getByRole('link', { name: 'other', exact: true }).count(), 0)
  const disabled = page.locator('main').getByRole('button', { name: 'Add a person', disabled: true })
  await disabled.waitFor()
  await page.getByText('This action requires an owner of the directory.').waitFor()
  await openView(page, '/portal/')
  assert.equal(await page.getByRole('heading', { name: 'First steps' }).count(), 0)
  await openView(page, '/portal/people/nothing')
  await openView(page, `/portal/groups/${group}`)
  await page.locator('main').getByRole('button', { name: 'Add members', disabled: true }).waitFor()
  await openView(page, `/portal/people/${other.id}?part=signIns`)
  assert.deepEqual(faults.splice(0), [])
  await openView(page, '/portal/managed-identities')
  await page.locator('main').getByRole('button', { name: 'Create a managed identity', disabled: true }).waitFor()
  await page.getByText('None of your roles permits Microsoft.ManagedIdentity/userAssignedIdentities/write.').waitFor()
  await visitsAccount(page, 'reader')
  await openView(page, `/portal/people/${other.id}`)
  await page.getByText('You do not have permission to see this page').waitFor()
  const denied: unknown = await page.evaluate(`fetch('/portal/api/graph/users/${other.id}', {
    method: 'PATCH', body: '{"accountEnabled":false}',
    headers: { 'x-acrux-portal': '1', 'content-type': 'application/json' },
  }).then(({ status }) => status)`)
  assert.equal(denied, 403)
})

test('the pages here make every change that the table says', (t) => {
  if (canRun(t)) assert.deepEqual(made.missing(), [])
})
