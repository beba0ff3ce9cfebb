import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../platform/process/clock.ts'
import type { Log } from '../platform/log/log.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import { type KnownSenders, createSenderBudget } from '../platform/limits/sender-budget.ts'
import type { Database } from '../platform/sql/database.ts'
import { readPemFile } from '../platform/tls/key-pair.ts'
import type { CustomFetch } from 'openid-client'
import { readUpstreamPerson } from './claims.ts'
import type { UpstreamClient, UpstreamSecrets } from './client.ts'
import { UpstreamError, type UpstreamRefusal, upstreamRefusal } from './errors.ts'
import { createUpstreamFetch } from './fetch.ts'
import type { UpstreamSettings } from './settings.ts'
import { createUpstreamStore } from './store.ts'
import type { UpstreamBeginning, UpstreamProof } from './model.ts'

/** The providers of organisations at which people sign in. */
export interface Upstreams {
  readonly settings: readonly UpstreamSettings[]
  /** Where the browser goes. */
  begin(
    name: string,
    beginning: UpstreamBeginning,
  ): Promise<{ readonly location: string } | { readonly refusal: UpstreamRefusal }>
  /** Reads what the browser brought back. `flow` is there where it was this browser that began. */
  finish(
    name: string,
    arrival: { readonly browser: string; readonly query: string; readonly correlationId: string },
  ): Promise<UpstreamProof | { readonly refusal: UpstreamRefusal; readonly flow: string | undefined }>
}

export type UpstreamOptions = {
  readonly providers: readonly UpstreamSettings[]
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly sealer: Sealer
  readonly publicOrigin: string
  /** Who proved something lately: what strangers do does not hold them up. */
  readonly senders?: KnownSenders
  /** The way to a provider, for tests in which a name of the world stands for a server of the test's. */
  readonly fetchFor?: (settings: UpstreamSettings, ca: string | undefined) => CustomFetch
}

type Kept = UpstreamSecrets & { readonly flow: string; readonly authenticatedAfterMs?: number | undefined }

const transactionMs = 10 * 60 * 1000
/** Each begun sign-in is written down, so strangers may begin so many. */
const allowance = { burst: 60, perSecond: 1 }
const longestHint = 320
/** How far the clock of a provider may be behind ours. */
const toleranceMs = 60 * 1000

/** Opens the providers. Whether they answer is looked at when somebody goes there. @throws StartupError for files that cannot be used */
export async function openUpstreams(options: UpstreamOptions): Promise<Upstreams> {
  const { providers, database, clock, log, sealer, publicOrigin } = options
  const store = createUpstreamStore(database)
  const budget = createSenderBudget(clock, allowance, options.senders)
  const opened = new Map<string, { readonly settings: UpstreamSettings; readonly client: UpstreamClient }>()
  for (const settings of providers) opened.set(settings.name, { settings, client: await openClient(options, settings) })

  async function begin(name: string, beginning: UpstreamBeginning) {
    const provider = opened.get(name)
    if (provider === undefined) return { refusal: upstreamRefusal('no-such-provider') }
    if (!budget.spend(beginning.remoteAddress)) return { refusal: upstreamRefusal('throttled') }
    const { flow, authenticatedAfterMs } = beginning
    const kept: Kept = { state: newText(), nonce: newText(), codeVerifier: newText(), flow, authenticatedAfterMs }
    const nowMs = clock.now()
    try {
      const parameters = {
        redirect_uri: `${publicOrigin}${callbackPath(name)}`,
        response_type: 'code',
        state: kept.state,
        nonce: kept.nonce,
        code_challenge: hash(kept.codeVerifier),
        code_challenge_method: 'S256',
        ...hintsOf(provider.settings, beginning),
        ...maxAge(nowMs, authenticatedAfterMs),
      }
      const prompts = promptsOf(provider.settings, beginning)
      const url = await provider.client.authorizationUrl(parameters, prompts)
      const stateHash = hash(kept.state)
      await store.insert(
        {
          state_hash: stateHash,
          provider: name,
          browser_hash: hash(beginning.browser),
          sealed: sealer.seal(JSON.stringify(kept), context(stateHash)),
          expires_at_ms: nowMs + transactionMs,
        },
        nowMs,
      )
      return { location: url.href }
    } catch (error) {
      return { refusal: refusalOf(error, name, undefined) }
    }
  }

  /** What belongs to a callback, given out once, and only where provider, browser and time are those of the beginning. */
  async function take(name: string, browser: string, query: string): Promise<Kept | undefined> {
    const [state = '', ...others] = new URLSearchParams(query).getAll('state')
    if (state === '' || others.length > 0) return undefined
    const row = await store.take(hash(state))
    if (row?.provider !== name || row.browser_hash !== hash(browser) || clock.now() >= row.expires_at_ms) {
      return undefined
    }
    return JSON.parse(sealer.open(row.sealed, context(row.state_hash)).toString()) as Kept
  }

  function refusalOf(error: unknown, name: string, correlationId: string | undefined): UpstreamRefusal {
    if (!(error instanceof UpstreamError)) throw error
    const line = { provider: name, reason: error.message, err: error, id: correlationId }
    if (error.failure !== 'provider-refused') log.warn(line, 'a sign-in at an identity provider failed')
    return upstreamRefusal(error.failure, error.detail)
  }

  return {
    settings: providers,
    begin,
    finish: async (name, { browser, query, correlationId }) => {
      const provider = opened.get(name)
      if (provider === undefined) return { refusal: upstreamRefusal('no-such-provider'), flow: undefined }
      const kept = await take(name, browser, query)
      if (kept === undefined) return { refusal: upstreamRefusal('no-transaction'), flow: undefined }
      const { settings, client } = provider
      try {
        // The address is ours by configuration: what the request says of its host counts for nothing.
        const claims = await client.redeem(new URL(`${publicOrigin}${callbackPath(name)}?${query}`), kept)
        const read = requireFresh(readUpstreamPerson(settings, claims), kept)
        if ('person' in read) return { settings, person: read.person, flow: kept.flow }
        log.info({ provider: name, reason: read.failure, id: correlationId }, 'a sign-in was denied')
        return { refusal: upstreamRefusal(read.failure), flow: kept.flow }
      } catch (error) {
        return { refusal: refusalOf(error, name, correlationId), flow: kept.flow }
      }
    },
  }
}

