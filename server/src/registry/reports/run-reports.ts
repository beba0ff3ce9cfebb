import type { Processes } from '../../platform/jobs/processes.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { ContentReportRow } from '../rows/rows.ts'
import { readReport, writeReport } from './report-store.ts'

/** The properties of every report of a run. */
export type RunReport = {
  state: 'running' | 'completed' | 'stopped' | 'failed'
  readonly startedAtMs: number
  completedAtMs: number | undefined
}

export type RunReportsOptions = {
  readonly name: ContentReportRow['name']
  readonly database: Database
  readonly processes: Processes
}

/**
 * The report of the last run of some work, of all processes that share the database. Only one run takes place at a
 * time.
 */
export class RunReports<Report extends RunReport> {
  readonly #options: RunReportsOptions
  /** The process that is named by the report of this one. */
  #process = ''
  /** Whether this process begins or has a run, whose end is not recorded. */
  #isOpen = false

  constructor(options: RunReportsOptions) {
    this.#options = options
  }

  /** Begins a run of this process with its first report. False if there is a run in any process. */
  async begin(report: Report): Promise<boolean> {
    // Claimed before anything is awaited: the rows cannot tell two beginnings of one process apart.
    if (this.#isOpen) return false
    this.#isOpen = true
    let hasBegun = false
    try {
      hasBegun = await this.#claim(report)
    } finally {
      this.#isOpen = hasBegun
    }
    return hasBegun
  }

  /** Writes the first report, unless there is a run in another process. */
  async #claim(report: Report): Promise<boolean> {
    const { name, database, processes } = this.#options
    const process = processes.id()
    const isClaimed = await database.transaction(async (transaction) => {
      const row = await readReport(transaction, name)
      if (row !== undefined && this.#parse(row)?.state === 'running') {
        // The end of the last run of this process may not have been recorded.
        const isOver = row.process === this.#process
        if (!isOver && (await processes.isRunning(transaction, row.process))) return false
      }
      await writeReport(transaction, { name, process, report: JSON.stringify(report) })
      return true
    })
    if (isClaimed) this.#process = process
    return isClaimed
  }

  /**
   * Writes the report of this process. @throws Error if another process has begun a run because this process was
   * stopped for long
   */
  async record(report: Report): Promise<void> {
    const { name, database, processes } = this.#options
    const process = processes.id()
    await database.transaction(async (transaction) => {
      if ((await readReport(transaction, name))?.process !== this.#process) {
        throw new Error(`another process has started the run ${name}`)
      }
      await writeReport(transaction, { name, process, report: JSON.stringify(report) })
    })
    this.#process = process
  }

  /** Ends the run of this process, even if its end could not be recorded. */
  end(): void {
    this.#isOpen = false
  }

  /** The report of any process. */
  async read(): Promise<Report | undefined> {
    const { name, database, processes } = this.#options
    const row = await readReport(database, name)
    const found = this.#parse(row)
    if (row === undefined || found?.state !== 'running') return found
    if (await processes.isRunning(database, row.process)) return found
    // The process may have written its last report before it ended.
    const report = this.#parse(await readReport(database, name))
    if (report?.state === 'running') report.state = 'stopped'
    return report
  }

  #parse(row: ContentReportRow | undefined): Report | undefined {
    return row === undefined ? undefined : (JSON.parse(row.report) as Report)
  }
}
