import type { Page, Request } from 'playwright-core'
import { until } from '../harness/until.ts'

/** The requests of each page that have no answer yet. */
const unanswered = new WeakMap<Page, Set<Request>>()

/** Follows the requests of a page, for `settled`. Call it before the page loads. */
export function followRequests(page: Page): void {
  const requests = new Set<Request>()
  unanswered.set(page, requests)
  page.on('request', (request) => requests.add(request))
  page.on('response', (response) => {
    const request = response.request()
    // A body that the page does not read never ends, and that of a change may be one.
    if (request.method() !== 'GET') requests.delete(request)
    if (!request.isNavigationRequest() || request.frame() !== page.mainFrame()) return
    // The document before goes away, and not each of its requests is reported as failed.
    requests.clear()
    requests.add(request)
  })
  page.on('requestfinished', (request) => requests.delete(request))
  page.on('requestfailed', (request) => requests.delete(request))
}

/**
 * Waits until the page is painted and no transition runs: a change of colors passes from each element to its
 * children.
 */
export const frames = (page: Page) =>
  page.evaluate(`(async () => {
    for (let round = 0; round < 20; round += 1) {
      await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))
      const moving = document.getAnimations().filter(({ effect, playState }) =>
        playState === 'running' && effect.getTiming().iterations !== Infinity)
      if (moving.length === 0) return
      // An animation whose element goes away never finishes.
      const patience = new Promise((resolve) => setTimeout(resolve, 1000))
      await Promise.race([Promise.allSettled(moving.map(({ finished }) => finished)), patience])
    }
  })()`)

/** Whether the router shows another view soon, or a view shows that it has no data yet. */
const isLoading = `self.__TSR_ROUTER__?.state.isLoading === true || document.querySelector('[aria-label="Loading…"]') !== null`

/** The document was replaced by another one, which ended what ran in it. @throws every other error */
function isReplaced(error: unknown): false {
  if (/context was destroyed/.test(String(error))) return false
  throw error
}

/**
 * Waits until the view and its data are shown: all requests are answered and nothing loads, three times in a row, because one answer
 * may lead to the next request. `networkidle` is not enough: it waits for the first 500 ms without a request after the document,
 * in which a slow page may not have begun, and never waits again in the same document.
 */
export async function settled(page: Page): Promise<void> {
  const requests = unanswered.get(page)
  if (requests === undefined) throw new Error('the requests of the page are not followed')
  const isQuiet = async (): Promise<boolean> => {
    await frames(page)
    return requests.size === 0 && (await page.evaluate(isLoading)) === false
  }
  let quiet = 0
  await until(`${page.url()} is loaded`, async () => {
    quiet = (await isQuiet().catch(isReplaced)) ? quiet + 1 : 0
    return quiet === 3
  })
}
