import { hash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { createAudit } from '../../src/audit/index.ts'
import { type Credentials, createCredentials } from '../../src/credentials/index.ts'
import { type Directory, type User, createDirectory } from '../../src/directory/index.ts'
import { createIdentity } from '../../src/identity/index.ts'
import { createApp } from '../../src/platform/http/app.ts'
import { createLog } from '../../src/platform/log/log.ts'
import { openSealer } from '../../src/platform/keys/sealing.ts'
import { hashedPassword } from '../platform/test-hashed-password.ts'
import { withoutCaller } from '../../src/platform/process/authorized-work.ts'
import type { Database, DatabaseKind, Transaction } from '../../src/platform/sql/database.ts'
import { openTestDatabase, usualDatabaseKind } from '../platform/test-database.ts'
import { providerMigrations } from '../identity/test-migrations.ts'
import { type UpstreamSettings, createIssuers, issuerMigrations, openUpstreams } from '../../src/issuers/index.ts'
import { signInMigrations } from '../../src/sign-in/migrations.ts'
import { createSignInPages } from '../../src/sign-in/sign-in.ts'

export const testHost = 'login.example:8443'
export const testOrigin = `https://${testHost}`
export const azClientId = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
export const armScope = 'https://management.core.windows.net//.default offline_access openid profile'
const tenantId = '3d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11'

export type TestPages = Awaited<ReturnType<typeof openTestPages>>

export type TestPagesOptions = {
  readonly kind?: DatabaseKind
  readonly publicOrigin?: string
  readonly providers?: readonly UpstreamSettings[]
  readonly secondFactorPolicy?: Parameters<typeof createCredentials>[0]['secondFactorPolicy']
  readonly acceptsProviderMfa?: boolean
}

const migrations = [...providerMigrations, ...issuerMigrations, ...signInMigrations]

/** The sign-in pages with the modules that they need, on a real database. The clock is frozen. */
export async function openTestPages({
  kind = usualDatabaseKind,
  publicOrigin = testOrigin,
  providers = [],
  secondFactorPolicy = { required: 'none', enrolment: 'self' },
  acceptsProviderMfa = true,
}: TestPagesOptions = {}) {
  const { database, dispose } = await openTestDatabase(kind, migrations)
  const keyDirectory = await mkdtemp(path.join(tmpdir(), 'acrux-test-'))
  const sealer = await openSealer(path.join(keyDirectory, 'master.key'))
  const time = { nowMs: Date.parse('2026-03-01T12:00:00Z') }
  const clock = { now: () => time.nowMs }
  const logLines: string[] = []
  const log = createLog('debug', { write: (line) => void logLines.push(line) })
  const audit = createAudit({ database, clock })
  const ports = { onPrincipalDeleted: () => Promise.resolve(), subscriptionOwners: () => Promise.resolve(new Map()) }
  const shared = { database, clock, audit, log, sealer, publicOrigin }
  const directory = createDirectory({ ...shared, ...ports })
  const credentials = createCredentials({ ...shared, directory, secondFactorPolicy })
  const identity = createIdentity({
    ...shared,
    credentials,
    directory,
    issuers: createIssuers({ credentials, directory, clock }),
    signingKeyRotationDays: 90,
  })
  const upstreams = await openUpstreams({ ...shared, providers })
  const pages = createSignInPages({ ...shared, credentials, directory, identity, upstreams, acceptsProviderMfa })
  const client = await database.transaction(async (transaction) => {
    await directory.createTenant(transaction, { tenantId, displayName: 'Contoso', defaultDomain: 'contoso.example' })
    return credentials.createServicePrincipal(transaction, { displayName: 'owner', directoryRole: 'owner' })
  })
  const app = createApp({ log, trustedProxies: [] })
  identity.mount(app)
  pages.mount(app)

  /** Changes the directory and its credentials. */
  const change = <Result>(work: (transaction: Transaction, modules: Directory & Credentials) => Promise<Result>) =>
    database.transaction((transaction) => work(transaction, { ...directory, ...credentials }))
  const createUser = async (name: string, wanted: { password?: string; mustChangePassword?: boolean } = {}) => {
    const password = await hashedPassword(wanted.password ?? passwordOf(name))
    return change((transaction) =>
      directory.createUser(transaction, {
        userPrincipalName: `${name}@contoso.example`,
        displayName: name,
        ...wanted,
        password,
      }),
    )
  }

  const token = async (fields: Record<string, string>) => {
    const answer = await app.inject({
      method: 'POST',
      url: `/${tenantId}/oauth2/v2.0/token`,
      headers: { host: testHost, 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams(fields).toString(),
    })
    return { status: answer.statusCode, body: answer.json<Record<string, string>>() }
  }

  const updateUser = ({ objectId }: User, wanted: Parameters<Directory['people']['updateUser']>[2]) =>
    change((transaction, { people }) => people.updateUser(transaction, objectId, wanted))
  /** Resets a password in the same way as an administrator. */
  const resetPassword = async ({ objectId, userPrincipalName }: User, password: string) => {
    const prepared = await credentials.prepareInitialPassword(userPrincipalName, password)
    const reset = { mustChange: false, origin: { remoteAddress: '198.51.100.7', userAgent: undefined } }
    await change((transaction) => credentials.resetPassword(transaction, objectId, prepared, reset))
  }

  const close = async () => {
    await app.close()
    await dispose()
    await rm(keyDirectory, { recursive: true })
  }
  const openBrowser = (remoteAddress = '127.0.0.1') =>
    new FormBrowser((options) => app.inject({ ...options, remoteAddress }), new URL(publicOrigin))
  const changes = { change, createUser, updateUser, resetPassword }
  return { app, database, credentials, directory, time, clock, logLines, client, ...changes, token, openBrowser, close }
}

/**
 * Increases the authority revision before each of the next transactions. Returns a function that returns the number of remaining
 * transactions.
 */
export function moveRevision(database: Database, times: number): () => number {
  const original: Database['transaction'] = Reflect.get(database, 'transaction')
  const transaction: Database['transaction'] = (work) => original.call(database, work) as never
  let left = times
  const moveFirst: Database['transaction'] = async (work) => {
    if (left === 0) return transaction(work)
    left -= 1
    await withoutCaller(() => transaction(async (moving) => moving.changesAuthority()))
    return transaction(work)
  }
  Object.assign(database, { transaction: moveFirst })
  return () => left
}

/** The password of a user in the tests. */
export function passwordOf(name: string): string {
  return `the long password of ${name}`
}

/** The request of az for an authorization code, with the verifier that redeems the code. [az-cli-wire 3.5] */
export function codeRequest(change: Record<string, string | undefined> = {}) {
  const verifier = randomBytes(32).toString('base64url')
  const fields = {
    client_id: azClientId,
    response_type: 'code',
    redirect_uri: 'http://localhost:36805',
    scope: armScope,
    state: 'a state & more',
    code_challenge: hash('sha256', verifier, 'base64url'),
    code_challenge_method: 'S256',
    nonce: 'a nonce',
    ...change,
  }
  const query = new URLSearchParams(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
  return { verifier, url: `/organizations/oauth2/v2.0/authorize?${query.toString()}` }
}

/** A page in a browser without scripts. */
export type TestPage = {
  readonly status: number
  readonly url: string
  readonly text: string
  readonly heading: string
  readonly headers: LightMyRequestResponse['headers']
  /** The address outside the server to which the browser was redirected. */
  readonly left: URL | undefined
}

/** A browser that supports only cookies and forms, without scripts. */
export class FormBrowser {
  readonly cookies = new Map<string, string>()
  readonly #inject: (options: InjectOptions) => Promise<LightMyRequestResponse>
  readonly #server: URL

  constructor(inject: (options: InjectOptions) => Promise<LightMyRequestResponse>, server: URL) {
    this.#inject = inject
    this.#server = server
  }

  get(url: string): Promise<TestPage> {
    return this.#go({ method: 'GET', url })
  }

  /** Submits the form of the page that has this action, with its hidden fields and these fields. */
  submit(page: TestPage, action: string, fields: Record<string, string> = {}): Promise<TestPage> {
    const form = page.text
      .split('<form')
      .slice(1)
      .find((part) => part.includes(`action="${action}"`) || part.includes(`formaction="${action}"`))
    if (form === undefined) throw new Error(`no form for ${action} in ${page.text}`)
    const hidden = [...form.matchAll(/<input\s+type="hidden"\s+name="([^"]*)"\s+value="([^"]*)"/g)]
    const all = new Map(hidden.map(([, name = '', value = '']) => [unescape(name), unescape(value)]))
    for (const [name, value] of Object.entries(fields)) all.set(name, value)
    return this.post(action, Object.fromEntries(all))
  }

  post(url: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<TestPage> {
    const own = { origin: this.#server.origin, 'content-type': 'application/x-www-form-urlencoded' }
    const payload = new URLSearchParams(fields).toString()
    return this.#go({ method: 'POST', url, payload, headers: { ...own, ...headers } })
  }

  async #go(options: InjectOptions & { url: string }): Promise<TestPage> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { host: this.#server.host, ...(cookie !== '' && { cookie }), ...options.headers }
    const answer = await this.#inject({ ...options, headers })
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) this.#take(line)
    const { location } = answer.headers
    if (location === undefined) return pageOf(answer, options.url, undefined)
    const target = new URL(location, `${this.#server.origin}${options.url}`)
    if (target.origin !== this.#server.origin) return pageOf(answer, options.url, target)
    return this.#go({ method: 'GET', url: `${target.pathname}${target.search}` })
  }

  #take(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (line.includes('Max-Age=0')) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}

function pageOf(answer: LightMyRequestResponse, url: string, left: URL | undefined): TestPage {
  const [, heading = ''] = /<h1>([^<]*)<\/h1>/.exec(answer.body) ?? []
  return {
    status: answer.statusCode,
    url,
    text: answer.body,
    heading: unescape(heading),
    headers: answer.headers,
    left,
  }
}

function unescape(text: string): string {
  const names: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#96': '`' }
  return text.replaceAll(/&([a-z]+|#\d+);/g, (entity, name: string) => names[name] ?? entity)
}

/** Submits the password of a user on the current page of the browser. */
export function enterPassword(browser: FormBrowser, page: TestPage, name: string, password = passwordOf(name)) {
  return browser.submit(page, '/sign-in/password', { username: `${name}@contoso.example`, password })
}
