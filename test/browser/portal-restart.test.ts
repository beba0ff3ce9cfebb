import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { arm, expectStatus, graph } from '../harness/arm.ts'
import { createPerson } from '../harness/directory.ts'
import { listAt } from '../harness/json.ts'
import { basic, get, pushImage } from '../harness/registry.ts'
import { giveRoles } from './portal-four-people.ts'
import { openPortal, openView, signIn, violations } from './portal-page.ts'
import { preparePlaces } from './portal-places.ts'
import { frames, settled } from './portal-settled.ts'
import { walkTo } from './portal-walk.ts'

const portal = await openPortal()
const { server, browser, canRun, watch } = portal
const { registry: name, servicePrincipal, subscriptionId } = server.firstRun
const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
const base = `/portal/r/${name}`

const banner = (page: Page) => page.getByRole('status').getByText(/^No connection to the server since/)
const changesAreOff = 'Changes are off until the server answers.'

/** What the main part of the window shows: which view it is, and whether an error is in the place of its data. */
const shown = (page: Page): Promise<unknown> =>
  page.evaluate(`({
    heading: document.querySelector('main h1')?.textContent,
    errors: [...document.querySelectorAll('main [role=alert]')].map(({ textContent }) => textContent),
  })`)

test('twenty images that a person looks at are no pulls, and leave an event each', async (t) => {
  if (!canRun(t)) return
  const tags = Array.from({ length: 20 }, (_none, index) => `v${index}`)
  for (const tag of tags)
    await pushImage(server, 'team/twenty', { tag, layers: [Buffer.from(`twenty ${tag}`)] }, authorization)
  expectStatus(await get(server, '/v2/team/twenty/manifests/v0', authorization), 200)
  /** The last pull of each image and tag, and the pulls of the repository. The server writes them when it stops. */
  const pulls = async () => {
    await server.restart()
    const read = async (path: string) => expectStatus(await get(server, `/acr/v1/${path}`, authorization), 200).json()
    return [await read('team/twenty/_tags?n=100'), await read('_repositories?filter=team/twenty')]
  }
  const before = await pulls()
  assert.match(JSON.stringify(before), /"lastPullTime".*"pulls":1,/)
  const owner = await createPerson(server, 'looker')
  await giveRoles.owner(server, owner)
  await using context = await browser.newContext({ reducedMotion: 'reduce' })
  const { page, faults } = await watch(context)
  await signIn(page, owner)
  await openView(page, `${base}/repositories/team%2Ftwenty`)
  for (const tag of tags) {
    await walkTo(page, `${base}/repositories/team%2Ftwenty/manifests/${tag}`)
    await page.getByRole('heading', { level: 1, name: `team/twenty:${tag}` }).waitFor()
  }
  assert.deepEqual(faults, [])
  assert.deepEqual(await pulls(), before)
  const filter = encodeURIComponent(`action eq 'manifest.view' and principalId eq '${owner.id}'`)
  const events = `/subscriptions/${subscriptionId}/providers/Acrux.Server/auditEvents?api-version=2024-11-01&$filter=${filter}`
  assert.equal(listAt(expectStatus(await arm(server, 'GET', events), 200).json(), 'value').length, 20)
})

test('every view opens with its data while the server is stopped, and a form is sent once the server is back', async (t) => {
  if (!canRun(t)) return
  const { views } = await preparePlaces(server)
  const owner = await createPerson(server, 'stayer')
  await giveRoles.owner(server, owner)
  await using context = await browser.newContext({ reducedMotion: 'reduce' })
  const { page } = await watch(context)
  await signIn(page, owner)
  await settled(page)
  const online = new Map<string, unknown>()
  for (const { view, address } of views) {
    // These pages of the sign-in show no data.
    if (view === '/confirmed' || view === '/sign-in-failed') continue
    await walkTo(page, address)
    online.set(address, await shown(page))
  }

  await t.test('every view shows the banner and its data', async () => {
    await walkTo(page, `${base}/repositories`)
    await server.stop()
    await page.getByRole('button', { name: 'Refresh' }).click()
    await banner(page).waitFor()
    const offline = new Map<string, unknown>()
    for (const address of online.keys()) {
      await walkTo(page, address)
      offline.set(address, await shown(page))
      assert.equal(await banner(page).count(), 1, `${address} shows no banner`)
    }
    assert.deepEqual(offline, online)
  })

  await t.test('changes are off', async () => {
    await walkTo(page, '/portal/people')
    const add = page.locator('main').getByRole('button', { name: 'Add a person', disabled: true })
    await add.waitFor()
    await page.getByText(changesAreOff).first().waitFor()
    await frames(page)
    assert.deepEqual(await violations(page), [])
  })

  await t.test('the person tries now, and the portal continues', async () => {
    await server.restart()
    await page.getByRole('button', { name: 'Try now' }).click()
    await banner(page).waitFor({ state: 'detached' })
    await settled(page)
  })

  await t.test('a form keeps its input while the server is away', async () => {
    await page.locator('main').getByRole('button', { name: 'Add a person' }).click()
    const form = page.getByRole('dialog', { name: 'Add a person' })
    const submit = (disabled: boolean) => form.getByRole('button', { name: 'Add a person', disabled })
    await form.getByRole('textbox', { name: 'Name', exact: true }).fill('Grace')
    await form.getByLabel('User name').fill('grace@acrux.localhost')
    await server.stop()
    await submit(false).click()
    await submit(true).waitFor()
    await server.restart()
    await submit(false).waitFor()
    await submit(false).click()
    await page.getByRole('dialog', { name: 'The person is added' }).waitFor()
    expectStatus(await graph(server, 'GET', '/users/grace@acrux.localhost'), 200)
  })
})
