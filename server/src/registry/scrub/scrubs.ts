import { runDeferred } from '../../platform/process/authorized-work.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Processes } from '../../platform/jobs/processes.ts'
import { isWaiting } from '../../platform/process/clock.ts'
import type { ScrubContext } from './context.ts'
import { type RunReport, RunReports } from '../reports/run-reports.ts'
import { scrub } from './scrub.ts'
import {
  newProgress,
  type ScrubProgress,
  type ScrubRun,
  type ScrubStep,
  scrubSteps,
  type VerifyAudit,
} from './scrub-run.ts'
import { outageOf } from '../../platform/process/outage.ts'
import { countQuarantined, readScrub, writeScrub } from './scrub-store.ts'
import type { ScrubRow } from '../rows/rows.ts'

/** The report of a requested scrub. */
export type ScrubReport = ScrubProgress & RunReport & { readonly repair: boolean }

/** How often and how fast stored content is verified in the background. */
export type ScrubSettings = {
  /** The time from the end of one scrub to the start of the next; 0 disables it. */
  readonly intervalMs: number
  readonly bytesPerSecond: number
}

/** The defaults. */
export const defaultScrubSettings: ScrubSettings = {
  intervalMs: 7 * 24 * 60 * 60 * 1000,
  bytesPerSecond: 16 * 1024 * 1024,
}

/** The rate of a requested scrub, which shares the disk with requests. */
const askedBytesPerSecond = 256 * 1024 * 1024

/** How long a scrub waits after the start of the server, when all clients reconnect. */
const startDelayMs = 5 * 60_000

/** How often the progress of a requested scrub is recorded, and when that is retried after a failure. */
const reportedEveryMs = 1000

/** How often the position of the background scrub is recorded, and when it is retried after a failure. */
const recordedEveryMs = 5000
const retryAfterMs = 60_000

/** The metrics of the background scrub, in whichever process it runs. */
export type ScrubFigures = {
  /** From 0 to 1; undefined if no scrub is running. */
  readonly progress: number | undefined
  readonly lastCompletedAtMs: number | undefined
  readonly lastFindingCount: number
  /** Whether twice the interval has passed since the last scrub was completed, and no scrub has begun. */
  readonly isOverdue: boolean
}

export type ScrubsOptions = {
  readonly settings: ScrubSettings
  readonly verifyAudit: VerifyAudit | undefined
  /** The processes that share the database. */
  readonly processes: Processes
}

/** The scrubs of a running server: a slow one in the background, and requested ones. */
export class Scrubs {
  #context: ScrubContext
  #settings: ScrubSettings
  #verifyAudit: VerifyAudit | undefined
  #stopping = new AbortController()
  #requested: RunReports<ScrubReport>
  /** The requested scrub of this process. It is set before anything is awaited, so that there is one at a time. */
  #asked: { readonly report: ScrubReport; readonly begun: Promise<unknown>; readonly ended: Promise<void> } | undefined
  #last: ScrubRow | undefined
  /** When the next background scrub is due; undefined until the row has been read. */
  #dueAtMs: number | undefined

  constructor(context: ScrubContext, { settings, verifyAudit, processes }: ScrubsOptions) {
    this.#context = context
    this.#settings = settings
    this.#verifyAudit = verifyAudit
    this.#requested = new RunReports({ ...context, processes, name: 'requested-scrub' })
  }

