import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { arm, assignRole, principalWithRole, registryId, roles } from '../harness/arm.ts'
import { type NewPerson, createPerson } from '../harness/directory.ts'
import { request } from '../harness/http.ts'
import { at, listAt } from '../harness/json.ts'
import { basic } from '../harness/registry.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { setMode } from './portal-four-people.ts'
import { recordChanges } from './portal-made-changes.ts'
import { hostile, openCommands, openPortal, openView, signIn, violations } from './portal-page.ts'
import { settled } from './portal-settled.ts'

const backups = tempDir('portal-backups')
const portal = await openPortal({ args: ['--backup-directory', join(backups.path, 'all')] })
const { server, browser } = portal
const made = recordChanges(portal, 'portal-operations')
const { registry: name, subscriptionId } = server.firstRun
const image = `/portal/r/${name}`

/** A push that is denied; its correlation id. */
async function pushDenied({ appId, password }: { readonly appId: string; readonly password: string }): Promise<string> {
  const answer = await request({
    method: 'POST',
    url: `${server.baseUrl}/v2/team/app/blobs/uploads/`,
    headers: { authorization: basic(appId, password), 'user-agent': hostile },
    caFile: server.caFile,
  })
  assert.equal(answer.status, 401)
  return String(answer.headers['x-ms-correlation-request-id'])
}

const giveOwner = ({ id }: NewPerson) =>
  assignRole(server, { id, type: 'User' }, roles.owner, `/subscriptions/${subscriptionId}`)

const calm = { reducedMotion: 'reduce' } as const

const isWide = (page: Page) => page.evaluate('document.documentElement.scrollWidth > innerWidth')

