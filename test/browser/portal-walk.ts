import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { loadAxe, untilPageIsShown } from './portal-page.ts'
import { frames, settled } from './portal-settled.ts'

const routesFile = join(import.meta.dirname, '../../portal/src/routes/routes.tsx')

/** The paths of all views, as the portal's own table of routes has them: `/r/$registry/tokens`. */
export function routePaths(): readonly string[] {
  const source = readFileSync(routesFile, 'utf8')
  const found = [...source.matchAll(/^ +(?:view\(|path: )'([^']+)'/gm)].map(([, path = '']) => path)
  // The addresses of older versions lead to the views.
  const paths = found.filter((path) => !path.startsWith('/registries/'))
  // Each row loads the file of its view.
  assert.equal(paths.length, source.split("import('../views/").length - 1, 'routes whose path was not found')
  return paths
}

/** The address of a view in the portal. @throws for a parameter without a value */
export function addressOf(path: string, values: Readonly<Record<string, string>>): string {
  const filled = path.replaceAll(/\$(\w+)/g, (_match, name: string) => {
    const value = values[name]
    assert.ok(value !== undefined, `the walk has no value for $${name} of ${path}`)
    return encodeURIComponent(value)
  })
  return `/portal${filled}`
}

/** How a view is shown: the theme of the system, and the width of the window. */
export const looks = {
  narrow: { width: 360, media: { colorScheme: 'light', forcedColors: 'none' } },
  light: { width: 1280, media: { colorScheme: 'light', forcedColors: 'none' } },
  dark: { width: 1280, media: { colorScheme: 'dark', forcedColors: 'none' } },
  forced: { width: 1280, media: { colorScheme: 'dark', forcedColors: 'active' } },
} as const

export type Look = keyof typeof looks

/** The requests to surfaces while an address is opened, without those of the shell: who is signed in, what they can use, and the registries. */
export async function requestsOf(page: Page, open: () => Promise<void>): Promise<readonly string[]> {
  const found: string[] = []
  const record = (sent: { url(): string }) => {
    const { pathname } = new URL(sent.url())
    const isOfShell = /\/(?:session|abilities|subscriptions|Microsoft\.ContainerRegistry\/registries)$/.test(pathname)
    if (pathname.startsWith('/portal/api/') && !isOfShell) found.push(pathname)
  }
  page.on('request', record)
  await open()
  page.off('request', record)
  return found
}

/** Goes to a view as a link does, without loading the document again, and waits for its data. */
export async function walkTo(page: Page, address: string): Promise<void> {
  await page.evaluate(`history.pushState(null, '', ${JSON.stringify(address)})`)
  await settled(page)
  await page.locator('main h1, main [role=alert]').first().waitFor()
}

/** Shows the view with another theme or width. */
export async function show(page: Page, look: Look): Promise<void> {
  const { width, media } = looks[look]
  await page.setViewportSize({ width, height: 800 })
  await page.emulateMedia(media)
  await frames(page)
}

/** What is shown, without what differs each time: ids and numbers. */
export async function contentOf(page: Page): Promise<string> {
  const html = String(await page.evaluate(`document.querySelector('main').innerHTML`))
  return html.replaceAll(/ (?:id|for|name|aria-(?:\w+by|controls|owns))="[^"]*"|[0-9a-f]{8}-[0-9a-f-]{27}|\d+/g, '')
}

/**
 * How the texts of the view are styled: for each, the elements up to `main` with their classes, styles and states. Texts that are
 * styled alike have the same colors, in each theme.
 */
export function textStylesOf(page: Page): Promise<readonly string[]> {
  return page.evaluate(`(() => {
    const styleOf = (element) => element.nodeName + [...element.attributes]
      .filter(({ name }) => /^(?:class|style|type|disabled|aria-(?:checked|current|disabled|expanded|invalid|pressed|selected))$/.test(name))
      .map(({ name, value }) => ' ' + name + '=' + value).join('')
    const main = document.querySelector('main')
    const known = new Map()
    const pathTo = (element) => {
      if (!known.has(element)) known.set(element, (element === main ? '' : pathTo(element.parentElement) + ' > ') + styleOf(element))
      return known.get(element)
    }
    const hasText = (element) => element.matches('input, select, textarea') ||
      [...element.childNodes].some((node) => node.nodeType === 3 && node.nodeValue.trim() !== '')
    return [...new Set([...main.querySelectorAll('*')].filter(hasText).map(pathTo))]
  })()`)
}

/** What is wrong with the view as it is shown: on a wide screen every rule of axe, then those of colors, on a phone its width. */
export async function faultsOfLook(page: Page, look: Look): Promise<readonly string[]> {
  if (look === 'narrow') {
    const isWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
    return isWide === true ? ['the page is wider than the window'] : []
  }
  await loadAxe(page)
  const rules = look === 'light' ? {} : { runOnly: ['color-contrast'] }
  const options = JSON.stringify({ ...rules, resultTypes: ['violations'] })
  // The navigation is the same in every view.
  const place = look === 'light' ? 'body' : 'main'
  await untilPageIsShown(page)
  return page.evaluate(`axe.run({ include: [['${place}']], exclude: [['[data-tabster-dummy]']] }, ${options}).then(({ violations }) =>
    violations.map(({ id, nodes }) =>
      id + ': ' + nodes.map(({ html, failureSummary }) => html.slice(0, 200) + ' ' + failureSummary).join(' | ')))`)
}
