import type { BrowserContext } from 'playwright-core'
import { type Change, changeOf, changes } from './portal-changes.ts'
import type { PortalUnderTest, Watched } from './portal-page.ts'

/** The changes that the pages of a test file make. */
export type MadeChanges = {
  /** Opens a page like `watch` of the portal. A change without a row in the table of changes is a fault. */
  readonly watch: (context: BrowserContext) => Promise<Watched>
  /** The changes of this file that no page has made. */
  readonly missing: () => readonly string[]
}

const apiPath = '/portal/api/'

/** Records the changes of a test file. */
export function recordChanges({ watch }: PortalUnderTest, file: string): MadeChanges {
  const made = new Set<Change>()
  return {
    watch: async (context) => {
      const watched = await watch(context)
      watched.page.on('response', (response) => {
        const { pathname } = new URL(response.url())
        const method = response.request().method()
        if (method === 'GET' || !pathname.startsWith(apiPath)) return
        const path = pathname.slice(apiPath.length)
        const change = changeOf(method, path)
        if (change === undefined) watched.faults.push(`${method} ${path} has no row in the table of changes`)
        else if (response.ok()) made.add(change)
      })
      return watched
    },
    missing: () => changes.filter((row) => row.seenIn === file && !made.has(row)).map((row) => row.request),
  }
}
