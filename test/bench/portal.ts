import { existsSync } from 'node:fs'
import type { BrowserContext, Page, Request } from 'playwright-core'
import { signIn } from '../browser/sign-in-to-portal.ts'
import { browserFor } from '../harness/browser.ts'
import { request } from '../harness/http.ts'
import { processorMilliseconds } from '../harness/processor-time.ts'
import { type Figure, type Settings, median } from './figure.ts'
import { repositoryName } from './seed.ts'
import { type Subject, fill, startOn } from './subject.ts'

/** The size of the registry whose views are opened. */
const sizes = { repositories: 10_000, tags: 100_000 } as const

/** How often a request is sent for one measurement of its processor time. */
const repetitions = 20

/** How often a view is opened at most. */
const maxOpenings = 3

/** The targets of a view. */
const targets = { requests: 3, requestMs: 50, taskMs: 200, firstViewKib: 400 } as const

/** The views, by their addresses below the portal. */
function viewsOf({ filled }: Subject): Readonly<Record<string, string>> {
  const registry = `registries/${encodeURIComponent(filled.firstRun.loginServer)}`
  const repository = `${registry}/repositories/${encodeURIComponent(repositoryName(1))}`
  return {
    home: '',
    'search for a name': 'search?q=app-0099',
    'search for a tag': 'search?q=tag-0099',
    'search for a digest': `search?q=${filled.digest.slice(0, 20)}`,
    registry,
    repositories: `${registry}/repositories`,
    'repositories by path': `${registry}/repositories?show=tree`,
    repository,
    'repository, tags': `${repository}?show=tags`,
    manifest: `${repository}/manifests/1`,
    'manifest, configuration': `${repository}/manifests/1?show=config`,
    'manifest, referrers': `${repository}/manifests/1?show=referrers`,
    'manifest, raw': `${repository}/manifests/1?show=raw`,
    'deleted images': `${registry}/deleted`,
    import: `${registry}/import`,
    uploads: `${registry}/uploads`,
    'access control': `${registry}/access`,
    'access control, roles': `${registry}/access?tab=roles`,
    'access control, mode': `${registry}/access?tab=mode`,
    'add a role assignment': `${registry}/access/add`,
    'access keys': `${registry}/keys`,
    tokens: `${registry}/tokens`,
    policies: `${registry}/policies`,
    'audit of a registry': `${registry}/audit`,
    audit: 'audit',
    integrity: 'audit/integrity',
    server: 'server',
    'server, certificates': 'server?part=certificates',
    'server, maintenance': 'server?part=maintenance',
    people: 'people',
    groups: 'groups',
    applications: 'applications',
    'managed identities': 'managed-identities',
    providers: 'providers',
  }
}

/** A request of a page to the API of the portal. */
type Sent = { readonly method: string; readonly url: string; readonly body: string | undefined }

/** Whether a request is one of the shell, which every view has at its first opening: who is signed in, and the registries. */
const isOfShell = (url: string): boolean =>
  /\/(?:session|subscriptions|Microsoft\.ContainerRegistry\/registries)$/.test(new URL(url).pathname)

/** An event of a trace of Chromium: a task that ended, or the name of a thread. */
type TraceEvent = {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  /** Microseconds of processor time. */
  readonly tdur?: number
  readonly args: { readonly name?: string }
}

/**
 * The processor time of the longest task on the main thread of a page, in milliseconds. The time that a task takes by the clock grows
 * when other programs use the processor.
 */
