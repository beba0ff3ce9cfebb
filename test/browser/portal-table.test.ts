import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page, Route } from 'playwright-core'
import { until } from '../harness/until.ts'
import { openPortal, openView, signIn, violations } from './portal-page.ts'
import { settled } from './portal-settled.ts'

const portal = await openPortal()
const { server, browser, canRun, watch } = portal
const repositories = `/portal/r/${server.firstRun.registry}/repositories`

const count = 10_000
const pageSize = 100

/** A repository as the server lists it. */
function repositoryAt(index: number, tagCount: number) {
  return {
    name: `team/app-${String(index).padStart(5, '0')}`,
    tagCount,
    manifestCount: 2,
    size: 1024 * (index + 1),
    createdTime: '2026-11-01T08:00:00.0000000Z',
    lastPushTime: '2026-11-30T19:42:07.3180000Z',
    pushedBy: { id: `${index % 3}`, name: ['Ada Brandt', 'ci-platform', 'nightly-job'][index % 3], kind: 'person' },
    pulls: index,
    pullsByDay: Array.from({ length: 30 }, (_none, day) => (day * index) % 7),
    access: ['pull'],
  }
}

/** Answers for the server, as if the registry had 10,000 repositories. Returns what was asked. */
async function listMany(page: Page): Promise<{ readonly asked: URLSearchParams[]; readonly change: () => void }> {
  const asked: URLSearchParams[] = []
  let tags = 3
  await page.route('**/acr/v1/_repositories?*', async (route: Route) => {
    const query = new URL(route.request().url()).searchParams
    asked.push(query)
    const first = query.has('last') ? Number(query.get('last')) : 0
    const isFound = !query.has('filter')
    const rows = Array.from({ length: isFound ? pageSize : 2 }, (_none, at) =>
      repositoryAt(first + at, first + at === 1 ? tags : 3),
    )
    const next = first + pageSize
    const link = `</acr/v1/_repositories?last=${next}>; rel="next"`
    const body = {
      registry: 'x',
      repositories: rows,
      ...(first === 0 && { count: isFound ? count : 2, size: 7 * 1024 }),
    }
    await route.fulfill({ json: body, headers: isFound && next < count ? { link } : {} })
  })
  return { asked, change: () => (tags += 1) }
}

const rows = (page: Page) => page.locator('[data-index]')
const selected = (page: Page) => page.getByRole('toolbar').getByRole('status')

