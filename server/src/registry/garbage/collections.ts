import { runDeferred } from '../../platform/process/authorized-work.ts'
import type { Processes } from '../../platform/jobs/processes.ts'
import type { Log } from '../../platform/log/log.ts'
import { outageOf } from '../../platform/process/outage.ts'
import { readReport, writeReport } from '../reports/report-store.ts'
import { RunReports } from '../reports/run-reports.ts'
import { collectUnreachable } from './collect-garbage.ts'
import { type Collected, type Collection, type CollectionReport, nothingCollected, progressAt } from './collection.ts'
import type { GarbageContext } from './context.ts'

/**
 * Work before a collection, such as the policies of registries. The work calls `onDeleted` with the number of manifests and tags that it
 * deleted.
 */
export type Preparation = (onDeleted: (manifests: number) => void) => Promise<void>

/** The last completed collection of any process. Earlier versions stored only the time of completion. */
export type CompletedCollection = {
  readonly completedAtMs: number
  readonly startedAtMs?: number
  readonly counts?: Collected
}

type CollectionsOptions = {
  readonly processes: Processes
  readonly log: Log
  /** Deletes rows that nothing needs. */
  readonly pruneRows: () => Promise<void>
}

/** A collection of this process. `begun` resolves when the collection is recorded as running, or when another process runs a collection. */
type Current = {
  readonly report: CollectionReport
  readonly begun: Promise<unknown>
  readonly ended: Promise<Collected>
}

/** How often the progress is recorded. */
const recordedEveryMs = 1000

const lastCompleted = 'collection'

/**
 * The garbage collections of a running server. Only one garbage collection runs at a time, in any of the processes
 * that share the database.
 */
export class Collections {
  readonly #context: GarbageContext
  readonly #options: CollectionsOptions
  readonly #reports: RunReports<CollectionReport>
  readonly #stopping = new AbortController()
  /** The field is set before the first `await`, so that only one collection runs at a time. */
  #current: Current | undefined
  #filesComparedAtMs = -Infinity
  /** The results since the start of the process. */
  readonly figures = { runs: 0, blobs: 0, uploads: 0 }

  constructor(context: GarbageContext, options: CollectionsOptions) {
    this.#context = context
    this.#options = options
    this.#reports = new RunReports({ ...context, ...options, name: 'running-collection' })
  }

  /** Collects garbage. Concurrent calls share one run. If another process runs a collection, this call does nothing. */
  collect(prepare?: Preparation): Promise<Collected> {
    if (this.#stopping.signal.aborted) return Promise.resolve(nothingCollected())
    this.#current ??= this.#launch(prepare)
    return this.#current.ended
  }

  /** Starts a collection, unless a collection is running in any process. Returns when the collection is recorded as running. */
  async start(prepare: Preparation): Promise<void> {
    // Clients see the end of the last collection a moment before this process sees it.
    if (this.#current !== undefined && this.#current.report.state !== 'running') {
      await this.#current.ended.catch(() => undefined)
    }
    if (this.#stopping.signal.aborted) return
    if (this.#current === undefined) {
      this.#current = this.#launch(prepare)
      this.#current.ended.catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'garbage collection failed'),
      )
    }
    await this.#current.begun
  }

  /** The collection that began last and the collection that was completed last, in any process. */
  async status(): Promise<{
    readonly last: CollectionReport | undefined
    readonly completed: CompletedCollection | undefined
  }> {
    const row = await readReport(this.#context.database, lastCompleted)
    const completed = row === undefined ? undefined : (JSON.parse(row.report) as CompletedCollection)
    return { last: await this.#reports.read(), completed }
  }

  /** Stops a running collection, and waits for its end. The next collection begins after the server starts again. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the server is stopping'))
    await this.#current?.ended.catch(() => undefined)
  }

  #launch(prepare: Preparation | undefined): Current {
    const report: CollectionReport = {
      state: 'running',
      startedAtMs: this.#context.clock.now(),
      completedAtMs: undefined,
      step: 'policies',
      progress: 0,
      counts: nothingCollected(),
    }
    // A caller may choose when garbage is collected, but not what is collected.
    return runDeferred(() => this.#launched(report, prepare))
  }

  #launched(report: CollectionReport, prepare: Preparation | undefined): Current {
    const begun = this.#begin(report)
    const ended = begun
      .then((hasBegun) => (hasBegun ? this.#run(report, prepare) : nothingCollected()))
      .finally(() => {
        this.#current = undefined
      })
    return { report, begun, ended }
  }

  /** Begins a collection of this process. False if another collection is running. */
  async #begin(report: CollectionReport): Promise<boolean> {
    return this.#reports.begin(report).catch((error: unknown) => {
      // The collection must also run on a full disk, because it frees the disk.
      if (outageOf(error)?.kind === 'disk-full') return true
      throw error
    })
  }

  async #run(report: CollectionReport, prepare: Preparation | undefined): Promise<Collected> {
    const { counts } = report
    try {
      await this.#carryOut({ counts, reached: this.#recorder(report) }, prepare)
      report.completedAtMs = this.#context.clock.now()
      await this.#recordCompleted(report)
      report.state = 'completed'
      report.progress = 1
      this.figures.runs += 1
      this.figures.blobs += counts.blobs
      this.figures.uploads += counts.uploads
      return counts
    } catch (error) {
      const { aborted } = this.#stopping.signal
      report.state = aborted ? 'stopped' : 'failed'
      report.completedAtMs = this.#context.clock.now()
      if (!aborted) throw error
      return counts
    } finally {
      await this.#reports.record(report).catch(() => undefined)
      this.#reports.end()
    }
  }

  async #carryOut(collection: Collection, prepare: Preparation | undefined): Promise<void> {
    const { clock, settings } = this.#context
    const { counts, reached } = collection
    await reached('policies')
    // If the disk is full, deleting rows can fail. The collection must still free space.
    const prepared = await settle(async () => prepare?.((manifests) => (counts.manifests += manifests)))
    await reached('rows')
    const pruned = await settle(this.#options.pruneRows)
    const nowMs = clock.now()
    const sinceMs = nowMs - this.#filesComparedAtMs
    // The time is negative if the clock was corrected.
    const comparesFiles = sinceMs < 0 || sinceMs >= settings.fileScanIntervalMs
    await collectUnreachable(this.#context, collection, { comparesFiles })
    if (comparesFiles) this.#filesComparedAtMs = nowMs
    for (const { error } of [prepared, pruned]) if (error !== undefined) throw error
  }

  /** Records the progress. If the report cannot be written, such as on a full disk, the collection continues. */
  #recorder(report: CollectionReport): Collection['reached'] {
    let recordedAtMs = performance.now()
    return async (step, part = 0) => {
      this.#stopping.signal.throwIfAborted()
      report.step = step
      report.progress = progressAt(step, part)
      if (performance.now() - recordedAtMs < recordedEveryMs) return
      await this.#reports.record(report).catch(() => undefined)
      recordedAtMs = performance.now()
    }
  }

  async #recordCompleted({ startedAtMs, counts }: CollectionReport): Promise<void> {
    const { clock, database } = this.#context
    const report = JSON.stringify({ completedAtMs: clock.now(), startedAtMs, counts } satisfies CompletedCollection)
    const process = this.#options.processes.id()
    await database.transaction((transaction) => writeReport(transaction, { name: lastCompleted, process, report }))
  }
}

async function settle(work: () => Promise<unknown>): Promise<{ readonly error?: unknown }> {
  try {
    await work()
    return {}
  } catch (error) {
    return { error }
  }
}
