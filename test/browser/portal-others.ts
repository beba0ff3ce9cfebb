import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import { after } from 'node:test'
import type { BrowserContext } from 'playwright-core'
import { type NewPerson, createPerson } from '../harness/directory.ts'
import { type HttpResponse, request } from '../harness/http.ts'
import { at } from '../harness/json.ts'
import { pageVisitor } from '../harness/page-visitor.ts'
import type { RunningServer } from '../harness/server.ts'
import { type Change, type Other, type Permission, changeOf, changes, reads } from './portal-changes.ts'
import { giveRoles } from './portal-four-people.ts'
import type { PortalUnderTest, Watched } from './portal-page.ts'

/** What a page of the portal is about to send. The path is below `/portal/api/`. */
type Sent = {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

type SignedIn = { readonly name: Other; readonly person: NewPerson; readonly cookie: string }

/** The people who do not own the registry, in a test file whose owner makes changes. */
export type Others = {
  /**
   * Opens a page like `watch` of the portal. Each change that it makes is first tried as the others, in their own sessions. It is a
   * fault if one of them may make it.
   */
  readonly watch: (context: BrowserContext) => Promise<Watched>
  /** The changes of this file that no owner has made. */
  readonly missing: () => readonly string[]
}

/** Tries a change as the others. Returns what is wrong with the answers. */
type Try = (sent: Sent) => Promise<readonly string[]>

/** The names of the others, none of which is in a name that a test looks for. */
const names: Readonly<Record<Other, string>> = { nobody: 'nia', puller: 'paul', writer: 'wes' }
const apiPath = '/portal/api/'

/** Has the page wait before each change until it was tried as the others. A route would turn the cache of the browser off. */
const waitScript = `(() => {
  const send = globalThis.fetch
  globalThis.fetch = async (address, options = {}) => {
    const { pathname, search } = new URL(address, location.href)
    const { method = 'GET', headers = {}, body = null } = options
    if (method !== 'GET' && pathname.startsWith('${apiPath}')) {
      await tryAsOthers({ method, path: pathname.slice(${apiPath.length}) + search, headers, body })
    }
    return send(address, options)
  }
})()`

/** Prepares the others of a test file. They are created when the first page is opened. */
export function openOthers({ server, watch }: PortalUnderTest, file: string): Others {
  const agent = new Agent({ keepAlive: true })
  after(() => agent.destroy())
  const made = new Set<Change>()
  // The same request is tried once.
  const tried = new Set<string>()
  let people: Promise<readonly SignedIn[]> | undefined
  const tryAsOthers: Try = async (sent) => {
    const change = changeOf(sent.method, sent.path)
    if (change === undefined) return [`${sent.method} ${sent.path} has no row in the table of changes`]
    const key = JSON.stringify(sent)
    if (tried.has(key)) return []
    tried.add(key)
    const found = await Promise.all(
      (await (people ??= signInOthers(server))).map(async (other) => {
        if (change.may !== undefined && permits(change.may, other.name, sent.path)) return []
        const faults = faultsOf(change, sent, other, await sendAs(other, sent, server, agent))
        return faults.map((fault) => `as ${other.name}: ${sent.method} ${sent.path}: ${fault}`)
      }),
    )
    return found.flat()
  }
  return {
    watch: async (context) => {
      people ??= signInOthers(server)
      await people
      const watched = await watch(context)
      await watchPage(watched, tryAsOthers, made)
      return watched
    },
    missing: () => changes.filter((row) => row.seenIn === file && !made.has(row)).map((row) => row.request),
  }
}

async function watchPage({ page, faults }: Watched, tryAsOthers: Try, made: Set<Change>): Promise<void> {
  await page.exposeFunction('tryAsOthers', async (sent: Sent) => {
    const found = await tryAsOthers(sent)
    faults.push(...found)
    // The owner would wait for the effect of a change that is already made.
    if (found.length > 0) await page.close({ reason: found.join('\n') })
  })
  await page.addInitScript(waitScript)
  page.on('response', (response) => {
    const { pathname } = new URL(response.url())
    if (!response.ok() || !pathname.startsWith(apiPath)) return
    const change = changeOf(response.request().method(), pathname.slice(apiPath.length))
    if (change !== undefined) made.add(change)
  })
}

async function signInOthers(server: RunningServer): Promise<readonly SignedIn[]> {
  return Promise.all(
    (Object.keys(names) as Other[]).map(async (name) => {
      const person = await createPerson(server, names[name])
      await giveRoles[name](server, person)
      const visitor = pageVisitor(server)
      await visitor.signIn(await visitor.open('/portal/sign-in'), person)
      const cookie = [...visitor.cookies].map(([key, value]) => `${key}=${value}`).join('; ')
      assert.match(cookie, /__Host-acrux-portal=/)
      return { name, person, cookie }
    }),
  )
}

/** The same request in another session, as a browser sends it. */
function sendAs({ cookie }: SignedIn, sent: Sent, server: RunningServer, agent: Agent): Promise<HttpResponse> {
  const ofBrowser = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }
  return request({
    method: sent.method,
    url: `${server.baseUrl}${apiPath}${sent.path}`,
    headers: { ...sent.headers, ...ofBrowser, origin: server.baseUrl, cookie },
    caFile: server.caFile,
    agent,
    ...(sent.body !== null && { body: sent.body }),
  })
}