async function openClient(options: UpstreamOptions, settings: UpstreamSettings): Promise<UpstreamClient> {
  // Most servers have no such provider, and start sooner without what speaks to one.
  const { createUpstreamClient } = await import('./client.ts')
  const { openUpstreamCredentials } = await import('./credentials.ts')
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

/** What helps the person there; none of it is believed when they come back. [OpenID Connect Core §3.1.2.1] */
function hintsOf({ kind }: UpstreamSettings, { loginHint, domainHint }: UpstreamBeginning): Record<string, string> {
  return {
    ...(loginHint === undefined || loginHint.length > longestHint ? {} : { login_hint: loginHint }),
    ...(domainHint === undefined || kind !== 'entra' || domainHint.length > longestHint
      ? {}
      : { domain_hint: domainHint }),
  }
}

/** Has the provider authenticate the person again and say when it did. [OpenID Connect Core §3.1.2.1, `max_age`] */
function maxAge(nowMs: number, authenticatedAfterMs: number | undefined): Record<string, string> {
  if (authenticatedAfterMs === undefined) return {}
  return { max_age: String(Math.max(0, Math.floor((nowMs - authenticatedAfterMs) / 1000))) }
}

/** A provider that was asked for a new authentication has to say that there was one: `prompt` alone is only a wish. */
function requireFresh(read: ReturnType<typeof readUpstreamPerson>, { authenticatedAfterMs }: Kept): typeof read {
  if ('failure' in read || authenticatedAfterMs === undefined) return read
  const { authenticatedAtMs } = read.person
  const isFresh = authenticatedAtMs !== undefined && authenticatedAtMs + toleranceMs >= authenticatedAfterMs
  return isFresh ? read : { failure: 'not-fresh' }
}

/** What the provider is to ask of the person, the best first. */
function promptsOf(
  { prompt }: UpstreamSettings,
  { authenticatedAfterMs, isToChoose, wantsAnother }: UpstreamBeginning,
): string[] {
  if (prompt !== undefined) return [prompt]
  if (authenticatedAfterMs !== undefined) return ['login']
  if (wantsAnother) return ['select_account', 'login']
  return isToChoose ? ['select_account'] : []
}

function context(stateHash: string): string {
  return `sign-in at a provider ${stateHash}`
}

function newText(): string {
  return randomBytes(32).toString('base64url')
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** Where the provider sends people back to. */
function callbackPath(name: string): string {
  return `/sign-in/${name}/callback`
}
