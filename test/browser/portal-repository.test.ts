import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { createPerson } from '../harness/directory.ts'
import { arm, expectStatus, registryId, roles } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { type PushedImage, basic, get, pushImage, registryUrl } from '../harness/registry.ts'
import { pushContent } from './portal-content.ts'
import { recordChanges } from './portal-made-changes.ts'
import { openPortal, openView, signIn, violations } from './portal-page.ts'
import { settled } from './portal-settled.ts'

const portal = await openPortal()
const { server, browser, canRun, watch, give } = portal
const made = recordChanges(portal, 'portal-repository')

const { appId, password } = server.firstRun.servicePrincipal
const authorization = basic(appId, password)
const { loginServer, registry: name } = server.firstRun
const inApp = `/portal/r/${name}/repositories/team%2Fapp`
const inJobs = `/portal/r/${name}/repositories/team%2Fjobs`

/** What `/acr/v1` answers about something in the registry. */
const properties = (path: string) => get(server, `/acr/v1/${path}`, authorization)

/** The digest to which a tag points. */
const digestOfTag = async (path: string) => stringAt((await properties(path)).json(), 'tag', 'digest')

const row = (page: Page, tag: string) =>
  page.getByRole('row').filter({ has: page.getByRole('link', { name: tag, exact: true }) })
const names = (page: Page) => page.locator('[data-index] a').allInnerTexts()

type Content = { readonly first: PushedImage; readonly jobs: readonly PushedImage[] }
let content: Promise<Content> | undefined

async function prepare(): Promise<Content> {
  const { first } = await pushContent({ server, authorization })
  const jobs: PushedImage[] = []
  for (const tag of ['1', '2', '3', '4']) jobs.push(await pushImage(server, 'team/jobs', tag, authorization))
  return { first, jobs }
}

const prepared = (): Promise<Content> => (content ??= prepare())

/** Pushes 50 images to `team/many`, of which `v20` is locked, into a registry that keeps deleted images. */
async function pushMany() {
  const softDelete = async (status: 'enabled' | 'disabled') => {
    const policies = { softDeletePolicy: { status, retentionDays: 7 } }
    expectStatus(await arm(server, 'PATCH', registryId(server), { properties: { policies } }), 200)
  }
  await softDelete('enabled')
  let locked = ''
  for (let index = 0; index < 50; index += 1) {
    const image = { tag: `v${index}`, layers: [Buffer.from(`many ${index}`)] }
    const { digest } = await pushImage(server, 'team/many', image, authorization)
    if (index === 20) locked = digest
  }
  const lock = await request({
    method: 'PATCH',
    url: `${registryUrl(server)}/acr/v1/team/many/_tags/v20`,
    headers: { authorization, 'content-type': 'application/json' },
    caFile: server.caFile,
    body: JSON.stringify({ deleteEnabled: false }),
  })
  expectStatus(lock, 200)
  return { softDelete, locked }
}