const permits = ({ who, at: where }: Permission, name: Other, path: string): boolean =>
  who.includes(name) && (where === undefined || where.test(path.split('?')[0] ?? ''))

/** What is wrong with an answer to another person. */
function faultsOf(change: Change, sent: Sent, other: SignedIn, answer: HttpResponse): readonly string[] {
  const { status } = answer
  if (change.isRead !== true || status !== 200) return isDenial(sent, answer) ? [] : [`answered by ${status}`]
  const [surface = ''] = sent.path.split('/')
  return answersOf(sent, answer.json())
    .filter(({ path, status: inner, body }) => inner !== 200 || !mayRead(other, `${surface}${path}`, body))
    .filter(({ status: inner, body }) => !isDeniedBy(surface, inner, body))
    .map(({ path, status: inner, body }) => `${path} answered by ${inner} ${JSON.stringify(body).slice(0, 300)}`)
}

/** The answers in that of a read: those of a batch, or itself. */
function answersOf(sent: Sent, body: unknown): readonly { path: string; status: number; body: unknown }[] {
  const answers = at(body, 'responses')
  if (!Array.isArray(answers)) return [{ path: sent.path.replace(/^[^/]+/, ''), status: 200, body }]
  return answers.map((answer: unknown, index) => {
    const asked: unknown = at(JSON.parse(sent.body ?? ''), 'requests', index)
    return {
      path: String(at(asked, 'relativeUrl') ?? at(asked, 'url')),
      status: Number(at(answer, 'httpStatusCode') ?? at(answer, 'status')),
      body: at(answer, 'content') ?? at(answer, 'body'),
    }
  })
}

/** Whether a person may read what they got: it is nothing, about themselves, or permitted by the table. */
function mayRead({ name, person }: SignedIn, path: string, body: unknown): boolean {
  const rows = reads.filter((row) => permits(row, name, path))
  const value = at(body, 'value')
  const objects: readonly unknown[] = Array.isArray(value) ? value : [body]
  return objects.every((object) => {
    const isOwn = at(object, 'id') === person.id || at(object, 'principalId') === person.id
    return isOwn || rows.some(({ only }) => only === undefined || only.test(JSON.stringify(object)))
  })
}

/** Codes of the portal itself, which say nothing about what a person may do. */
const notByRights = ['NotSignedIn', 'ForeignRequest', 'StepUpRequired']

function isDenial({ path }: Sent, answer: HttpResponse): boolean {
  const [surface = ''] = path.split('/')
  try {
    return isDeniedBy(surface, answer.status, answer.json())
  } catch {
    return false
  }
}

/** Whether an answer denies a request because of the person, in the format of its surface. */
function isDeniedBy(surface: string, status: number, body: unknown): boolean {
  const ofSurface = surface === 'registry' ? at(body, 'errors', 0, 'code') : at(body, 'error', 'code')
  // Without a role on the registry, there is no token with which the portal could ask it.
  const code = at(body, 'error', 'code') === 'NoAccess' ? 'NoAccess' : ofSurface
  return [401, 403, 404].includes(status) && typeof code === 'string' && !notByRights.includes(code)
}
