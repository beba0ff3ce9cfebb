import { randomUUID } from 'node:crypto'
import type { AuditEvent } from '../../audit/index.ts'
import type { Outbound } from '../../platform/outbound/outbound.ts'
import { outageOf } from '../../platform/process/outage.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Reference, Tag } from '../../standards/oci/reference.ts'
import type { RepositoryName } from '../../standards/oci/repository-name.ts'
import { BrokenSourceError } from '../../storage/index.ts'
import type { BlobParts } from '../blobs/blob-parts.ts'
import { OciError } from '../surface/errors.ts'
import { type Import, importCallerKey, importImage } from './import-image.ts'
import { ImportError, type ImportFrom, type ImportSource } from './import-source.ts'
import {
  findImport,
  forgetImports,
  type ImportChange,
  insertImport,
  listSilentImports,
  updateImport,
} from './import-store.ts'
import { ImportTurns } from './import-turns.ts'
import { openLocalSource } from './local-source.ts'
import type { Parts } from '../parts.ts'
import { tagExists } from '../manifests/put-manifest.ts'
import { openRemoteSource } from './remote-source.ts'
import type { RepositoryTarget } from '../repositories/repositories.ts'
import { existingTags } from '../repositories/tag-store.ts'
import { noSpace } from '../uploads/staging.ts'
import { expireUploadsOf } from '../uploads/upload-store.ts'

/** What is to be imported, and who may ask how it goes. Whoever starts it has been found to have the rights, at both ends. */
export type ImportRequest = {
  readonly from: ImportFrom
  readonly reference: Reference
  readonly into: Omit<RepositoryTarget, 'path'>
  readonly targets: ReadonlyMap<RepositoryName, readonly Tag[]>
  /** Whether tags that are there may be moved. */
  readonly force: boolean
  readonly asker: string
}

/** How an import goes. */
export type ImportStatus =
  | { readonly state: 'running' | 'succeeded' }
  | { readonly state: 'failed'; readonly reason: string; readonly message: string }

/** That of one that the end of a server cut off. */
const cutOff = {
  state: 'failed',
  reason: 'stopped',
  message: 'the server was stopped before the import had ended; import again',
} as const

/** Images that are brought from other registries, or other repositories, one after the other and some at a time. */
export interface Imports {
  /** Begins, and returns the name under which it can be asked how it goes. @throws ImportError for what is wrong already */
  start(request: ImportRequest): Promise<string>
  find(id: string, asker: string): Promise<ImportStatus | undefined>
}

export type ImportSettings = {
  readonly maxConcurrent: number
  /** Which host besides its own may have the credentials for a registry, by the registry's host. */
  readonly tokenServices: ReadonlyMap<string, string>
}

const hourMs = 60 * 60 * 1000
/** How long an import may take, and how long it is told afterwards how it went. */
const longestImportMs = 6 * hourMs
const rememberedMs = 7 * 24 * hourMs
/** How often an import shows that its process is there, and after what silence that is taken to be gone. */
const touchMs = 10_000
const silentMs = 60_000
/** Opens the imports of a registry room. */
export class RunningImports implements Imports {
  #parts: Parts
  #blobParts: BlobParts
  #outbound: Outbound
  #settings: ImportSettings
  #running = new Map<string, Promise<void>>()
  /** One that is about to be told as ended counts no more. */
  #turns: ImportTurns
  #stopping = new AbortController()

  constructor(parts: Parts, blobParts: BlobParts, outbound: Outbound, settings: ImportSettings) {
    this.#parts = parts
    this.#blobParts = blobParts
    this.#outbound = outbound
    this.#settings = settings
    this.#turns = new ImportTurns(settings.maxConcurrent)
  }

