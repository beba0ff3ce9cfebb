import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { principalWithRole, roles } from '../harness/arm.ts'
import { createPerson } from '../harness/directory.ts'
import { request } from '../harness/http.ts'
import { basic } from '../harness/registry.ts'
import { colorFunctions } from './contrast.ts'
import { openPortal, openView, signIn, violations } from './portal-page.ts'

const portal = await openPortal()
const { server, browser } = portal
const overview = `/portal/r/${server.firstRun.registry}`
const hours = 24

/** The metrics of a registry that was used for a day. */
function metricsOfDay() {
  const startMs = Date.parse('2026-11-30T00:00:00Z')
  const series = (value: string, valueAt: (hour: number) => number) => ({
    name: { value },
    timeseries: [
      {
        data: Array.from({ length: hours }, (_none, hour) => ({
          timeStamp: new Date(startMs + hour * 3_600_000).toISOString(),
          total: valueAt(hour),
          maximum: valueAt(hour),
        })),
      },
    ],
  })
  const value = [
    series('SuccessfulPullCount', (hour) => 5000 + hour * 10),
    series('SuccessfulPushCount', (hour) => hour + 1),
    series('SignInCount', () => 2),
    series('DenialCount', (hour) => (hour === 14 ? 150 : 1)),
    series('StorageUsed', () => 3 * 1024 ** 4),
  ]
  return { value }
}

/** Replaces the metrics in the responses of the server, also within a batch. */
const answerMetrics = (page: Page) =>
  page.addInitScript(`(() => {
    const metrics = ${JSON.stringify(metricsOfDay())}
    const isMetrics = (url) => url.includes('/Microsoft.Insights/metrics')
    const send = window.fetch
    window.fetch = async (input, init) => {
      const response = await send(input, init)
      const url = String(input.url ?? input)
      if (isMetrics(url)) return Response.json(metrics)
      if (!url.includes('arm/batch')) return response
      const asked = JSON.parse(init.body).requests
      const { responses } = await response.json()
      return Response.json({ responses: responses.map((each, index) =>
        isMetrics(asked[index].relativeUrl) ? { ...each, httpStatusCode: 200, content: metrics } : each) })
    }
  })()`)

/** The least contrast between a bar and what is behind it. [WCAG 2.2 §1.4.11] */
const leastContrast = `(() => {${colorFunctions}
  return Math.min(...[...document.querySelectorAll('[data-bar]')].map((bar) => {
    const [low, high] = [luminance(channels(getComputedStyle(bar).fill)), luminance(behind(bar))].sort((x, y) => x - y)
    return (high + 0.05) / (low + 0.05)
  }))
})()`

test('a chart has a sentence, bars that open what they count, and its numbers as a table', async (t) => {
  if (!portal.canRun(t)) return
  const owner = await createPerson(server, 'charts')
  await portal.give(owner, roles.owner)
  await using context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1440, height: 900 } })
  const { page, faults } = await portal.watch(context)
  await answerMetrics(page)
  await signIn(page, owner, `${overview}?range=day`)
  const denied = page.getByRole('group', { name: 'Denied requests. 173 in all' })
  const bars = denied.getByRole('link')
  await bars.first().waitFor()
  assert.equal(await bars.count(), hours)

  await t.test('the arrows move between the bars, and Enter opens the events of the hour', async () => {
    await bars.first().focus()
    for (let hour = 0; hour < 14; hour += 1) await page.keyboard.press('ArrowRight')
    const focused = page.locator('a:focus')
    assert.match((await focused.getAttribute('aria-label')) ?? '', /: Denied requests 150$/)
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => url.searchParams.get('from') === '2026-11-30T14:00:00.000Z')
    const { searchParams, pathname } = new URL(page.url())
    assert.equal(pathname, `${overview}/audit`)
    assert.deepEqual(
      [searchParams.get('outcome'), searchParams.get('to')],
      ['refused', '2026-11-30T15:00:00.000Z'],
      'the denied requests of one hour',
    )
  })

  await t.test('the table has the numbers of the bars', async () => {
    await openView(page, `${overview}?range=day`)
    await page.getByRole('button', { name: 'Show as a table: Pulls' }).click()
    const table = page.getByRole('table', { name: 'Pulls' })
    await table.getByRole('cell', { name: '5,230' }).waitFor()
    assert.equal(await table.getByRole('row').count(), hours + 1)
    assert.deepEqual(await violations(page), [])
  })
  assert.deepEqual(faults, [])
})

test('the bars of charts are visible in both themes, and fit a phone', async (t) => {
  if (!portal.canRun(t)) return
  const owner = await createPerson(server, 'themes')
  await portal.give(owner, roles.owner)
  for (const colorScheme of ['light', 'dark'] as const) {
    await using context = await browser.newContext({ reducedMotion: 'reduce', colorScheme })
    const { page, faults } = await portal.watch(context)
    await answerMetrics(page)
    await page.setViewportSize({ width: 1440, height: 900 })
    await signIn(page, owner, `${overview}?range=day`)
    await page.getByRole('group', { name: 'Denied requests. 173 in all' }).waitFor()
    const contrast = Number(await page.evaluate(leastContrast))
    assert.ok(contrast >= 3, `${colorScheme}: ${contrast}`)
    assert.deepEqual(await violations(page), [], colorScheme)
    await page.setViewportSize({ width: 390, height: 844 })
    assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false)
    assert.deepEqual(await violations(page), [], `${colorScheme}, on a phone`)
    assert.deepEqual(faults, [])
  }
})

test('the audit log has a strip for allowed and for denied requests, one row for repeats, and the reason in a panel', async (t) => {
  if (!portal.canRun(t)) return
  const build = await principalWithRole(server, 'build', roles.acrPull)
  const headers = { authorization: basic(build.appId, build.password) }
  const url = `${server.baseUrl}/v2/team/app/blobs/uploads/`
  for (let count = 0; count < 3; count += 1) await request({ method: 'POST', url, headers, caFile: server.caFile })
  const owner = await createPerson(server, 'reviewer')
  await portal.give(owner, roles.owner)
  await using context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1440, height: 900 } })
  const { page, faults } = await portal.watch(context)
  await answerMetrics(page)
  await signIn(page, owner, `${overview}/audit?principal=${build.objectId}`)
  const sentence =
    /^Denied\. Requests by hour, last 24 hours\. 123,108 pulls, pushes and sign-ins were allowed, and 173 /
  await page.getByRole('group', { name: sentence }).waitFor()
  const row = page.getByRole('row').filter({ hasText: 'data.access ×3' })
  await row.getByText(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3}$/).waitFor()
  await row.getByText('localhost').click()
  const panel = page.getByRole('complementary', { name: 'Why was this denied?' })
  await panel.getByText('No assigned role allows this action.').waitFor()
  await panel.getByText(/^3 times since /).waitFor()
  await panel.getByRole('button', { name: 'Assign the role AcrPush' }).waitFor()
  assert.deepEqual(await violations(page), [])
  await page.getByRole('button', { name: 'Local', exact: true }).click()
  await page.getByRole('columnheader', { name: 'Time, Local' }).waitFor()
  assert.deepEqual(faults, [])
})
