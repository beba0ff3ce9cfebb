import { randomUUID } from 'node:crypto'
import type { Audit, AuditEvent } from '../audit/index.ts'
import { onlyProcess, type Processes } from '../platform/jobs/processes.ts'
import type { Log } from '../platform/log/log.ts'
import { createOutbound, type Outbound } from '../platform/outbound/outbound.ts'
import type { Clock } from '../platform/process/clock.ts'
import { outageOf } from '../platform/process/outage.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import { OciError, type RegistryContent } from '../registry/index.ts'
import { BrokenSourceError } from '../storage/index.ts'
import { type Import, importCallerKey, importImage } from './import-image.ts'
import type { ImportSource } from './import-source.ts'
import {
  deleteImports,
  findImport,
  type ImportChange,
  insertImport,
  listRunningImports,
  updateImport,
} from './import-store.ts'
import { ImportTurns } from './import-turns.ts'
import { openLocalSource } from './local-source.ts'
import { ImportError, type ImportRequest, type ImportStatus } from './model.ts'
import { openRemoteSource } from './remote-source.ts'

/** Image imports from other registries and from repositories of this server. */
export interface Imports {
  /** Starts an import and returns its id. @throws ImportError if it cannot succeed */
  start(request: ImportRequest): Promise<string>
  /** The status of an import, for its requester only. */
  find(id: string, requester: string): Promise<ImportStatus | undefined>
  /** Marks the imports of stopped processes as failed, with an audit event, and expires the bytes that they staged. */
  endOrphaned(): Promise<void>
  /** Deletes the status of imports that ended long ago. */
  purge(): Promise<void>
  /** Stops running imports, and marks them as failed. */
  close(): Promise<void>
}

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

/** The status of an import whose process has stopped. */
const stopped = {
  state: 'failed',
  reason: 'stopped',
  message: 'the server was stopped before the import had ended; import again',
} as const

const hourMs = 60 * 60 * 1000
/** How long an import may take, and how long its status is kept. */
const maxImportMs = 6 * hourMs
const statusLifetimeMs = 7 * 24 * hourMs

class RunningImports implements Imports {
  #options: ImportsOptions
  #outbound: Outbound
  #processes: Processes
  #running = new Map<string, Promise<void>>()
  #turns: ImportTurns
  #stopping = new AbortController()

  constructor(options: ImportsOptions) {
    const { outbound, maxConcurrent = 4 } = options
    this.#options = options
    this.#processes = options.processes ?? onlyProcess()
    this.#outbound = outbound ?? createOutbound({ allowPrivateAddresses: false, allowedNetworks: [] })
    this.#turns = new ImportTurns(maxConcurrent)
  }

  async start(request: ImportRequest): Promise<string> {
    this.#options.content.requireSpace()
    const { key } = request.into.caller
    this.#turns.count(key)
    const id = randomUUID()
    const { promise, resolve } = Promise.withResolvers<void>()
    // This must run before the row is written: a row without a running import looks like the row of a stopped process.
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
    const { from, reference, into, targets, force, requester } = request
    const { database, clock, content } = this.#options
    if (!force) await this.#requireNewTags(into.registry.rid, targets)
    if (from.kind === 'local') await openLocalSource(content, from).manifest(reference)
    const event = JSON.stringify(eventOf(request))
    const row = {
      id,
      asker: requester,
      state: 'running',
      reason: null,
      message: null,
      touched_at_ms: clock.now(),
      process: this.#processes.id(),
      event,
    } as const
    await database.transaction((transaction) => insertImport(transaction, row))
  }

  async find(id: string, requester: string): Promise<ImportStatus | undefined> {
    const { database } = this.#options
    const runsHere = this.#running.has(id)
    const row = await findImport(database, id, requester)
    if (row === undefined) return undefined
    if (row.state === 'failed') return { state: 'failed', reason: row.reason ?? 'source', message: row.message ?? '' }
    if (row.state === 'succeeded' || runsHere) return { state: row.state }
    return (await this.#processes.isRunning(database, row.process ?? '')) ? { state: 'running' } : stopped
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
    await Promise.allSettled(this.#running.values())
  }

  async #requireNewTags(rid: string, targets: ImportRequest['targets']): Promise<void> {
    for (const [repository, tags] of targets) {
      await this.#options.content.requireNewTags({ rid, repository }, tags).catch((error: unknown) => {
        throw error instanceof OciError ? new ImportError('conflict', error.message) : error
      })
    }
  }

  /** Never throws: the result is in the status. */
  async #carryOut(id: string, request: ImportRequest): Promise<void> {
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
      .run(request.into.caller.key, () => this.#import(id, request))
      .then(
        (digest) => ({ digest }),
        (error: unknown) => this.#explain(error, request),
      )
    // Before the status changes: a caller that reads that it has ended may start another at once.
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
    const { content, clock, tokenServices = new Map() } = this.#options
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(maxImportMs)])
    const source: ImportSource =
      from.kind === 'local'
        ? openLocalSource(content, from)
        : openRemoteSource({ outbound: this.#outbound, signal, tokenServices }, from)
    const expiresAtMs = clock.now() + maxImportMs + content.limits.uploadLifetimeMs
    const what: Import = { id, source, reference, into, targets, force, signal, expiresAtMs }
    return importImage(content, what)
  }

  /** The reason and message of the status. An internal error is logged, and its cause is not revealed. */
  #explain(error: unknown, { into }: ImportRequest): { readonly reason: string; readonly message: string } {
    if (this.#stopping.signal.aborted) return stopped
    if (error instanceof ImportError) return { reason: error.reason, message: error.message }
    if (error instanceof OciError && error.status < 500) {
      const reason = error.code === 'CONFLICT' ? 'conflict' : error.code === 'DIGEST_INVALID' ? 'source' : 'target'
      return { reason, message: error.message }
    }
    if (outageOf(error)?.kind === 'disk-full') {
      return { reason: 'target', message: 'the server has run out of disk space' }
    }
    if (error instanceof BrokenSourceError)
      return { reason: 'source', message: 'the connection to the source was lost' }
    if (error instanceof Error && error.name === 'TimeoutError') {
      return { reason: 'limit', message: 'the import took too long' }
    }
    this.#options.log.error({ err: error, id: into.origin.correlationId }, 'an import failed')
    return { reason: 'target', message: 'the server could not complete the import' }
  }
}

/** The audit event of an import, without its outcome. */
type ImportEvent = Omit<AuditEvent, 'outcome' | 'reason'>

function eventOf({ from, into, targets }: ImportRequest): ImportEvent {
  const { actor, credential } = into.caller
  const source = from.kind === 'local' ? from.rid : from.host
  const detail = { source, repository: from.repository, into: [...targets.keys()].slice(0, 20) }
  return { action: 'image.import', actor, credential, target: into.registry.loginServer, detail, origin: into.origin }
}

function failedEvent(event: ImportEvent, { reason, message }: { reason: string; message: string }): AuditEvent {
  return { ...event, outcome: 'refused', reason, detail: { ...event.detail, message } }
}
