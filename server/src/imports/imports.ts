import { AuthorizedWork, runAuthorized, runDeferred } from '../platform/process/authorized-work.ts'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Audit, AuditEvent } from '../audit/index.ts'
import { onlyProcess, type Processes } from '../platform/jobs/processes.ts'
import type { Log } from '../platform/log/log.ts'
import { createOutbound, type Outbound } from '../platform/outbound/outbound.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import { OciError, type RegistryContent } from '../registry/index.ts'
import { type Import, importCallerKey, importImage } from './import-image.ts'
import { type ImportEvent, eventOf, failedEvent, imageOf } from './import-event.ts'
import { type ImportFailure, explainFailure, stopped } from './import-failure.ts'
import type { ImportSource } from './import-source.ts'
import {
  cancelImport,
  deleteImports,
  findImport,
  type ImportChange,
  insertImport,
  listCancelled,
  listImports,
  listRunningImports,
  updateImport,
} from './import-store.ts'
import { type ImportOwner, ImportTurns } from './import-turns.ts'
import { openLocalSource, pinLocalSource } from './local-source.ts'
import { ImportError, type ImportRequest, type ImportStatus, type ListedImport } from './model.ts'
import { openRemoteSource } from './remote-source.ts'
import type { ImportedImage, ImportOperationRow } from './rows.ts'

/** Image imports from other registries and from repositories of this server. */
export interface Imports {
  /** Starts an import and returns its id. @throws ImportError if it cannot succeed */
  start(request: ImportRequest): Promise<string>
  /** The status of an import, for its requester only. */
  find(id: string, requester: string): Promise<ImportStatus | undefined>
  /** The imports into a registry, of one requester or of all, the newest first. */
  list(rid: string, requester?: string): Promise<ListedImport[]>
  /**
   * Cancels an import into a registry; `record` runs in the transaction that requests it. When the result is `ended`,
   * the import makes no more changes. Another server process ends its import within seconds.
   */
  cancel(id: string, rid: string, record: (transaction: Transaction) => Promise<void>): Promise<Cancellation>
  /** Who requested an import into a registry. */
  findRequester(id: string, rid: string): Promise<string | undefined>
  /** Stops the imports of this process that are cancelled or no longer permitted. */
  recheck(): Promise<void>
  /** Marks the imports of stopped processes as failed, with an audit event, and expires the bytes that they staged. */
  endOrphaned(): Promise<void>
  /** Deletes the status of imports that ended long ago. */
  purge(): Promise<void>
  /** Stops running imports, and marks them as failed. */
  close(): Promise<void>
}

/** What became of an import that was to be cancelled; `not-running` if there is none, or it had ended before. */
export type Cancellation = 'ended' | 'cancelling' | 'not-running'

export type ImportsOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly log: Log
  readonly content: RegistryContent
  /** The processes that share the database. Default: this one alone. */
  readonly processes?: Processes
  /** Outbound requests to other registries. Default: to public addresses only. */
  readonly outbound?: Outbound
  /** How many imports run at a time. Default: 4. */
  readonly maxConcurrent?: number
  /** How long an import may take, from its request. Default: six hours. */
  readonly maxImportMs?: number
  /**
   * By the host of a registry, the host of its token service, which may receive the credentials in addition to the
   * registry's own host. Default: none.
   */
  readonly tokenServices?: ReadonlyMap<string, string>
}

/** Opens the imports of a server. */
export function createImports(options: ImportsOptions): Imports {
  return new RunningImports(options)
}

const hourMs = 60 * 60 * 1000
/** How long the status of an import is kept. */
const statusLifetimeMs = 7 * 24 * hourMs
/** How long imports continue without a new decision while the authority revision is the same: permissions can expire. */
const maxUndecidedMs = 60 * 1000
/** How long the end of a cancelled import is awaited. */
const maxCancellationMs = 5000

/** An import of this process, which waits or runs. */
type Accepted = {
  readonly id: string
  readonly request: ImportRequest
  readonly owner: ImportOwner
  /** Its reason, an ImportError, is the result of the import. */
  readonly stop: AbortController
  /** Aborted by {@link stop}, at the deadline, and at the end of the server. */
  readonly signal: AbortSignal
  readonly ended: Promise<void>
}

class RunningImports implements Imports {
  #options: ImportsOptions
  #outbound: Outbound
  #processes: Processes
  #maxImportMs: number
  #running = new Map<string, Accepted>()
  #turns: ImportTurns
  #stopping = new AbortController()
  #decided = { revision: Number.NaN, atMs: 0 }

  constructor(options: ImportsOptions) {
    const { outbound, maxConcurrent = 4, maxImportMs = 6 * hourMs } = options
    this.#options = options
    this.#processes = options.processes ?? onlyProcess()
    this.#outbound = outbound ?? createOutbound({ allowPrivateAddresses: false, allowedNetworks: [] })
    this.#turns = new ImportTurns(maxConcurrent)
    this.#maxImportMs = maxImportMs
  }

