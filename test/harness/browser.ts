import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { connect } from 'node:tls'
import { type Browser, type BrowserContext, type BrowserContextOptions, type Page, chromium } from 'playwright-core'
import { findProgram, requireClient } from './clients.ts'
import type { RunningServer } from './server.ts'
import { tempDir } from './temp-dir.ts'

/** A real browser that trusts the certificate of one server. It is started when it is first needed. */
export interface TestBrowser extends AsyncDisposable {
  /** False where the machine has no Chromium: the test is then marked as not run, as by `requireClient`. */
  isThere(t: TestContext): boolean
  /** A person's browser with nothing in it: no cookies, no sessions. */
  newContext(options?: BrowserContextOptions): Promise<BrowserContext>
}

/** How long a browser may take to start, and a page to do what it is asked, where the machine is busy. */
const patienceMs = 120_000

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

/** The hash of the public key that the server shows, to whoever trusts its authority. */
async function keyHash(server: RunningServer): Promise<string> {
  const socket = connect({
    host: '127.0.0.1',
    port: server.port,
    servername: 'localhost',
    ca: readFileSync(server.caFile),
  })
  await once(socket, 'secureConnect')
  const certificate = socket.getPeerX509Certificate()
  socket.destroy()
  if (certificate === undefined) throw new Error('the server showed no certificate')
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64')
}

/** Starts Chromium, with a profile that holds nothing of this machine's. */
async function launch(server: RunningServer, home: string): Promise<Browser> {
  return chromium.launch({
    executablePath: findProgram('chromium') ?? 'chromium',
    headless: true,
    timeout: patienceMs,
    args: [...flags, `--ignore-certificate-errors-spki-list=${await keyHash(server)}`],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: home, LANG: 'C.UTF-8' },
  })
}

/** A browser for the pages of a server. Dispose of it, and neither the browser nor its profile is left. */
export function browserFor(server: RunningServer): TestBrowser {
  const home = tempDir('chromium')
  let started: Promise<Browser> | undefined
  return {
    isThere: (t) => requireClient(t, 'chromium'),
    newContext: async (options) => {
      started ??= launch(server, home.path)
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

/** The page's text as a screen reader is told it: roles, names and states. */
export function accessibilityTree(page: Page): Promise<string> {
  return page.locator('body').ariaSnapshot()
}
