import type { Processes } from '../../platform/jobs/processes.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import { newProgress, type ScrubProgress } from './scrub-run.ts'
import { readReport, writeReport } from './scrub-store.ts'

/** The report of a requested scrub. */
export type ScrubReport = ScrubProgress & {
  state: 'running' | 'completed' | 'stopped' | 'failed'
  readonly repair: boolean
  readonly startedAtMs: number
  completedAtMs: number | undefined
}

export type RequestedScrubOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly processes: Processes
}

const name = 'requested-scrub'

/** The report of the scrub that was requested last, of all processes that share the database. One runs at a time. */
export class RequestedScrub {
  readonly #options: RequestedScrubOptions
  /** The process that is named by the report of this one. */
  #process = ''

  constructor(options: RequestedScrubOptions) {
    this.#options = options
  }

  /** Begins the report of a scrub of this process; undefined if one is running in any process. */
  async begin(repair: boolean): Promise<ScrubReport | undefined> {
    const { database, clock, processes } = this.#options
    const process = processes.id()
    const report = await database.transaction(async (transaction): Promise<ScrubReport | undefined> => {
      const row = await readReport(transaction, name)
      if (row !== undefined && stateOf(row.report) === 'running') {
        if (await processes.isRunning(transaction, row.process)) return undefined
      }
      const begun = { state: 'running', repair, startedAtMs: clock.now(), completedAtMs: undefined } as const
      const started = { ...newProgress(), ...begun }
      await writeReport(transaction, { name, process, report: JSON.stringify(started) })
      return started
    })
    if (report !== undefined) this.#process = process
    return report
  }

  /** Writes the report of this process. @throws Error if another one has begun a scrub, because this one was stopped for long */
  async record(report: ScrubReport): Promise<void> {
    const process = this.#options.processes.id()
    await this.#options.database.transaction(async (transaction) => {
      if ((await readReport(transaction, name))?.process !== this.#process) {
        throw new Error('another process has begun a scrub')
      }
      await writeReport(transaction, { name, process, report: JSON.stringify(report) })
    })
    this.#process = process
  }

  /** The report of any process. */
  async read(): Promise<ScrubReport | undefined> {
    const { database, processes } = this.#options
    const row = await readReport(database, name)
    if (row === undefined || stateOf(row.report) !== 'running') return reportOf(row?.report)
    if (await processes.isRunning(database, row.process)) return reportOf(row.report)
    // The process may have written its last report before it ended.
    const report = reportOf((await readReport(database, name))?.report)
    if (report?.state === 'running') report.state = 'stopped'
    return report
  }
}

function reportOf(text: string | undefined): ScrubReport | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as ScrubReport)
}

function stateOf(text: string): ScrubReport['state'] | undefined {
  return reportOf(text)?.state
}