test('a repository has a row for each image near the top of the window, in both themes, also on a phone', async (t) => {
  if (!canRun(t)) return
  await prepared()
  await using context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1440, height: 900 } })
  const { page, faults } = await watch(context)
  await signIn(page, server.firstRun.owner, inApp)
  await settled(page)

  await t.test('parts of an index and attached artifacts are no rows', async () => {
    assert.deepEqual((await names(page)).toSorted(), ['1', '2', 'both'])
    await page.getByText('3 images, 6 tags · Size: compressed, largest platform').waitFor()
    await page.getByText('pull, push, delete').waitFor()
    await row(page, '1').getByRole('img', { name: 'Signature attached', exact: true }).waitFor()
    await row(page, '1').getByRole('img', { name: 'SBOM attached', exact: true }).waitFor()
    await row(page, '2').getByRole('img', { name: 'No signature attached' }).waitFor()
    await row(page, '2').getByText('acrux-owner').waitFor()
  })

  await t.test('the first row is near the top, and nothing scrolls sideways', async () => {
    for (const [width, height] of [
      [1440, 36],
      [390, 56],
    ] as const) {
      await page.setViewportSize({ width, height: 900 })
      await settled(page)
      const box = await page.locator('[data-index="0"]').boundingBox()
      assert.ok(box !== null && box.y <= 260 && Math.abs(box.height - height) <= 1, JSON.stringify({ width, box }))
      await page.setViewportSize({ width: Math.min(width, 360), height: 900 })
      await settled(page)
      assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false)
      await page.setViewportSize({ width, height: 900 })
      await row(page, '2').getByRole('checkbox').check()
      await page.getByRole('toolbar').getByText('2 · no other tag names these images', { exact: false }).waitFor()
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        assert.deepEqual(await violations(page), [], `${width} ${colorScheme}`)
      }
      await page.getByRole('button', { name: 'Clear the selection' }).click()
    }
    await page.setViewportSize({ width: 1440, height: 900 })
  })

  await t.test('filters and the order are asked of the server, and kept in the address', async () => {
    await page.getByRole('button', { name: 'Unsigned' }).click()
    await row(page, '1').waitFor({ state: 'detached' })
    assert.deepEqual((await names(page)).toSorted(), ['2', 'both'])
    await page.getByRole('columnheader').getByRole('button', { name: 'Image' }).click()
    await page.waitForURL(/sort=name/)
    await settled(page)
    assert.deepEqual(await names(page), ['2', 'both'])
    await page.getByRole('searchbox', { name: 'Filter by tag or digest' }).fill('bot')
    await row(page, '2').waitFor({ state: 'detached' })
    await openView(page, page.url())
    assert.deepEqual(await names(page), ['both'])
    await page.getByRole('searchbox', { name: 'Filter by tag or digest' }).fill('absent')
    await page.getByText('No image matches the filters.').waitFor()
  })

  await t.test('by tag, each tag is a row', async () => {
    await openView(page, inApp)
    await page.getByRole('button', { name: 'By tag' }).click()
    await row(page, 'sbom').waitFor()
    assert.equal((await names(page)).length, 6)
    await page.getByRole('columnheader').getByRole('button', { name: 'Tag' }).click()
    await page.waitForURL(/sort=name/)
    await settled(page)
    assert.deepEqual(await names(page), ['1', '2', 'both', 'sbom', 'sig', 'sig2'])
    await row(page, '1').getByText('amd64', { exact: true }).waitFor()
    await row(page, 'both')
      .getByText(/^amd64 \d+ B · arm64 \d+ B$/)
      .waitFor()
    await page.getByText('6 tags · Size: compressed, largest platform').waitFor()
  })

  await t.test('the pull menu has the commands of each program, by tag and by digest', async () => {
    await openView(page, inApp)
    await page.getByRole('button', { name: 'Pull', exact: true }).click()
    const menu = page.getByRole('group', { name: 'Program' })
    const command = (label: string) => page.getByRole('group', { name: label, exact: true }).innerText()
    assert.equal(await command('By tag'), `docker pull ${loginServer}/team/app:both`)
    assert.match(await command('By digest, never changes'), /^docker pull .*\/team\/app@sha256:[0-9a-f]{64}$/)
    await menu.getByRole('button', { name: 'helm' }).click()
    assert.equal(await command('By tag'), `helm pull oci://${loginServer}/team/app --version both`)
    await menu.getByRole('button', { name: 'Kubernetes' }).click()
    const secret = await command('Pull secret with your own login, for 3 hours')
    assert.equal(secret, `acrux acr pull-secret -n ${name} --scope repository:team/app:pull | kubectl apply -f -`)
    assert.deepEqual(await violations(page), [])
    await page.keyboard.press('Escape')
    await menu.waitFor({ state: 'detached' })
  })
  assert.deepEqual(faults, [])
})