  async start(request: ImportRequest): Promise<string> {
    this.#options.content.requireSpace()
    const owner = { caller: request.into.caller.key, rid: request.into.registry.rid }
    this.#turns.count(owner)
    const id = randomUUID()
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const stop = new AbortController()
    // An import that waits uses up its time: otherwise, the imports of one queue could run for days.
    // The timer of `AbortSignal.timeout` would stay for hours after the import, and would keep the request with its body.
    const late = setTimeout(
      () => stop.abort(new DOMException('the import took too long', 'TimeoutError')),
      this.#maxImportMs,
    ).unref()
    const signal = AbortSignal.any([this.#stopping.signal, stop.signal])
    const accepted: Accepted = { id, request, owner, stop, signal, ended }
    // This must run before the row is written: a row without a running import looks like the row of a stopped process.
    this.#running.set(id, accepted)
    const end = (): void => {
      clearTimeout(late)
      this.#running.delete(id)
      resolve()
    }
    try {
      const pinned = await this.#begin(id, request)
      // The import decides about its caller itself: what it records of its end is work of the server.
      void runDeferred(() => this.#carryOut({ ...accepted, request: pinned })).finally(end)
    } catch (error) {
      this.#turns.uncount(owner)
      end()
      throw error
    }
    return id
  }

  /** Returns the request, whose source of this server is pinned: a tag that is moved later has no effect. */
  async #begin(id: string, request: ImportRequest): Promise<ImportRequest> {
    const { from, into, targets, force, requester } = request
    const { database, clock, content } = this.#options
    if (!force) await this.#requireNewTags(into.registry.rid, targets)
    const reference = from.kind === 'local' ? await pinLocalSource(content, from, request.reference) : request.reference
    const nowMs = clock.now()
    const row = {
      id,
      asker: requester,
      state: 'running',
      reason: null,
      message: null,
      touched_at_ms: nowMs,
      process: this.#processes.id(),
      event: JSON.stringify(eventOf(request)),
      rid: into.registry.rid,
      started_at_ms: nowMs,
      image: JSON.stringify(imageOf(request)),
      cancelled_at_ms: null,
    } as const
    await database.transaction((transaction) => insertImport(transaction, row))
    return { ...request, reference }
  }

  async find(id: string, requester: string): Promise<ImportStatus | undefined> {
    const row = await findImport(this.#options.database, id, { asker: requester })
    return row && this.#statusOf(row)
  }

  async list(rid: string, requester?: string): Promise<ListedImport[]> {
    const listed: ListedImport[] = []
    for (const row of await listImports(this.#options.database, rid, requester)) {
      const { id, asker, started_at_ms, touched_at_ms, cancelled_at_ms } = row
      const status = await this.#statusOf(row)
      const isRunning = status.state === 'running'
      listed.push({
        id,
        state: isRunning && cancelled_at_ms !== null ? 'cancelling' : status.state,
        requester: asker,
        image: JSON.parse(row.image ?? '{}') as ImportedImage,
        startedAtMs: started_at_ms ?? touched_at_ms,
        endedAtMs: isRunning ? undefined : touched_at_ms,
        reason: status.state === 'failed' ? status.reason : undefined,
        message: status.state === 'failed' ? status.message : undefined,
      })
    }
    return listed
  }

  async findRequester(id: string, rid: string): Promise<string | undefined> {
    return (await findImport(this.#options.database, id, { rid }))?.asker
  }

  async cancel(id: string, rid: string, record: (transaction: Transaction) => Promise<void>): Promise<Cancellation> {
    const { database, clock } = this.#options
    const isRunning = await database.transaction(async (transaction) => {
      const isRequested = await cancelImport(transaction, { id, rid, nowMs: clock.now() })
      if (isRequested) await record(transaction)
      return isRequested
    })
    if (!isRunning) return 'not-running'
    const own = this.#running.get(id)
    if (own === undefined) return 'cancelling'
    own.stop.abort(cancelled())
    await Promise.race([own.ended, sleep(maxCancellationMs, undefined, { ref: false })])
    const row = await findImport(database, id, { rid })
    if (row?.state === 'running') return 'cancelling'
    return row?.reason === 'cancelled' ? 'ended' : 'not-running'
  }

  async recheck(): Promise<void> {
    if (this.#running.size === 0) return
    const { database, clock } = this.#options
    for (const id of await listCancelled(database)) this.#running.get(id)?.stop.abort(cancelled())
    const revision = await database.authorityRevision()
    const nowMs = clock.now()
    if (revision === this.#decided.revision && Math.abs(nowMs - this.#decided.atMs) < maxUndecidedMs) return
    for (const { request, stop } of this.#running.values()) {
      const denial = await request.explainDenial()
      if (denial !== undefined) stop.abort(new ImportError('revoked', denial))
    }
    this.#decided = { revision, atMs: nowMs }
  }

  async #statusOf(row: ImportOperationRow): Promise<ImportStatus> {
    if (row.state === 'failed') return { state: 'failed', reason: row.reason ?? 'source', message: row.message ?? '' }
    if (row.state === 'succeeded' || this.#running.has(row.id)) return { state: row.state }
    const { database } = this.#options
    if (await this.#processes.isRunning(database, row.process ?? '')) return { state: 'running' }
    return stopped
  }

  async endOrphaned(): Promise<void> {
    const { database, clock, audit, content } = this.#options
    for (const { id, event, process } of await listRunningImports(database)) {
      if (this.#running.has(id) || (await this.#processes.isRunning(database, process ?? ''))) continue
      const nowMs = clock.now()
      await database.transaction(async (transaction) => {
        const ended = await updateImport(transaction, id, { ...stopped, touched_at_ms: nowMs })
        await content.expireUploads(transaction, importCallerKey(id))
        // An older version recorded no event.
        if (!ended || event === null) return
        await audit.record(transaction, failedEvent(JSON.parse(event) as ImportEvent, stopped))
      })
    }
  }

  async purge(): Promise<void> {
    const { database, clock } = this.#options
    await database.transaction((transaction) => deleteImports(transaction, clock.now() - statusLifetimeMs))
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    await Promise.allSettled([...this.#running.values()].map(({ ended }) => ended))
  }

  async #requireNewTags(rid: string, targets: ImportRequest['targets']): Promise<void> {
    for (const [repository, tags] of targets) {
      await this.#options.content.requireNewTags({ rid, repository }, tags).catch((error: unknown) => {
        throw error instanceof OciError ? new ImportError('conflict', error.message) : error
      })
    }
  }

  /** Never throws: the result is in the status. */
  async #carryOut(accepted: Accepted): Promise<void> {
    const { id, request, owner, signal } = accepted
    const { database, clock, audit, log } = this.#options
    const inTransaction = (work: (transaction: Transaction) => Promise<unknown>) =>
      database
        .transaction(work)
        .catch((error: unknown) =>
          log.error({ err: error, id: request.into.origin.correlationId }, 'failed to record the status of an import'),
        )
    const end = (change: ImportChange, event: AuditEvent) =>
      inTransaction(async (transaction) => {
        const ended = await updateImport(transaction, id, { ...change, touched_at_ms: clock.now() })
        // A success is recorded even where another process has marked the import as failed.
        if (ended || event.outcome === 'success') await audit.record(transaction, event)
      })
    const event = eventOf(request)
    const imported = await this.#turns
      .run(owner, signal, () => this.#import(accepted))
      .then(
        (digest) => ({ digest }),
        (error: unknown) => this.#explain(error, accepted),
      )
    // Before the status changes: a caller that reads that it has ended may start another at once.
    this.#turns.uncount(owner)
    if ('digest' in imported) {
      const { digest } = imported
      await end({ state: 'succeeded' }, { ...event, outcome: 'success', detail: { ...event.detail, digest } })
    } else {
      const { reason, message } = imported
      await end({ state: 'failed', reason, message }, failedEvent(event, { reason, message }))
    }
  }

  async #import({ id, request, signal }: Accepted): Promise<string> {
    const { from, explainDenial, pace, ...what } = request
    const { content, clock, database, tokenServices = new Map() } = this.#options
    const decide = async (): Promise<void> => {
      const denial = await explainDenial()
      signal.throwIfAborted()
      if (denial !== undefined) throw new ImportError('revoked', denial)
    }
    const requirePermitted = async (): Promise<void> => {
      await pace()
      await decide()
    }
    // It may have waited for hours.
    const revision = database.knownRevision() ?? (await database.authorityRevision())
    await requirePermitted()
    const source: ImportSource =
      from.kind === 'local'
        ? openLocalSource(content, from)
        : openRemoteSource({ outbound: this.#outbound, signal, tokenServices }, from)
    const expiresAtMs = clock.now() + this.#maxImportMs + content.limits.uploadLifetimeMs
    const underWay: Import = { ...what, id, source, requirePermitted, expiresAtMs }
    const work = new AuthorizedWork({ authority: database, revision, decide, isDeferred: true })
    return runAuthorized(work, () => importImage(content, underWay))
  }

  /** The reason and message of the status. An internal error is logged, and its cause is not revealed. */
  #explain(error: unknown, { request, signal }: Accepted): ImportFailure {
    if (this.#stopping.signal.aborted) return stopped
    // What ended the import is the cause, however the interrupted work reports it.
    const failure = explainFailure(signal.aborted ? signal.reason : error)
    if (failure !== undefined) return failure
    this.#options.log.error({ err: error, id: request.into.origin.correlationId }, 'an import failed')
    return { reason: 'target', message: 'the server could not complete the import' }
  }
}

function cancelled(): ImportError {
  return new ImportError('cancelled', 'the import was cancelled')
}
