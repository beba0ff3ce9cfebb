import type { X509Certificate } from 'node:crypto'
import type { SecureContext } from 'node:tls'
import { exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import type { Sealer } from '../keys/sealing.ts'
import type { Log } from '../log/log.ts'
import { type Clock, isWaiting } from '../process/clock.ts'
import type { Database } from '../sql/database.ts'
import { certificateCovers } from '../tls/certificate-hosts.ts'
import { issueCertificateRequest } from '../tls/issue.ts'
import { type UsablePair, requireUsablePair } from '../tls/key-pair.ts'
import { type NamedPair, NamedPairs } from '../tls/named-pairs.ts'
import { type AcmeClient, type AcmeClientOptions, type ChallengeKind, createAcmeClient } from './acme-client.ts'
import { AcmeError } from './acme-error.ts'
import { type AcmeStore, createAcmeStore } from './acme-store.ts'
import { type Challenges, createChallenges } from './challenges.ts'
import { type Failures, failedAgain, isDue, isNearEnd } from './schedule.ts'
import type { AccountKey, Signer } from './signed-requests.ts'

/** Error messages of providers can be long. */
const maxReasonLength = 1000

export type AcmeOptions = Omit<AcmeClientOptions, 'challenge' | 'publish'> & {
  readonly challenge: ChallengeKind
  readonly database: Database
  readonly sealer: Sealer
  readonly clock: Clock
  readonly log: Log
}

/** The hosts that need a certificate, counted by the state of the certificate. */
export type AcmeState = {
  /** Hosts without a certificate. */
  readonly missing: number
  /** Hosts whose certificate expires soon because the renewal failed repeatedly. */
  readonly nearEnd: number
}

/** The state of a host that needs a certificate. */
export type AcmeHost = {
  readonly host: string
  /** Undefined if the host has no certificate yet. */
  readonly leaf: X509Certificate | undefined
  /** The last failure. Undefined if the last attempt succeeded. */
  readonly failure:
    | {
        readonly failedAtMs: number
        /** The number of consecutive failures. */
        readonly count: number
        readonly reason: string
        readonly retryAtMs: number
      }
    | undefined
}

/** The certificates of all hosts and challenges, for threads that accept connections. */
export type SharedCertificates = {
  readonly certificates: readonly NamedPair[]
  readonly challenges: readonly NamedPair[]
}

/**
 * The certificates that an ACME provider issues to this server. Each host has its own certificate, so that a failure
 * for one host does not affect other hosts.
 */
export interface AcmeCertificates {
  /** The certificate for a host, for TLS. Undefined if the host has no certificate or the certificate has expired. */
  readonly contextOf: (host: string) => SecureContext | undefined
  /** The challenges that the provider may check now. */
  readonly challenges: Pick<Challenges, 'contextOf' | 'responseTo' | 'load'>
  /** Loads the certificates that another process ordered for these hosts. */
  load(hosts: readonly string[]): Promise<void>
  /** The certificates, for other threads. */
  shared(): SharedCertificates
  /**
   * Sets a function that runs after each change. The provider does not check a challenge before the promise of this
   * function is settled.
   */
  onChange(callback: () => Promise<void>): void
  /**
   * Orders the certificates that are missing or due for renewal, one after the other. Logs a failure and repeats the
   * order later. Deletes the certificates of other hosts.
   */
  renewDue(hosts: readonly string[]): Promise<void>
  /** The state of the hosts of the last `load` or `renewDue`. */
  state(): AcmeState
  /** The hosts of the last `load` or `renewDue`, with the failures of all processes. */
  hosts(): Promise<AcmeHost[]>
  /** When the first certificate expires, in milliseconds since the epoch. Undefined if there are no certificates. */
  expiresAtMs(): number | undefined
  /** Cancels a running order. */
  stop(): void
}

/** Opens the stored certificates, without a request to the provider. */
export async function openAcmeCertificates(options: AcmeOptions): Promise<AcmeCertificates> {
  const certificates = new StoredCertificates(options)
  await certificates.loadAll()
  return certificates
}

class StoredCertificates implements AcmeCertificates {
  readonly challenges: Challenges
  readonly #options: AcmeOptions
  readonly #store: AcmeStore
  readonly #held = new Map<string, UsablePair>()
  readonly #pairs: NamedPairs
  #changed = (): Promise<void> => Promise.resolve()
  readonly #client: AcmeClient
  readonly #failures = new Map<string, Failures>()
  readonly #stopped = new AbortController()
  #wanted: readonly string[] = []

  constructor(options: AcmeOptions) {
    const { challenge: kind, clock, database } = options
    this.#options = options
    this.#store = createAcmeStore(database)
    this.#pairs = new NamedPairs(clock)
    this.challenges = createChallenges({
      kind,
      store: this.#store,
      clock,
      databaseKind: database.kind,
      changed: () => this.#changed(),
    })
    this.#client = createAcmeClient({ ...options, publish: this.challenges.publish })
  }

  readonly contextOf = (host: string): SecureContext | undefined => this.#pairs.contextOf(host)

  shared(): SharedCertificates {
    return { certificates: this.#pairs.list(), challenges: this.challenges.list() }
  }

  onChange(callback: () => Promise<void>): void {
    this.#changed = callback
  }

  /** Opens the stored certificates that are not open yet, and closes the certificates that are no longer stored. */
  async loadAll(): Promise<void> {
    const { directory, sealer } = this.#options
    const rows = await this.#store.listCertificates(directory)
    let hasChanged = false
    for (const { host, chain, sealed_key: sealedKey } of rows) {
      if (this.#held.get(host)?.cert === chain) continue
      const key = sealer.open(sealedKey, certificateContext(host)).toString()
      this.#hold(host, usablePair({ cert: chain, key }, host))
      hasChanged = true
    }
    for (const host of this.#held.keys()) {
      if (rows.some((row) => row.host === host)) continue
      this.#drop(host)
      hasChanged = true
    }
    if (hasChanged) await this.#changed()
  }

  async load(hosts: readonly string[]): Promise<void> {
    this.#wanted = hosts
    if (this.#options.database.kind === 'postgres') await this.loadAll()
  }

  async renewDue(hosts: readonly string[]): Promise<void> {
    await this.load(hosts)
    for (const host of [...this.#held.keys()].filter((each) => !hosts.includes(each))) {
      await this.#store.removeCertificate(host)
      await this.#store.removeFailure(host)
      this.#drop(host)
      await this.#changed()
    }
    for (const host of hosts) {
      if (this.#stopped.signal.aborted) return
      if (this.#isToOrder(host)) await this.#attempt(host)
    }
  }

  state(): AcmeState {
    const nowMs = this.#options.clock.now()
    const found = this.#wanted.map((host) => this.#held.get(host))
    return {
      missing: found.filter((held) => held === undefined).length,
      nearEnd: found.filter((held) => held !== undefined && isNearEnd(held.leaf, nowMs)).length,
    }
  }

  async hosts(): Promise<AcmeHost[]> {
    const failures = new Map((await this.#store.listFailures()).map((row) => [row.host, row]))
    return this.#wanted.map((host) => {
      const row = failures.get(host)
      const failure = row && {
        failedAtMs: row.failed_at_ms,
        count: row.failures,
        reason: row.reason,
        retryAtMs: row.retry_at_ms,
      }
      return { host, leaf: this.#held.get(host)?.leaf, failure }
    })
  }

  expiresAtMs(): number | undefined {
    const ends = [...this.#held.values()].map(endOf)
    return ends.length === 0 ? undefined : Math.min(...ends)
  }

  stop(): void {
    this.#stopped.abort(new AcmeError('the server is shutting down'))
  }

  #hold(host: string, pair: UsablePair): void {
    this.#held.set(host, pair)
    this.#pairs.set(namedPair(host, pair))
  }

  #drop(host: string): void {
    this.#held.delete(host)
    this.#pairs.delete(host)
  }

  #isToOrder(host: string): boolean {
    const nowMs = this.#options.clock.now()
    const failures = this.#failures.get(host)
    if (failures !== undefined && isWaiting(failures.retryAtMs, nowMs, failures.delayMs)) return false
    const held = this.#held.get(host)
    return held === undefined || isDue(held.leaf, nowMs)
  }

  async #attempt(host: string): Promise<void> {
    const { log, clock } = this.#options
    try {
      const { leaf } = await this.#order(host)
      await this.#forgetFailure(host)
      log.info({ host, issuer: leaf.issuer, validToDate: leaf.validToDate }, 'certificate issued by the ACME provider')
    } catch (error) {
      if (this.#stopped.signal.aborted) return
      const retryAfterMs = error instanceof AcmeError ? error.retryAfterMs : 0
      const failures = failedAgain(this.#failures.get(host), clock.now(), retryAfterMs)
      this.#failures.set(host, failures)
      await this.#noteFailure(host, failures, reasonOf(error))
      const retryAt = new Date(failures.retryAtMs).toISOString()
      log.warn(
        { err: error, host, reason: reasonOf(error), failures: failures.count, retryAt },
        'the ACME provider issued no certificate',
      )
    }
  }

  /**
   * Stores a failure to order a certificate, so that owners can read the reason. If the failure cannot be stored, only
   * the log contains the reason.
   */
  async #noteFailure(host: string, { count, retryAtMs }: Failures, reason: string): Promise<void> {
    const row = { host, failed_at_ms: this.#options.clock.now(), failures: count, retry_at_ms: retryAtMs }
    await this.#store.putFailure({ ...row, reason: reason.slice(0, maxReasonLength) }).catch(() => undefined)
  }

  async #forgetFailure(host: string): Promise<void> {
    this.#failures.delete(host)
    await this.#store.removeFailure(host).catch(() => undefined)
  }

  async #order(host: string): Promise<UsablePair> {
    const { clock, sealer, directory } = this.#options
    const { signal } = this.#stopped
    const signer = await this.#signer(signal)
    const { request, key } = await issueCertificateRequest(host)
    const chain = await this.#client.order(signer, host, request, signal).catch(async (error: unknown) => {
      // The provider has deleted the account. The next attempt registers the key again.
      if (error instanceof AcmeError && error.type === 'accountDoesNotExist') {
        await this.#store.updateAccountUrl(directory, null)
      }
      throw error
    })
    const pair = usablePair({ cert: chain, key }, host)
    if (!certificateCovers(pair.leaf, host) || endOf(pair) <= clock.now()) {
      throw new AcmeError(`the provider issued a certificate that is not valid for ${host}`)
    }
    const sealedKey = sealer.seal(pair.key, certificateContext(host))
    await this.#store.putCertificate({ host, directory, chain: pair.cert, sealed_key: sealedKey })
    this.#hold(host, pair)
    await this.#changed()
    return pair
  }

  /** The account at the provider. The server registers the account when an order needs it for the first time. */
  async #signer(signal: AbortSignal): Promise<Signer> {
    const { directory, sealer, log } = this.#options
    const row = await this.#store.findAccount(directory)
    const jwk =
      row === undefined
        ? await this.#createAccountKey()
        : (JSON.parse(sealer.open(row.sealed_private_jwk, accountContext(directory)).toString()) as JWK)
    const key = await openAccountKey(jwk)
    if (row?.url !== undefined && row.url !== null) return { key, accountUrl: row.url }
    const accountUrl = await this.#client.register(key, signal)
    await this.#store.updateAccountUrl(directory, accountUrl)
    log.info({ accountUrl }, 'registered an account at the ACME provider')
    return { key, accountUrl }
  }

  /**
   * Creates the key of the account. The key is stored before the provider receives the key, so that the account is
   * never lost.
   */
  async #createAccountKey(): Promise<JWK> {
    const { directory, sealer } = this.#options
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(privateKey)
    const sealed = sealer.seal(JSON.stringify(jwk), accountContext(directory))
    await this.#store.insertAccount({ directory, sealed_private_jwk: sealed, url: null })
    return jwk
  }
}

async function openAccountKey(jwk: JWK): Promise<AccountKey> {
  const privateKey = await importJWK(jwk, 'ES256')
  if (privateKey instanceof Uint8Array) throw new Error('the key of the account is symmetric')
  const { kty, crv, x, y } = jwk
  return { privateKey, publicJwk: { kty, crv, x, y } as JWK }
}

function usablePair(texts: { readonly cert: string; readonly key: string }, host: string): UsablePair {
  return requireUsablePair(texts, `the certificate for ${host}`, `the key for ${host}`)
}

function namedPair(host: string, pair: UsablePair): NamedPair {
  return { host, cert: pair.cert, key: pair.key, expiresAtMs: endOf(pair) }
}

function endOf({ leaf }: UsablePair): number {
  return leaf.validToDate.getTime()
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

function certificateContext(host: string): string {
  return `acme-certificate/${host}`
}

function accountContext(directory: string): string {
  return `acme-account/${directory}`
}
