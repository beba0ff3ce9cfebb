import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import type { Log } from '../../platform/log/log.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import {
  type KnownSenders,
  type SenderBudget,
  createSenderBudget,
  oncePerRequest,
} from '../../platform/limits/sender-budget.ts'
import type { Database } from '../../platform/sql/database.ts'
import { readPemFile } from '../../platform/tls/key-pair.ts'
import type { CustomFetch } from 'openid-client'
import { readUpstreamPerson } from './claims.ts'
import type { UpstreamClient, UpstreamSecrets } from './client.ts'
import { UpstreamError, type UpstreamRejection, upstreamRejection } from './errors.ts'
import { createUpstreamFetch } from './fetch.ts'
import type { UpstreamSettings } from './settings.ts'
import { type UpstreamStore, createUpstreamStore } from './upstream-store.ts'
import type { UpstreamCallback, UpstreamSignInRequest, UpstreamSignIn } from './model.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** The providers of organisations at which people sign in. */
export interface Upstreams {
  readonly settings: readonly UpstreamSettings[]
  /** Starts a sign-in, and returns the URL to which the browser is redirected. */
  begin(
    name: string,
    request: UpstreamSignInRequest,
  ): Promise<{ readonly location: string } | { readonly rejection: UpstreamRejection }>
  /** Completes a sign-in. A rejection has the `flow` if this browser started the sign-in. */
  finish(
    name: string,
    callback: UpstreamCallback,
  ): Promise<UpstreamSignIn | { readonly rejection: UpstreamRejection; readonly flow: string | undefined }>
}

export type UpstreamOptions = {
  readonly providers: readonly UpstreamSettings[]
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly sealer: Sealer
  readonly publicOrigin: PublicOrigin
  /** Addresses that authenticated recently. Each of these addresses has its own budget. */
  readonly senders?: KnownSenders
  /** Replaces the network access to a provider in tests. */
  readonly fetchFor?: (settings: UpstreamSettings, ca: string | undefined) => CustomFetch
}

type PendingSignIn = UpstreamSecrets & { readonly flow: string; readonly authenticatedAfterMs?: number | undefined }

const transactionMs = 10 * 60 * 1000
/** Each started sign-in is a row in the database, so their number per client address is limited. */
const allowance = { burst: 60, perSecond: 1 }
const maxHintLength = 320
/** How far the clock of a provider may be behind ours. */
const clockSkewMs = 60 * 1000

type OpenProvider = { readonly settings: UpstreamSettings; readonly client: UpstreamClient }

type UpstreamContext = Pick<UpstreamOptions, 'clock' | 'log' | 'sealer' | 'publicOrigin'> & {
  readonly store: UpstreamStore
  readonly budget: SenderBudget
  readonly opened: ReadonlyMap<string, OpenProvider>
}

/** Opens the providers, without contacting them. @throws StartupError if their files cannot be used */
export async function openUpstreams(options: UpstreamOptions): Promise<Upstreams> {
  const { providers, database, clock, log, sealer, publicOrigin } = options
  const opened = new Map<string, OpenProvider>()
  for (const settings of providers) opened.set(settings.name, { settings, client: await openClient(options, settings) })
  const store = createUpstreamStore(database)
  const budget = oncePerRequest(createSenderBudget(clock, allowance, options.senders))
  const context: UpstreamContext = { clock, log, sealer, publicOrigin, store, budget, opened }
  return {
    settings: providers,
    begin: (name, request) => begin(context, name, request),
    finish: (name, callback) => finish(context, name, callback),
  }
}

async function begin(
  context: UpstreamContext,
  name: string,
  request: UpstreamSignInRequest,
): ReturnType<Upstreams['begin']> {
  const { clock, budget, opened, publicOrigin } = context
  const provider = opened.get(name)
  if (provider === undefined) return { rejection: upstreamRejection('no-such-provider') }
  if (!budget.spend(request.remoteAddress)) return { rejection: upstreamRejection('throttled') }
  const { browser, flow, authenticatedAfterMs } = request
  const secrets = { state: newSecret(), nonce: newSecret(), codeVerifier: newSecret() }
  const nowMs = clock.now()
  try {
    const parameters = {
      redirect_uri: `${publicOrigin}${callbackPath(name)}`,
      response_type: 'code',
      state: secrets.state,
      nonce: secrets.nonce,
      code_challenge: hash(secrets.codeVerifier),
      code_challenge_method: 'S256',
      ...hintsOf(provider.settings, request),
      ...maxAge(nowMs, authenticatedAfterMs),
    }
    const url = await provider.client.authorizationUrl(parameters, promptsOf(provider.settings, request))
    await storePending(context, { ...secrets, flow, authenticatedAfterMs }, { provider: name, browser, nowMs })
    return { location: url.href }
  } catch (error) {
    return { rejection: rejectionOf(context, error, name, undefined) }
  }
}