  /** Starts a scrub in this process, unless a requested one is running in any, and returns when it is recorded as running. */
  async start(repair: boolean): Promise<void> {
    // Clients see the end of the last one a moment before this process does.
    if (this.#asked !== undefined && this.#asked.report.state !== 'running') await this.#asked.ended
    if (this.#stopping.signal.aborted) return
    // A caller may choose when content is checked, but not what is checked.
    this.#asked ??= runDeferred(() => this.#launch(repair))
    await this.#asked.begun
  }

  /** The scrub that was requested last, of any process. */
  status(): Promise<ScrubReport | undefined> {
    return this.#requested.read()
  }

  async figures(): Promise<ScrubFigures> {
    const { intervalMs } = this.#settings
    const { clock, database } = this.#context
    const row = await readScrub(database)
    const completedAtMs = row?.completed_at_ms ?? clock.now()
    const isUnderWay = row !== undefined && row.started_at_ms !== null
    const isLate = intervalMs > 0 && clock.now() > completedAtMs + 2 * intervalMs + retryAfterMs
    return {
      progress: isUnderWay ? row.progress_permille / 1000 : undefined,
      lastCompletedAtMs: row?.completed_at_ms ?? undefined,
      lastFindingCount: row?.completed_finding_count ?? 0,
      isOverdue: isLate && !isUnderWay,
    }
  }

  /** The number of blobs and manifests in quarantine. */
  countQuarantined(): Promise<number> {
    return countQuarantined(this.#context.database)
  }

  /** Runs or continues the background scrub if it is due. Call it repeatedly, one call at a time. */
  async continueBackground(): Promise<void> {
    if (this.#settings.intervalMs === 0 || this.#stopping.signal.aborted) return
    if (this.#dueAtMs === undefined) this.#planFirst(await readScrub(this.#context.database))
    if (!this.#isDue()) return
    // Another process may have run it meanwhile.
    this.#setLast(await readScrub(this.#context.database))
    if (!this.#isDue()) return
    try {
      await this.#scrubInBackground()
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      this.#dueAtMs = this.#context.clock.now() + retryAfterMs
      throw error
    }
  }

  /** Stops running scrubs. The background scrub continues after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the server is stopping'))
    await this.#asked?.ended
  }

  #launch(repair: boolean) {
    const first = { state: 'running', startedAtMs: this.#context.clock.now(), completedAtMs: undefined } as const
    const report: ScrubReport = { ...newProgress(), ...first, repair }
    let recordedAtMs = performance.now()
    const reached = async () => {
      if (performance.now() - recordedAtMs < reportedEveryMs) return
      await this.#requested.record(report)
      recordedAtMs = performance.now()
    }
    const run = this.#run(report, { repair, bytesPerSecond: askedBytesPerSecond, reached })
    const begun = this.#requested.begin(report)
    const ended = begun
      // Who requested the scrub gets the error.
      .catch(() => false)
      .then((hasBegun) => (hasBegun ? this.#carryOut(run, report) : undefined))
      .finally(() => {
        this.#asked = undefined
      })
    return { report, begun, ended }
  }

  async #scrubInBackground(): Promise<void> {
    const { clock, database } = this.#context
    const before = this.#last
    const continued = before !== undefined && before.started_at_ms !== null ? before : undefined
    const started_at_ms = continued?.started_at_ms ?? clock.now()
    const completed = {
      completed_at_ms: before?.completed_at_ms ?? null,
      completed_finding_count: before?.completed_finding_count ?? 0,
    }
    const progress = newProgress()
    progress.findingCount = continued?.finding_count ?? 0
    let recordedAtMs = -Infinity
    let recordedStep = ''
    const reached = async (step: ScrubStep, place: string) => {
      if (step === recordedStep && performance.now() - recordedAtMs < recordedEveryMs) return
      const progress_permille = Math.floor(1000 * progress.progress)
      const { findingCount: finding_count } = progress
      const row = { started_at_ms, step, place, finding_count, progress_permille, ...completed }
      await database.transaction((transaction) => writeScrub(transaction, row))
      this.#last = { id: 'background', ...row }
      recordedAtMs = performance.now()
      recordedStep = step
    }
    const run = this.#run(progress, { repair: true, bytesPerSecond: this.#settings.bytesPerSecond, reached })
    const step = scrubSteps.find((known) => known === continued?.step) ?? 'blobs'
    await scrub(run, { step, place: continued?.place ?? '' }, this.#verifyAudit)
    const row = {
      started_at_ms: null,
      step: '',
      place: '',
      finding_count: 0,
      progress_permille: 0,
      completed_at_ms: clock.now(),
      completed_finding_count: progress.findingCount,
    }
    await database.transaction((transaction) => writeScrub(transaction, row))
    this.#setLast({ id: 'background', ...row })
    this.#report(progress)
  }

  async #carryOut(run: ScrubRun, report: ScrubReport): Promise<void> {
    const { clock, log } = this.#context
    try {
      await scrub(run, { step: 'blobs', place: '' }, this.#verifyAudit)
      report.state = 'completed'
      this.#report(report)
    } catch (error) {
      report.state = run.signal.aborted ? 'stopped' : 'failed'
      if (report.state === 'failed') log.error({ err: error }, 'a scrub failed')
    }
    report.completedAtMs = clock.now()
    await this.#recordEnd(report)
    this.#requested.end()
  }

  /** Otherwise, the scrub would be reported as running until the process ends. */
  async #recordEnd(report: ScrubReport): Promise<void> {
    const { signal } = this.#stopping
    for (;;) {
      try {
        return await this.#requested.record(report)
      } catch (error) {
        this.#context.log.warn({ err: error }, 'the report of a scrub could not be written')
        if (signal.aborted || outageOf(error) === undefined) return
        await sleep(reportedEveryMs, undefined, { signal, ref: false }).catch(() => undefined)
      }
    }
  }

  #report({ findingCount, counts, findings }: ScrubProgress): void {
    const { log } = this.#context
    if (findingCount === 0) log.info(counts, 'a scrub found no problems')
    else log.error({ ...counts, findings: findings.slice(0, 20) }, `a scrub found ${findingCount} problems`)
  }

  #run(
    progress: ScrubProgress,
    how: {
      readonly repair: boolean
      readonly bytesPerSecond: number
      readonly reached?: ScrubRun['reached']
    },
  ): ScrubRun {
    const { signal } = this.#stopping
    return {
      context: this.#context,
      repair: how.repair,
      pace: createPace(how.bytesPerSecond, signal),
      signal,
      progress,
      reached: how.reached ?? (() => Promise.resolve()),
    }
  }

  /** An interrupted scrub continues immediately. */
  #planFirst(row: ScrubRow | undefined): void {
    this.#setLast(row)
    if (row !== undefined && row.started_at_ms !== null) return
    const delayMs = Math.min(startDelayMs, this.#settings.intervalMs)
    this.#dueAtMs = Math.max(this.#dueAtMs ?? 0, this.#context.clock.now() + delayMs)
  }

  #isDue(): boolean {
    const maxWaitMs = Math.max(this.#settings.intervalMs, startDelayMs, retryAfterMs)
    return !isWaiting(this.#dueAtMs ?? 0, this.#context.clock.now(), maxWaitMs)
  }

  #setLast(row: ScrubRow | undefined): void {
    this.#last = row
    const completedAtMs = row?.completed_at_ms ?? undefined
    const isUnderWay = row !== undefined && row.started_at_ms !== null
    this.#dueAtMs = isUnderWay || completedAtMs === undefined ? 0 : completedAtMs + this.#settings.intervalMs
  }
}

/** Creates a function that waits after each chunk, to limit the bytes that are read in a second. */
function createPace(bytesPerSecond: number, signal: AbortSignal): (sizeBytes: number) => Promise<void> {
  let dueAtMs = performance.now()
  return async (sizeBytes) => {
    const nowMs = performance.now()
    dueAtMs = Math.max(dueAtMs, nowMs) + (sizeBytes / bytesPerSecond) * 1000
    if (dueAtMs > nowMs) await sleep(dueAtMs - nowMs, undefined, { signal, ref: false })
  }
}