function longestTaskMs(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString()) as { readonly traceEvents: readonly TraceEvent[] }
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`
  const mains = new Set(
    traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(threadOf),
  )
  const tasks = traceEvents.filter((event) => event.ph === 'X' && mains.has(threadOf(event)))
  if (tasks.length === 0) throw new Error('the trace of the browser has no task of a page')
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000
}

/** Opens a view in a new page, and returns its requests and its longest task on the main thread in milliseconds. */
async function open(context: BrowserContext, path: string): Promise<{ sent: readonly Sent[]; taskMs: number }> {
  const browser = context.browser()
  if (browser === null) throw new Error('the browser has ended')
  const page = await context.newPage()
  const sent: Sent[] = []
  page.on('request', (one: Request) => {
    const url = one.url()
    if (!new URL(url).pathname.startsWith('/portal/api/') || isOfShell(url)) return
    sent.push({ method: one.method(), url, body: one.postData() ?? undefined })
  })
  await browser.startTracing(page, { categories: ['toplevel'] })
  await page.goto(`/portal/${path}`)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await page.waitForLoadState('networkidle')
  const taskMs = longestTaskMs(await browser.stopTracing())
  await page.close()
  return { sent, taskMs }
}

/** The processor time of the server for one request, in milliseconds. Each request has a connection of its own. */
async function costOf({ filled, target }: Subject, cookie: string, { method, url, body }: Sent): Promise<number> {
  const headers = {
    cookie,
    'sec-fetch-site': 'same-origin',
    'x-acrux-portal': '1',
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
  const send = async () =>
    request({ method, url, headers, caFile: filled.firstRun.caFile, ...(body !== undefined && { body }) })
  await send()
  const before = processorMilliseconds(target.pid)
  for (let count = 0; count < repetitions; count += 1) await send()
  return (processorMilliseconds(target.pid) - before) / repetitions
}

async function cookieOf(context: BrowserContext): Promise<string> {
  return (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
}

/** The compressed bytes that a browser loads for the first view, in KiB. */
async function firstViewKib(page: Page): Promise<number> {
  const bytes =
    await page.evaluate(`[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter(({ name }) => !new URL(name).pathname.startsWith('/portal/api/'))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`)
  return Number(bytes) / 1024
}

const atMost = { bound: 'at most' } as const

/**
 * The cost of the views of the portal: their requests, the server's processor time for each, and the longest task in the browser.
 * Only the views whose names contain one of the texts, if there are any.
 */
export async function measurePortal(
  { say, cores, serverArgs, rounds }: Settings,
  chosen: readonly string[] = [],
): Promise<Figure[]> {
  say('portal')
  using filled = await fill(sizes)
  await using subject = await startOn(filled, cores.server, serverArgs)
  const { caFile, owner } = filled.firstRun
  if (!existsSync(caFile)) throw new Error('the server has no certificate authority')
  await using browser = browserFor({ caFile, baseUrl: `https://localhost:${filled.port}`, port: filled.port })
  await using context = await browser.newContext({ reducedMotion: 'reduce' })
  const page = await context.newPage()
  await signIn(page, owner)
  await page.goto('/portal/')
  await page.waitForLoadState('networkidle')
  const kib = await firstViewKib(page)
  await page.close()
  const details = 'of files, without the answers of the API'
  const figures: Figure[] = [
    { name: 'portal: first view', measured: kib, unit: 'KiB', ...atMost, target: targets.firstViewKib, details },
  ]
  for (const [name, path] of Object.entries(viewsOf(subject))) {
    if (chosen.length > 0 && !chosen.some((text) => name.includes(text))) continue
    say(`portal: ${name}`)
    const opened = []
    for (let round = 0; round < Math.min(rounds, maxOpenings); round += 1) opened.push(await open(context, path))
    const sent = opened[0]?.sent ?? []
    const taskMs = median(opened.map((one) => one.taskMs))
    const costs: number[] = []
    for (const one of sent) {
      const all: number[] = []
      for (let round = 0; round < rounds; round += 1) all.push(await costOf(subject, await cookieOf(context), one))
      costs.push(median(all))
    }
    const names = sent.map(({ url }) => new URL(url).pathname.split('/').slice(-1).join('/')).join(', ')
    const each = costs.map((ms) => `${ms.toFixed(1)} ms`).join(', ')
    figures.push(
      {
        name: `portal: ${name}, requests`,
        measured: sent.length,
        unit: 'requests',
        ...atMost,
        target: targets.requests,
        details: names,
      },
      {
        name: `portal: ${name}, server`,
        measured: Math.max(0, ...costs),
        unit: 'milliseconds',
        ...atMost,
        target: targets.requestMs,
        details: each,
      },
      {
        name: `portal: ${name}, browser`,
        measured: taskMs,
        unit: 'milliseconds',
        ...atMost,
        target: targets.taskMs,
        details: 'the longest task, in processor time',
      },
    )
  }
  return figures
}