  async start(request: ImportRequest): Promise<string> {
    if (!this.#parts.space.hasRoomFor(0)) throw noSpace()
    const { key } = request.into.caller
    this.#turns.count(key)
    const id = randomUUID()
    const { promise, resolve } = Promise.withResolvers<void>()
    // Before its row is there: a row of a server alone that does not run here runs nowhere.
    this.#running.set(id, promise)
    const end = (): void => {
      this.#running.delete(id)
      resolve()
    }
    try {
      await this.#begin(id, request)
    } catch (error) {
      this.#turns.uncount(key)
      end()
      throw error
    }
    void this.#carryOut(id, request).finally(end)
    return id
  }

  async #begin(id: string, request: ImportRequest): Promise<void> {
    const { from, reference, into, targets, force, asker } = request
    if (!force) await this.#requireNewTags(into.registry.rid, targets)
    if (from.kind === 'here') await openLocalSource(this.#parts, from).manifest(reference)
    const { database, clock } = this.#parts
    const event = JSON.stringify(eventOf(request))
    const row = { id, asker, state: 'running', reason: null, message: null, touched_at_ms: clock.now(), event } as const
    await database.transaction((transaction) => insertImport(transaction, row))
  }

  async find(id: string, asker: string): Promise<ImportStatus | undefined> {
    const runsHere = this.#running.has(id)
    const row = await findImport(this.#parts.database, id, asker)
    if (row === undefined) return undefined
    if (row.state === 'failed') return { state: 'failed', reason: row.reason ?? 'source', message: row.message ?? '' }
    if (row.state === 'succeeded' || runsHere) return { state: row.state }
    return row.touched_at_ms <= this.#goneSinceMs() ? cutOff : { state: 'running' }
  }

  /** Ends those of servers that are gone, with what they had staged. */
  async endLost(): Promise<void> {
    const { database, clock, audit } = this.#parts
    const silent = await listSilentImports(database, this.#goneSinceMs())
    for (const { id, event } of silent.filter((each) => !this.#running.has(each.id))) {
      const nowMs = clock.now()
      await database.transaction(async (transaction) => {
        const ended = await updateImport(transaction, id, { ...cutOff, touched_at_ms: nowMs })
        await expireUploadsOf(transaction, importCallerKey(id), nowMs)
        // One that was begun by a version that kept no event has none.
        if (!ended || event === null) return
        await audit.record(transaction, failedEvent(JSON.parse(event) as ImportEvent, cutOff))
      })
    }
  }

  /** Forgets how those went that ended long ago. */
  async forget(): Promise<void> {
    const { database, clock } = this.#parts
    await database.transaction((transaction) => forgetImports(transaction, clock.now() - rememberedMs))
  }

  /** Nobody else writes to a SQLite database, so that what does not run here runs nowhere. */
  #goneSinceMs(): number {
    const { database, clock } = this.#parts
    return database.kind === 'sqlite' ? Number.MAX_SAFE_INTEGER : clock.now() - silentMs
  }

  /** Ends what runs, and has it told as failed. */
  async close(): Promise<void> {
    this.#stopping.abort()
    await Promise.allSettled(this.#running.values())
  }

  async #requireNewTags(rid: string, targets: ImportRequest['targets']): Promise<void> {
    for (const [repository, tags] of targets) {
      const [present] = await existingTags(this.#parts.database, rid, repository, tags)
      if (present !== undefined) throw new ImportError('conflict', tagExists(present).message)
    }
  }

  /** Never throws: how it went is what is asked for afterwards. */
  async #carryOut(id: string, request: ImportRequest): Promise<void> {
    const { database, clock, audit, log } = this.#parts
    const inTransaction = (work: (transaction: Transaction) => Promise<unknown>) =>
      database
        .transaction(work)
        .catch((error: unknown) =>
          log.error({ err: error, id: request.into.origin.correlationId }, 'an import is lost'),
        )
    const touch = () => inTransaction((transaction) => updateImport(transaction, id, { touched_at_ms: clock.now() }))
    const end = (change: ImportChange, event: AuditEvent) =>
      inTransaction(async (transaction) => {
        const ended = await updateImport(transaction, id, { ...change, touched_at_ms: clock.now() })
        // What was brought is told even where another server took the import to be lost.
        if (ended || event.outcome === 'success') await audit.record(transaction, event)
      })
    const event = eventOf(request)
    const touching = setInterval(() => void touch(), touchMs)
    touching.unref()
    const imported = await this.#turns
      .run(request.into.caller.key, () => this.#import(id, request))
      .then(
        (digest) => ({ digest }),
        (error: unknown) => this.#explain(error, request),
      )
    clearInterval(touching)
    // Whoever reads that it has ended may begin another at once.
    this.#turns.uncount(request.into.caller.key)
    if ('digest' in imported) {
      const { digest } = imported
      await end({ state: 'succeeded' }, { ...event, outcome: 'success', detail: { ...event.detail, digest } })
    } else {
      const { reason, message } = imported
      await end({ state: 'failed', reason, message }, failedEvent(event, { reason, message }))
    }
  }

  #import(id: string, { from, reference, into, targets, force }: ImportRequest): Promise<string> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(longestImportMs)])
    const source: ImportSource =
      from.kind === 'here'
        ? openLocalSource(this.#parts, from)
        : openRemoteSource({ outbound: this.#outbound, signal, tokenServices: this.#settings.tokenServices }, from)
    const expiresAtMs = this.#parts.clock.now() + longestImportMs + this.#blobParts.settings.uploadLifetimeMs
    const what: Import = { id, source, reference, into, targets, force, signal, expiresAtMs }
    return importImage(this.#parts, this.#blobParts, what)
  }

  /** What is told of a failure. What is nobody's fault but ours is logged, and nothing is told of its cause. */
  #explain(error: unknown, { into }: ImportRequest): { readonly reason: string; readonly message: string } {
    if (this.#stopping.signal.aborted) return cutOff
    if (error instanceof ImportError) return { reason: error.reason, message: error.message }
    if (error instanceof OciError && error.status < 500) {
      const reason = error.code === 'CONFLICT' ? 'conflict' : error.code === 'DIGEST_INVALID' ? 'source' : 'target'
      return { reason, message: error.message }
    }
    if (outageOf(error)?.kind === 'disk-full') {
      return { reason: 'target', message: 'the server has run out of disk space' }
    }
    if (error instanceof BrokenSourceError) return { reason: 'source', message: 'the source broke off' }
    if (error instanceof Error && error.name === 'TimeoutError') {
      return { reason: 'limit', message: 'the import took too long' }
    }
    this.#parts.log.error({ err: error, id: into.origin.correlationId }, 'an import failed')
    return { reason: 'target', message: 'the server could not complete the import' }
  }
}

/** The event of an import, but for how it ended. */
type ImportEvent = Omit<AuditEvent, 'outcome' | 'reason'>

function eventOf({ from, into, targets }: ImportRequest): ImportEvent {
  const { actor, credential } = into.caller
  const source = from.kind === 'here' ? from.rid : from.host
  const detail = { source, repository: from.repository, into: [...targets.keys()].slice(0, 20) }
  return { action: 'image.import', actor, credential, target: into.registry.loginServer, detail, origin: into.origin }
}

function failedEvent(event: ImportEvent, { reason, message }: { reason: string; message: string }): AuditEvent {
  return { ...event, outcome: 'refused', reason, detail: { ...event.detail, message } }
}