test('an owner finds a denial in the audit log, reads why, fixes it, and exports what they searched', async (t) => {
  if (!portal.canRun(t)) return
  const build = await principalWithRole(server, 'build', roles.acrPull)
  const id = await pushDenied(build)
  const owner = await createPerson(server, 'auditor')
  await giveOwner(owner)
  await using context = await browser.newContext(calm)
  const { page, faults } = await made.watch(context)
  await signIn(page, owner, '/portal/audit?outcome=refused')
  const row = page
    .getByRole('row', { name: 'denied' })
    .or(page.getByRole('row', { name: build.objectId }))
    .first()
  await row.waitFor()
  await page.getByLabel('Principal').fill(build.objectId)
  await page.getByRole('button', { name: 'Search', exact: true }).click()
  await page.waitForURL((url) => url.searchParams.get('principal') === build.objectId)
  assert.equal(new URL(page.url()).searchParams.get('outcome'), 'refused', 'the other filters stay')
  await openCommands(page)
  await page.getByText(`--principal ${build.objectId} --outcome refused`).waitFor()

  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download' }).click()
  const lines = (await readFile(await (await download).path(), 'utf8')).trimEnd().split('\n')
  const events: readonly unknown[] = lines.map((line) => JSON.parse(line))
  assert.ok(events.length > 0)
  for (const event of events) assert.deepEqual(at(event, 'actor', 'id'), build.objectId)
  assert.ok(events.some((event) => at(event, 'correlationId') === id))

  await page
    .getByRole('link', { name: /^Details: / })
    .first()
    .click()
  await page.getByRole('heading', { name: 'Events of this request' }).waitFor()
  await page.getByText(hostile).first().waitFor()
  assert.deepEqual(await violations(page), [], 'one request')
  await page.getByRole('link', { name: 'Explain' }).click()
  await page.getByText('No assigned role allows this action.').waitFor()
  await page.getByText('acrux acr grant').waitFor()
  assert.deepEqual(await violations(page), [], 'the explanation')
  await page.getByRole('button', { name: 'Assign the role AcrPush' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('AcrPush', { exact: true }).waitFor()
  // The auditor may not read names of the directory.
  for (const words of [build.objectId, `Registry ${server.firstRun.registry}`])
    await dialog.getByText(words).first().waitFor()
  assert.doesNotMatch(await dialog.innerText(), /\/subscriptions\//, 'in words, not as an id of ARM')
  assert.deepEqual(await violations(page), [], 'the confirmation')
  await page.setViewportSize({ width: 360, height: 640 })
  await dialog.getByText('Do the same on the command line').click()
  await dialog.getByText('acrux acr grant').waitFor()
  assert.equal(await dialog.evaluate((element) => element.scrollWidth > element.clientWidth), false)
  assert.equal(await isWide(page), false)
  await page.setViewportSize({ width: 1280, height: 720 })
  await dialog.getByRole('button', { name: 'Assign the role AcrPush' }).click()
  await page.getByText('the server would allow the same request now').waitFor()
  const again = await request({
    method: 'POST',
    url: `${server.baseUrl}/v2/team/app/blobs/uploads/`,
    headers: { authorization: basic(build.appId, build.password) },
    caFile: server.caFile,
  })
  assert.equal(again.status, 202, 'the role is effective')

  await openView(page, `${image}/denials/00000000-0000-4000-8000-000000000000`)
  await page.getByText('No denial has this id.').waitFor()
  assert.deepEqual(faults, [])
})

test('the log is filtered by address, and goes back with the browser; a webhook of it is added, rotated and deleted', async (t) => {
  if (!portal.canRun(t)) return
  await setMode(server, 'AbacRepositoryPermissions')
  const owner = await createPerson(server, 'webhooks')
  await giveOwner(owner)
  await using context = await browser.newContext({ ...calm, viewport: { width: 360, height: 640 } })
  const { page, faults } = await made.watch(context)
  await signIn(page, owner, `${image}/audit?address=192.0.2.1`)
  await page.getByText('No event matches the search.').waitFor()
  await page.getByLabel('Principal').fill(owner.userPrincipalName)
  await page.getByLabel('Address').fill('')
  await page.locator('main').getByRole('button', { name: 'Search', exact: true }).click()
  await openCommands(page)
  await page.getByText(`--principal ${owner.id}`).waitFor()
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByRole('link', { name: '127.0.0.1' }).first().waitFor()
  assert.equal(await isWide(page), false, 'the page is wider than a phone')
  assert.deepEqual(await violations(page), [], 'the log')
  await page.goBack()
  await page.goBack()
  await page.getByText('No event matches the search.').waitFor()

  await openView(page, '/portal/audit/integrity')
  await page.getByText('The chain ends with the block that the server sealed last.').waitFor()
  await page.getByRole('button', { name: 'Add a webhook' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('siem')
  await dialog.getByLabel('Address').fill('https://127.0.0.1/x')
  assert.deepEqual(await violations(page), [], 'the form')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText('The serviceUri is not accepted.').waitFor()
  // A public address, to which a webhook that is off sends nothing.
  await dialog.getByLabel('Address').fill('https://8.8.8.8/acrux')
  await dialog.getByRole('switch').click()
  await dialog.getByLabel('Outcome').selectOption('refused')
  await dialog.getByRole('button', { name: 'Save' }).click()
  const secret = page.getByRole('group', { name: 'Secret of siem' })
  const first = (await secret.textContent()) ?? ''
  assert.match(first, /^whsec_/)
  const path = `/subscriptions/${subscriptionId}/providers/Acrux.Server/auditWebhooks/siem`
  assert.deepEqual(at((await arm(server, 'GET', path)).json(), 'properties', 'filter'), { outcome: 'refused' })
  assert.equal(await isWide(page), false, 'the page is wider than a phone')
  assert.deepEqual(await violations(page), [], 'the webhooks')
  await page.getByRole('button', { name: 'Rotate the secret' }).click()
  await dialog.getByRole('button', { name: 'Rotate the secret' }).click()
  await dialog.waitFor({ state: 'detached' })
  await secret.filter({ hasText: /^whsec_/, hasNotText: first }).waitFor()
  await page.getByRole('button', { name: 'Delete' }).click()
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await page.getByText('No events are sent.').waitFor()
  assert.equal((await arm(server, 'GET', path)).status, 404)
  assert.deepEqual(faults, [])
})

test('an owner checks and saves network rules, and policies with what they mean', async (t) => {
  if (!portal.canRun(t)) return
  await arm(server, 'PATCH', registryId(server), { sku: { name: 'Premium' } })
  const owner = await createPerson(server, 'policies')
  await giveOwner(owner)
  await using context = await browser.newContext({ ...calm, colorScheme: 'dark' })
  const { page, faults } = await made.watch(context)
  await signIn(page, owner, `${image}/policies?address=192.0.2.7`)
  const properties = async (...path: string[]) =>
    at((await arm(server, 'GET', registryId(server))).json(), 'properties', ...path)
  const addresses = page.getByLabel('Allowed addresses')
  await addresses.waitFor()
  assert.equal(await addresses.inputValue(), '192.0.2.7', 'the address that a denial proposes')
  await page.getByLabel('Addresses without a rule').selectOption('Deny')
  await page.getByRole('button', { name: 'Would I still have access?' }).click()
  await page.getByText('would be denied with these rules: No network rule allows the address.').waitFor()
  await page.getByRole('button', { name: 'Save: Network rules' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('These rules deny your own address.').waitFor()
  assert.deepEqual(await violations(page), [], 'the warning')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  assert.equal(await properties('networkRuleSet', 'defaultAction'), 'Allow')
  await addresses.fill('192.0.2.7\n127.0.0.0/8')
  await page.getByRole('button', { name: 'Would I still have access?' }).click()
  await page.getByText('You, at 127.0.0.1, could use the registry').waitFor()
  await page.getByRole('button', { name: 'Save: Network rules' }).click()
  await page.getByText('Saved.').waitFor()
  assert.equal(await properties('networkRuleSet', 'defaultAction'), 'Deny')
  assert.deepEqual(await violations(page), [], 'the policies')

  await page.getByLabel('Soft delete: Off').click()
  await page.getByLabel('Days', { exact: true }).last().fill('14')
  await page.getByRole('button', { name: 'Save: Soft delete' }).click()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').nth(1).waitFor()
  assert.equal(await properties('policies', 'softDeletePolicy', 'status'), 'enabled')
  assert.equal(await properties('policies', 'softDeletePolicy', 'retentionDays'), 14)
  await setQuotas(page)
  await arm(server, 'PATCH', registryId(server), { properties: { networkRuleSet: { defaultAction: 'Allow' } } })
  assert.deepEqual(faults, [])
})

/** Sets a quota of a repository, changes it, and removes it. */
async function setQuotas(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog')
  const quotas = async () => {
    const found = await arm(server, 'GET', `${registryId(server)}/providers/Acrux.Server/quotas`)
    return listAt(found.json(), 'value').map((quota) => at(quota, 'properties'))
  }
  await page.getByRole('button', { name: 'Add a quota' }).click()
  await dialog.getByLabel('Repository').fill('team/app')
  await dialog.getByLabel('Size').fill('1.5')
  assert.deepEqual(await violations(page), [], 'the form of a quota')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('row', { name: 'team/app' }).getByText('0 B of 1.5 GiB').waitFor()
  assert.deepEqual(await quotas(), [{ repository: 'team/app', limitBytes: 1.5 * 2 ** 30, usedBytes: 0 }])
  await page.getByRole('button', { name: 'Change the quota: team/app' }).click()
  await dialog.getByLabel('Size').fill('512')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('row', { name: 'team/app' }).getByText('0 B of 512 MiB').waitFor()
  await page.getByRole('button', { name: 'Remove the quota: team/app' }).click()
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('No quota is set.').waitFor()
  assert.deepEqual(await quotas(), [])
}

test('an owner sees the state of the server, maintains it, and replaces its keys', async (t) => {
  if (!portal.canRun(t)) return
  const owner = await createPerson(server, 'operator')
  await giveOwner(owner)
  await using context = await browser.newContext(calm)
  const { page, faults } = await made.watch(context)
  await signIn(page, owner, '/portal/server')
  await page.getByRole('row', { name: 'database-writer' }).getByText('OK').waitFor()
  await page.getByRole('row', { name: 'answers this page' }).getByText('Yes').waitFor()
  await page.getByText('Reserved for the database, keys and logs').waitFor()
  assert.deepEqual(await violations(page), [], 'the server')
  await page.getByRole('tab', { name: 'Maintenance' }).click()
  await page.waitForURL((url) => url.searchParams.get('part') === 'maintenance')
  await maintain(page)
  await page.getByRole('tab', { name: 'Configuration' }).click()
  await page.getByRole('button', { name: 'Show the configuration' }).click()
  await page.getByRole('row', { name: 'dataDir' }).getByText('--data-dir').waitFor()
  assert.deepEqual(await violations(page), [], 'the configuration')
  await page.getByRole('tab', { name: 'Certificates and keys' }).click()
  await page.getByRole('row', { name: 'localhost' }).getByText('This server').waitFor()
  assert.deepEqual(await violations(page), [], 'the certificates and keys')
  const dialog = page.getByRole('dialog')
  const createdAt = async () => {
    const path = `/subscriptions/${subscriptionId}/providers/Acrux.Server/status`
    return at((await arm(server, 'GET', path)).json(), 'signingKeys', 0, 'createdAt')
  }
  const before = await createdAt()
  await page.getByRole('button', { name: 'Rotate the keys' }).click()
  await dialog.getByRole('button', { name: 'Rotate the keys' }).click()
  await page.getByText('Done.').waitFor()
  const rotated = await createdAt()
  assert.notEqual(rotated, before)
  await page.getByRole('button', { name: 'Withdraw the keys' }).click()
  await dialog.getByText('The server denies every token that was signed with the keys').waitFor()
  await dialog.getByRole('button', { name: 'Withdraw the keys' }).click()
  await dialog.waitFor({ state: 'detached' })
  await openView(page, '/portal/server')
  await page.getByRole('row', { name: 'database-writer' }).getByText('OK').waitFor()
  assert.notEqual(await createdAt(), rotated)
  assert.deepEqual(faults, [])
})

/** Collects garbage, scrubs, and makes a backup. */
async function maintain(page: Page): Promise<void> {
  const state = async (name: string) => {
    const path = `/subscriptions/${subscriptionId}/providers/Acrux.Server/${name}`
    return (await arm(server, 'GET', path)).json()
  }
  const start = async (name: string) => {
    await page.getByRole('button', { name }).click()
    await page.getByRole('dialog').getByRole('button', { name }).click()
  }
  await start('Collect garbage now')
  await page
    .getByRole('region', { name: 'Garbage collection' })
    .getByText(/^Completed, /)
    .waitFor()
  assert.equal(at(await state('garbageCollection'), 'last', 'state'), 'completed')
  await start('Start a scrub')
  await page.getByRole('region', { name: 'Scrub' }).getByText('Completed', { exact: true }).first().waitFor()
  await page.getByText('There is no complete backup yet.').waitFor()
  await start('Start a backup')
  const section = page.getByRole('region', { name: 'Backup' })
  await section.getByText(/^Completed, /).waitFor()
  const id = at(await state('backup'), 'value', 0, 'id')
  await section.getByRole('row', { name: String(id) }).waitFor()
  assert.deepEqual(await violations(page), [], 'the maintenance')
}

test('people without the permission see why, the reason of their own denials, and that of others only as a link for an owner', async (t) => {
  if (!portal.canRun(t)) return
  const reader = await createPerson(server, 'reads')
  const puller = await createPerson(server, 'pulls')
  await setMode(server, 'LegacyRegistryPermissions')
  const denied = await pushDenied(await principalWithRole(server, 'denied', roles.acrPull))
  await portal.give(reader, roles.reader)
  await portal.give(puller, roles.acrPull)
  for (const person of [reader, puller]) {
    await using context = await browser.newContext(calm)
    const { page, faults } = await portal.watch(context)
    await signIn(page, person, '/portal/audit')
    const name = person === reader ? 'reader' : 'puller'
    await page.getByText('Your roles do not allow you to read this log.').waitFor()
    await page.getByRole('heading', { name: 'Your denied requests' }).waitFor()
    assert.equal(await page.getByRole('search').count(), 0, 'filters of a log that is not shown')
    assert.deepEqual(faults, [], name)
    if (person === puller) {
      // A denial of the page itself.
      await openView(page, '/portal/audit/integrity')
      const explain = page.getByRole('link', { name: 'Explain' }).first()
      await explain.click()
      await page.getByText('Acrux.Server/auditChain/read').first().waitFor()
      await page.getByText('Send this address to an owner of the registry.').waitFor()
      await settled(page)
      assert.equal(await page.getByRole('button', { name: /^Assign the role/ }).count(), 0)
      assert.deepEqual(await violations(page), [], 'the own denial')
      await openView(page, `/portal/denials/${denied}`)
      await page.getByText('Only users with permission to read denials see the reason.').waitFor()
      assert.deepEqual(await violations(page), [], 'a hidden reason')
      continue
    }
    await openView(page, `${image}/audit?id=${denied}`)
    await page.getByRole('search').waitFor()
    await page.getByRole('link', { name: 'Explain' }).click()
    await page.getByRole('button', { name: 'Assign the role AcrPush', disabled: true }).waitFor()
    await openView(page, `${image}/policies`)
    await page.getByRole('button', { name: 'Save: Soft delete', disabled: true }).waitFor()
    await page.getByText('Your roles do not allow you to change this registry.').first().waitFor()
    await page.getByRole('button', { name: 'Add a quota', disabled: true }).waitFor()
  }
})

test('the pages here make every change that the table says', (t) => {
  if (portal.canRun(t)) assert.deepEqual(made.missing(), [])
})
