import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, after } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { assignRole, registryId } from '../harness/arm.ts'
import { type TestBrowser, browserFor } from '../harness/browser.ts'
import type { NewPerson } from '../harness/directory.ts'
import { type RunningServer, type ServerOptions, startServer } from '../harness/server.ts'
import { followRequests, frames, settled } from './portal-settled.ts'

export { signIn } from './sign-in-to-portal.ts'

const root = join(import.meta.dirname, '../..')
const isBuilt = existsSync(join(root, 'server/src/portal-host/assets/portal.json'))

/** Text that would change the title if a browser ran it. */
export const hostile = `"><script>document.title='ran'</script><img src=x onerror="document.title='ran'"><svg onload="document.title='ran'">`

/** What a person saw in the portal that they should not have. */
export type Watched = { readonly page: Page; readonly faults: string[] }

/** A server, and a browser for its portal. The server and the browser end after the tests of the file. */
export type PortalUnderTest = {
  readonly server: RunningServer
  readonly browser: TestBrowser
  /** False without Chromium or without a built portal. */
  readonly canRun: (t: TestContext) => boolean
  /** Opens a page and records errors, violations of the policy and requests to other origins. */
  readonly watch: (context: BrowserContext) => Promise<Watched>
  /** Gives a person a role on the first registry. */
  readonly give: (person: Pick<NewPerson, 'id'>, role: string) => Promise<string>
}

/** Starts a server and, when it is needed, a browser. */
export async function openPortal(options: ServerOptions = {}): Promise<PortalUnderTest> {
  const server = await startServer(options)
  const browser = browserFor(server)
  after(async () => {
    await browser[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })
  return {
    server,
    browser,
    canRun: (t) => browser.isThere(t) && isPortalBuilt(t),
    watch: (context) => watch(context, server.baseUrl),
    give: ({ id }, role) => assignRole(server, { id, type: 'User' }, role, registryId(server)),
  }
}

/** False without a built portal: the test is then marked as not run. */
export function isPortalBuilt(t: TestContext): boolean {
  if (isBuilt) return true
  if (process.env['CI'] === 'true') throw new Error('the portal is not built')
  t.skip('not run: the portal is not built; run npm run portal')
  return false
}

/** Opens a page and records errors, violations of the policy and requests to other origins than this one. */
export async function watch(context: BrowserContext, origin: string): Promise<Watched> {
  const faults: string[] = []
  const page = await context.newPage()
  followRequests(page)
  // An error of the page, which the test watches.
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) => {
    setTimeout(() => { throw new Error('policy violation: ' + event.violatedDirective + ' ' + event.blockedURI) })
  })`)
  page.on('console', (message) => {
    // Chromium logs each response that is no success; the view shows it.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol !== 'data:' && url.origin !== origin) faults.push(`a request to ${request.url()}`)
  })
  return { page, faults }
}

/** Opens an address and waits until the view and its data are there. */
export async function openView(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await page.getByRole('heading', { level: 1 }).or(page.getByRole('alert')).first().waitFor()
  await page.waitForLoadState('networkidle')
  await settled(page)
}

/** Opens the panel with the commands of the view, if it is not open. */
export async function openCommands(page: Page): Promise<void> {
  const button = page.locator('main').getByRole('button', { name: 'Command line', exact: true })
  if ((await button.getAttribute('aria-expanded')) === 'false') await button.click()
  await page.getByRole('complementary', { name: 'Command line' }).waitFor()
}

/**
 * Loads axe into the document, if it is not there. The debugger evaluates the source, because the policy of the page does not
 * apply to the debugger.
 */
export async function loadAxe(page: Page): Promise<void> {
  if ((await page.evaluate('typeof axe')) !== 'undefined') return
  await page.evaluate(readFileSync(join(root, 'portal/node_modules/axe-core/axe.min.js'), 'utf8'))
}

/** Waits until screen readers read the page again: for 250 ms after a dialog is closed, they do not. */
export async function untilPageIsShown(page: Page): Promise<void> {
  if ((await page.locator('[role=dialog], [role=alertdialog]').count()) > 0) return
  await page.locator('#root[aria-hidden]').waitFor({ state: 'detached' })
}

/** The violations that axe finds. Tabster's elements only move the focus. */
export async function violations(page: Page): Promise<readonly string[]> {
  await loadAxe(page)
  await untilPageIsShown(page)
  // Half a transition has neither the one contrast nor the other.
  await frames(page)
  return page.evaluate(`axe.run({ exclude: [['[data-tabster-dummy]']] }, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 200)).join(' | ')))`)
}
