import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { type Browser, type BrowserContext, type BrowserContextOptions, type Page, chromium } from 'playwright-core'
import { findProgram, requireClient } from './clients.ts'
import type { RunningServer } from './server.ts'
import { tempDir } from './temp-dir.ts'

/** A real browser that trusts the certificate authority of one server. It is started when it is first needed. */
export interface TestBrowser extends AsyncDisposable {
  /** False if the machine has no Chromium: the test is then marked as not run, as by `requireClient`. */
  isThere(t: TestContext): boolean
  /** A person's browser with nothing in it: no cookies, no sessions. */
  newContext(options?: BrowserContextOptions): Promise<BrowserContext>
}

/** How long a browser may take to start, and a page to complete an action, on a busy machine. */
const patienceMs = 120_000

const run = promisify(execFile)

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--no-proxy-server',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Makes the browsers of a home directory trust the certificate authority of a server, as a person would. */
async function trustAuthority(home: string, caFile: string): Promise<void> {
  const directory = join(home, '.pki', 'nssdb')
  await mkdir(directory, { recursive: true })
  const database = `sql:${directory}`
  await run('certutil', ['-N', '-d', database, '--empty-password'])
  await run('certutil', ['-A', '-d', database, '-n', 'acrux', '-t', 'C,,', '-i', caFile])
}

/** Starts Chromium with a home directory, whose certificate authorities it trusts. */
export function launchChromium(home: string, more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: findProgram('chromium') ?? 'chromium',
    headless: true,
    timeout: patienceMs,
    args: [...flags, ...more],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: home, LANG: 'C.UTF-8' },
  })
}

/** A browser for the pages of a server. Disposing of it removes the browser nor its profile. */
export function browserFor(server: Pick<RunningServer, 'caFile' | 'baseUrl' | 'port'>): TestBrowser {
  const home = tempDir('chromium')
  let started: Promise<Browser> | undefined
  const { host, port } = new URL(server.baseUrl)
  const rules = port === '' ? [`--host-resolver-rules=MAP ${host}:443 127.0.0.1:${server.port}`] : []
  return {
    isThere: (t) => requireClient(t, 'chromium', 'certutil'),
    newContext: async (options) => {
      started ??= trustAuthority(home.path, server.caFile).then(() => launchChromium(home.path, rules))
      const context = await (await started).newContext({ baseURL: server.baseUrl, ...options })
      context.setDefaultTimeout(patienceMs)
      return context
    },
    [Symbol.asyncDispose]: async () => {
      await (await started)?.close()
      home.remove()
    },
  }
}

/** The page's text for a screen reader: roles, names and states. */
export function accessibilityTree(page: Page): Promise<string> {
  return page.locator('body').ariaSnapshot()
}