test('images are described, tagged, locked and deleted together, and a tag is reverted', async (t) => {
  if (!canRun(t)) return
  const { jobs } = await prepared()
  await using context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1440, height: 900 } })
  const { page, faults } = await made.watch(context)
  await signIn(page, server.firstRun.owner, inJobs)
  await settled(page)
  const dialog = page.getByRole('dialog')
  const closed = () => dialog.waitFor({ state: 'detached' })

  await t.test('a tag is added to an image', async () => {
    await row(page, '1').getByRole('button', { name: 'Actions for 1' }).click()
    await page.getByRole('menuitem', { name: 'Add tag…' }).click()
    await dialog.getByLabel('New tag').fill('stable')
    await dialog.getByRole('button', { name: 'Add tag' }).click()
    await closed()
    await page.getByRole('status').getByText('The tag stable is added.').waitFor()
    assert.equal(await digestOfTag('team/jobs/_tags/stable'), jobs[0]?.digest)
    await row(page, 'stable').getByText('1', { exact: true }).waitFor()
  })

  await t.test('a moved tag is reverted to the image to which it pointed before', async () => {
    await page.getByRole('button', { name: 'Add tag' }).click()
    await dialog.getByLabel('New tag').fill('stable')
    await dialog.getByLabel('Image').fill('2')
    await dialog.getByRole('button', { name: 'Add tag' }).click()
    await closed()
    assert.equal(await digestOfTag('team/jobs/_tags/stable'), jobs[1]?.digest)
    await openView(page, `${inJobs}?tab=history&tag=stable`)
    await page.getByText('Now', { exact: true }).waitFor()
    assert.deepEqual(await violations(page), [])
    await page.getByRole('button', { name: /^Revert to this…/ }).click()
    await dialog.getByRole('button', { name: 'Revert' }).click()
    await closed()
    assert.equal(await digestOfTag('team/jobs/_tags/stable'), jobs[0]?.digest)
    await page.getByRole('cell', { name: 'Revert', exact: true }).waitFor()
  })

  await t.test(
    'of three images with a locked one, two are deleted, and the third is named with the reason',
    async () => {
      await openView(page, inJobs)
      await row(page, '3').getByRole('button', { name: 'Actions for 3' }).click()
      await page.getByRole('menuitem', { name: 'Lock…' }).click()
      await dialog.getByRole('checkbox', { name: 'Forbid deletion' }).check()
      await dialog.getByRole('button', { name: 'Lock' }).click()
      await closed()
      await row(page, '3').getByRole('img', { name: 'Locked' }).waitFor()
      for (const tag of ['2', '3', '4']) await row(page, tag).getByRole('checkbox').check()
      await page.getByRole('button', { name: 'Delete images…' }).click()
      await dialog.getByRole('button', { name: 'Cancel' }).and(page.locator(':focus')).waitFor()
      assert.deepEqual(await violations(page), [])
      await dialog.getByRole('button', { name: 'Delete 3 images' }).click()
      await dialog.getByText('2 changes were made.').waitFor()
      await dialog.getByText('1 change failed:').waitFor()
      await dialog
        .getByRole('listitem')
        .filter({ hasText: jobs[2]?.digest.slice(0, 19) ?? '' })
        .waitFor()
      assert.deepEqual(await violations(page), [])
      await dialog.getByRole('button', { name: 'Close' }).click()
      await closed()
      assert.deepEqual((await names(page)).toSorted(), ['3', 'stable'])
      assert.equal((await properties('team/jobs/_tags/4')).status, 404)
    },
  )

  await t.test('49 of 50 images are deleted, the locked image is named, and the 49 are restored together', async () => {
    const { softDelete, locked } = await pushMany()
    try {
      await openView(page, `/portal/r/${name}/repositories/team%2Fmany`)
      await row(page, 'v1').waitFor()
      await page.getByRole('checkbox', { name: 'Select all rows' }).check()
      await page.getByRole('toolbar').getByText('50 selected').waitFor()
      const sent: string[] = []
      page.on('request', (request) => {
        if (request.method() !== 'GET') sent.push(new URL(request.url()).pathname)
      })
      await page.getByRole('button', { name: 'Delete images…' }).click()
      await dialog.getByRole('button', { name: 'Delete 50 images' }).click()
      await dialog.getByText('49 changes were made.').waitFor()
      await dialog.getByText('1 change failed:').waitFor()
      assert.deepEqual(
        [await dialog.getByRole('listitem').allInnerTexts(), sent.length],
        [[`${locked.slice(0, 19)}: a tag of the manifest is locked`], 1],
      )
      await dialog.getByRole('button', { name: 'Close' }).click()
      await closed()
      assert.deepEqual(await names(page), ['v20'])
      await openView(page, `/portal/r/${name}/deleted/team%2Fmany`)
      await page.getByRole('checkbox', { name: 'Select all rows' }).check()
      await page.getByRole('toolbar').getByText('49 selected').waitFor()
      await page.getByRole('toolbar').getByRole('button', { name: 'Restore…' }).click()
      assert.deepEqual(await violations(page), [])
      await dialog.getByRole('button', { name: 'Restore' }).click()
      await page.getByRole('status').getByText('49 images are restored.').waitFor()
      const tags = listAt((await get(server, '/v2/team/many/tags/list', authorization)).json(), 'tags')
      assert.equal(tags.length, 50)
    } finally {
      await softDelete('disabled')
      await openView(page, inJobs)
    }
  })

  await t.test('the tags of an image are removed, and the image stays', async () => {
    await row(page, '3').getByRole('checkbox').uncheck()
    await row(page, 'stable').getByRole('checkbox').check()
    await page.getByRole('button', { name: 'Remove tags…' }).click()
    await dialog.getByRole('button', { name: 'Remove 2 tags' }).click()
    await closed()
    await row(page, 'stable').waitFor({ state: 'detached' })
    assert.equal((await properties(`team/jobs/_manifests/${jobs[0]?.digest}`)).status, 200)
    assert.equal((await properties('team/jobs/_tags/stable')).status, 404)
  })

  await t.test('a description is shown beside the name', async () => {
    await page.getByRole('tab', { name: 'Settings' }).click()
    await page.getByRole('textbox', { name: 'Description' }).fill('Nightly jobs')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.locator('h1 ~ *').getByText('Nightly jobs').waitFor()
    assert.match((await properties('team/jobs')).text(), /"description":"Nightly jobs"/)
    assert.deepEqual(await violations(page), [])
  })

  await t.test('an owner sees who may do what in a repository', async () => {
    await page.getByRole('tab', { name: 'Access' }).click()
    await page.getByText('You may pull, push, delete in this repository.').waitFor()
    await page.getByRole('group', { name: 'Who may' }).getByRole('button', { name: 'Push' }).click()
    await page.getByRole('cell', { name: 'acrux-owner' }).waitFor()
    assert.deepEqual(await violations(page), [])
  })
  assert.deepEqual(faults, [])
})

test('a person who may only pull sees why the rest is not possible', async (t) => {
  if (!canRun(t)) return
  await prepared()
  const person = await createPerson(server, 'repository-puller')
  await give(person, roles.acrPull)
  await using context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1440, height: 900 } })
  const { page, faults } = await watch(context)
  await signIn(page, person, inApp)
  await settled(page)
  await page.getByRole('button', { name: 'Add tag', disabled: true }).waitFor()
  await row(page, '1').getByRole('checkbox').check()
  for (const action of ['Lock…', 'Remove tags…', 'Delete images…']) {
    await page.getByRole('toolbar').getByRole('button', { name: action, disabled: true }).waitFor()
  }
  await page.keyboard.press('Delete')
  assert.equal(await page.getByRole('dialog').count(), 0)
  await page.getByRole('tab', { name: 'Access' }).click()
  await page.getByText('You may pull in this repository.').waitFor()
  await page.getByText('Your roles do not allow you to see who else has access.').waitFor()
  assert.deepEqual(faults, [])
})

test('the pages here make every change that the table says', (t) => {
  if (canRun(t)) assert.deepEqual(made.missing(), [])
})