test('a list of 10,000 rows is sorted, filtered and selected, and has at most 60 rows in the document', async (t) => {
  if (!canRun(t)) return
  await using context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1440, height: 900 } })
  const { page, faults } = await watch(context)
  const { asked, change } = await listMany(page)
  await signIn(page, server.firstRun.owner, repositories)
  await settled(page)
  const row = (index: number) => page.locator(`[data-index="${index}"]`)
  const table = page.getByRole('table', { name: 'Repositories' })

  await t.test('the rows are 36 pixels high, and the first row is near the top', async () => {
    const box = await row(0).boundingBox()
    assert.ok(box !== null && box.y <= 260 && Math.abs(box.height - 36) <= 1, JSON.stringify(box))
    assert.equal(await table.getAttribute('aria-rowcount'), String(count + 1))
    await page.getByText('10,000 repositories · 7 KiB').waitFor()
    assert.equal(asked.length, 1, 'one page is read before the person scrolls')
    assert.deepEqual(await violations(page), [])
  })

  await t.test('more rows are read while the person scrolls', async () => {
    for (const loaded of [200, 300]) {
      await page.evaluate('scrollTo(0, document.body.scrollHeight)')
      await page.getByText(`${loaded} loaded, more while you scroll`).waitFor()
    }
    assert.ok((await rows(page).count()) <= 60)
    assert.equal(await row(0).count(), 0)
  })

  await t.test('the keys move, select and open, and Back finds the selection and the place', async () => {
    await page.evaluate('scrollTo(0, 3600)')
    await row(100).focus()
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await row(103)
      .getByRole('checkbox')
      .click({ modifiers: ['Shift'] })
    assert.equal(await selected(page).innerText(), '3 selected')
    const scrolled = Number(await page.evaluate('scrollY'))
    await page.keyboard.press('Escape')
    assert.equal(await selected(page).count(), 0, 'Escape clears the selection')
    await row(101).getByRole('checkbox').check()
    await row(102).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'team/app-00102' }).waitFor()
    await page.goBack()
    await row(101).waitFor()
    assert.equal(await selected(page).innerText(), '1 selected')
    await until('the place is found again', async () => Number(await page.evaluate('scrollY')) === scrolled)
    await page.getByRole('button', { name: 'Clear the selection' }).click()
  })

  await t.test('a header sorts on the server, and the address keeps the order and the filter', async () => {
    await table.getByRole('button', { name: 'Size' }).click()
    await page.waitForURL((url) => url.searchParams.get('sort') === '-size')
    await settled(page)
    assert.equal(asked.at(-1)?.get('orderby'), 'size desc')
    await page.getByRole('columnheader', { name: 'Size' }).and(page.locator('[aria-sort=descending]')).waitFor()
    await page.getByRole('searchbox', { name: 'Filter by name' }).fill('app-0000')
    await page.waitForURL((url) => url.searchParams.get('filter') === 'app-0000')
    await settled(page)
    assert.equal(asked.at(-1)?.get('filter'), 'app-0000')
    assert.equal(await table.getAttribute('aria-rowcount'), '3')
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Created' }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('columnheader', { name: 'Created' }).waitFor()
    await page.getByRole('button', { name: 'Views' }).click()
    await page.getByRole('menuitem', { name: 'Save this view…' }).click()
    await page.getByLabel('Name of the view').fill('Largest')
    await page.getByRole('button', { name: 'Save' }).click()
    await openView(page, repositories)
    await page.getByRole('button', { name: 'Views' }).click()
    await page.getByRole('menuitem', { name: 'Largest', exact: true }).click()
    await page.waitForURL((url) => url.searchParams.get('filter') === 'app-0000' && url.searchParams.has('columns'))
  })

  await t.test('a row that changed is marked, and stays in its place', async () => {
    await openView(page, `${repositories}?filter=app`)
    change()
    await page.keyboard.press('r')
    await row(1).getByText('Changed').waitFor()
    assert.match(await row(1).innerText(), /team\/app-00001/)
  })
  assert.deepEqual(faults, [])
})

test('a list fits a phone with two lines per row, in both themes', async (t) => {
  if (!canRun(t)) return
  for (const colorScheme of ['light', 'dark'] as const) {
    await using context = await browser.newContext({
      reducedMotion: 'reduce',
      colorScheme,
      viewport: { width: 390, height: 844 },
    })
    const { page, faults } = await watch(context)
    await listMany(page)
    await signIn(page, server.firstRun.owner, repositories)
    await settled(page)
    assert.equal((await rows(page).first().boundingBox())?.height, 56)
    assert.deepEqual(await violations(page), [])
    await rows(page).first().getByRole('checkbox').check()
    assert.equal(await selected(page).innerText(), '1 selected')
    assert.deepEqual(await violations(page), [], 'selected')
    await page.setViewportSize({ width: 360, height: 740 })
    assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false)
    assert.deepEqual(faults, [])
  }
})

test('all rows that match are selected, also those that were not loaded', async (t) => {
  if (!canRun(t)) return
  await using context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1440, height: 900 } })
  const { page, faults } = await watch(context)
  await listMany(page)
  await signIn(page, server.firstRun.owner, repositories)
  await settled(page)
  await page.getByRole('checkbox', { name: 'Select all rows' }).check()
  await page.getByRole('button', { name: 'Select all 10,000 that match' }).click()
  await selected(page).getByText('10,000 selected').waitFor()
  assert.ok((await rows(page).count()) <= 60)
  assert.deepEqual(faults, [])
})