async function finish(
  context: UpstreamContext,
  name: string,
  { browser, query, correlationId }: UpstreamCallback,
): ReturnType<Upstreams['finish']> {
  const { log, opened, publicOrigin } = context
  const provider = opened.get(name)
  if (provider === undefined) return { rejection: upstreamRejection('no-such-provider'), flow: undefined }
  const pending = await takePending(context, name, browser, query)
  if (pending === undefined) return { rejection: upstreamRejection('no-transaction'), flow: undefined }
  const { settings, client } = provider
  try {
    // Our origin comes from the configuration, never from the request.
    const claims = await client.redeem(new URL(`${publicOrigin}${callbackPath(name)}?${query}`), pending)
    const read = requireFresh(readUpstreamPerson(settings, claims), pending)
    if ('person' in read) return { settings, person: read.person, flow: pending.flow }
    log.info({ provider: name, reason: read.failure, id: correlationId }, 'a sign-in was denied')
    return { rejection: upstreamRejection(read.failure), flow: pending.flow }
  } catch (error) {
    return { rejection: rejectionOf(context, error, name, correlationId), flow: pending.flow }
  }
}

async function storePending(
  { sealer, store }: UpstreamContext,
  pending: PendingSignIn,
  { provider, browser, nowMs }: { readonly provider: string; readonly browser: string; readonly nowMs: number },
): Promise<void> {
  const stateHash = hash(pending.state)
  const row = {
    state_hash: stateHash,
    provider,
    browser_hash: hash(browser),
    sealed: sealer.seal(JSON.stringify(pending), sealContext(stateHash)),
    expires_at_ms: nowMs + transactionMs,
  }
  await store.insert(row, nowMs)
}

/** Finds the sign-in of a callback and deletes it. Undefined for another provider, another browser, or an expired sign-in. */
async function takePending(
  { clock, sealer, store }: UpstreamContext,
  name: string,
  browser: string,
  query: string,
): Promise<PendingSignIn | undefined> {
  const [state = '', ...others] = new URLSearchParams(query).getAll('state')
  if (state === '' || others.length > 0) return undefined
  const row = await store.take(hash(state))
  if (row?.provider !== name || row.browser_hash !== hash(browser) || clock.now() >= row.expires_at_ms) {
    return undefined
  }
  return JSON.parse(sealer.open(row.sealed, sealContext(row.state_hash)).toString()) as PendingSignIn
}

function rejectionOf(
  { log }: UpstreamContext,
  error: unknown,
  name: string,
  correlationId: string | undefined,
): UpstreamRejection {
  if (!(error instanceof UpstreamError)) throw error
  const line = { provider: name, reason: error.message, err: error, id: correlationId }
  if (error.failure !== 'provider-denied') log.warn(line, 'a sign-in at an identity provider failed')
  return upstreamRejection(error.failure, error.detail)
}

async function openClient(options: UpstreamOptions, settings: UpstreamSettings): Promise<UpstreamClient> {
  // Most servers have no provider, and start faster without the client library.
  const { createUpstreamClient } = await import('./client.ts')
  const { openUpstreamCredentials } = await import('./upstream-credentials.ts')
  const ca = settings.caFile === undefined ? undefined : await readPemFile(settings.caFile)
  const fetchFor =
    options.fetchFor ?? (({ issuer, privateNetwork }) => createUpstreamFetch({ issuer, privateNetwork, ca }))
  return createUpstreamClient({
    settings,
    credentials: await openUpstreamCredentials(settings),
    clock: options.clock,
    fetch: fetchFor(settings, ca),
  })
}

/** Hints for the provider's sign-in page. These hints are not verified afterwards. [OpenID Connect Core §3.1.2.1] */
function hintsOf({ kind }: UpstreamSettings, { loginHint, domainHint }: UpstreamSignInRequest): Record<string, string> {
  return {
    ...(loginHint === undefined || loginHint.length > maxHintLength ? {} : { login_hint: loginHint }),
    ...(domainHint === undefined || kind !== 'entra' || domainHint.length > maxHintLength
      ? {}
      : { domain_hint: domainHint }),
  }
}

/** Requires a new authentication, and `auth_time` in the ID token. [OpenID Connect Core §3.1.2.1, `max_age`] */
function maxAge(nowMs: number, authenticatedAfterMs: number | undefined): Record<string, string> {
  if (authenticatedAfterMs === undefined) return {}
  return { max_age: String(Math.max(0, Math.floor((nowMs - authenticatedAfterMs) / 1000))) }
}

/** Requires that `auth_time` shows the new authentication: a provider may ignore `prompt`. */
function requireFresh(
  read: ReturnType<typeof readUpstreamPerson>,
  { authenticatedAfterMs }: PendingSignIn,
): typeof read {
  if ('failure' in read || authenticatedAfterMs === undefined) return read
  const { authenticatedAtMs } = read.person
  const isFresh = authenticatedAtMs !== undefined && authenticatedAtMs + clockSkewMs >= authenticatedAfterMs
  return isFresh ? read : { failure: 'not-fresh' }
}

/** The prompts for the person, in order of preference. */
function promptsOf(
  { prompt }: UpstreamSettings,
  { authenticatedAfterMs, mustChooseAccount, wantsAnotherAccount }: UpstreamSignInRequest,
): string[] {
  if (prompt !== undefined) return [prompt]
  if (authenticatedAfterMs !== undefined) return ['login']
  if (wantsAnotherAccount) return ['select_account', 'login']
  return mustChooseAccount ? ['select_account'] : []
}

function sealContext(stateHash: string): string {
  return `sign-in at a provider ${stateHash}`
}

function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** The path of the redirect URI. */
function callbackPath(name: string): string {
  return `/sign-in/${name}/callback`
}
