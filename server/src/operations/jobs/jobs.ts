import { randomUUID } from 'node:crypto'
import type { Processes } from '../../platform/jobs/processes.ts'
import { repeat } from '../../platform/jobs/repeat.ts'
import { createLimitedWarning } from '../../platform/log/limited-warning.ts'
import type { Log } from '../../platform/log/log.ts'
import { outageOf } from '../../platform/process/outage.ts'

/** Work that a running server repeats. */
export type Job = {
  /**
   * Whether every server process on a database does it, because it works on the memory or the disk of the process, or
   * one process does it for all. If that process stops, another one continues.
   */
  readonly runs: 'in each process' | 'once for all'
  readonly intervalSeconds: number
  readonly run: () => Promise<unknown>
  /** The log message when a run fails. The next run comes at its usual time. */
  readonly failure: string
  readonly failureLevel: 'warn' | 'error'
}

/** Logs that a run of a job failed. */
export function logFailure(job: Job, error: unknown, log: Log): void {
  log[job.failureLevel]({ err: error, id: randomUUID() }, job.failure)
}

/** Starts all jobs. No job runs while changes are paused. `stop` waits for the runs that are under way. */
export function startJobs(
  jobs: Readonly<Record<string, Job>>,
  { processes, isPaused }: { readonly processes: Processes; readonly isPaused: () => boolean },
  log: Log,
): { readonly stop: () => Promise<void> } {
  const warnLimited = createLimitedWarning(log)
  const started = Object.values(jobs).map((job) => {
    const isDue = () => !isPaused() && (job.runs === 'in each process' || processes.runsJobs())
    const run = async () => (isDue() ? job.run() : undefined)
    const repetition = repeat(job.intervalSeconds, run, (error) => {
      const kind = outageOf(error)?.kind
      // While the database server is away, every job fails, some of them twice a second.
      if (kind === 'database-unavailable') warnLimited(job.failure, { err: error })
      else if (kind !== 'writes-paused') logFailure(job, error, log)
    })
    if (job.runs === 'once for all') processes.onTakeover(repetition.runNow)
    return repetition
  })
  return {
    stop: async () => {
      await Promise.all(started.map((repetition) => repetition.stop()))
    },
  }
}
