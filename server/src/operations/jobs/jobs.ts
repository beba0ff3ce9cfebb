import { randomUUID } from 'node:crypto'
import type { Processes } from '../../platform/jobs/processes.ts'
import { repeat } from '../../platform/jobs/repeat.ts'
import { createLimitedWarning } from '../../platform/log/limited-warning.ts'
import type { Log } from '../../platform/log/log.ts'
import { type Clock, isWaiting } from '../../platform/process/clock.ts'
import { outageOf } from '../../platform/process/outage.ts'

/** Work that a running server repeats. */
export type Job = {
  /**
   * A job runs in each server process on a database if the job works on the memory or the disk of the process. Otherwise one process runs
   * the job for all processes. If this process stops, another process runs the job.
   */
  readonly runs: 'in each process' | 'once for all'
  readonly intervalSeconds: number
  /** Whether the job depends on stored times. When a steered clock passes the interval of such a job, the job runs immediately. */
  readonly followsClock?: true
  readonly run: () => Promise<unknown>
  /** The log message when a run fails. The next run starts at its usual time. */
  readonly failure: string
  readonly failureLevel: 'warn' | 'error'
}

/** Logs that a run of a job failed. */
export function logFailure(job: Job, error: unknown, log: Log): void {
  log[job.failureLevel]({ err: error, id: randomUUID() }, job.failure)
}

/** The jobs of a running server. */
export type RunningJobs = {
  /**
   * Runs each job that follows the clock, if its interval has passed on the clock since its last run. Returns when these runs have ended. A
   * steered clock needs this function, because it can move by hours at a time.
   */
  readonly runDue: () => Promise<void>
  /** Waits until the current runs have ended. */
  readonly stop: () => Promise<void>
}

type JobsOptions = {
  readonly processes: Processes
  readonly isPaused: () => boolean
  readonly clock: Clock
  readonly log: Log
}

/** Starts all jobs. No job runs while changes are paused. */
export function startJobs(jobs: Readonly<Record<string, Job>>, options: JobsOptions): RunningJobs {
  const { processes, isPaused, clock, log } = options
  const warnLimited = createLimitedWarning(log)
  const started = Object.values(jobs).map((job) => {
    const isDue = () => !isPaused() && (job.runs === 'in each process' || processes.runsJobs())
    let lastRunMs = clock.now()
    const run = async () => {
      lastRunMs = clock.now()
      return isDue() ? job.run() : undefined
    }
    const repetition = repeat(job.intervalSeconds, run, (error) => {
      const kind = outageOf(error)?.kind
      // While the database server is not available, every job fails. Some jobs fail twice a second.
      if (kind === 'database-unavailable') warnLimited(job.failure, { err: error })
      else if (kind !== 'writes-paused') logFailure(job, error, log)
    })
    if (job.runs === 'once for all') processes.onTakeover(repetition.runNow)
    const runDue = async () => {
      const intervalMs = job.intervalSeconds * 1000
      if (job.followsClock && !isWaiting(lastRunMs + intervalMs, clock.now(), intervalMs)) await repetition.runAgain()
    }
    return { stop: repetition.stop, runDue }
  })
  return {
    runDue: async () => {
      // The jobs run one after another, in the order of the table.
      for (const { runDue } of started) await runDue()
    },
    stop: async () => {
      await Promise.all(started.map(({ stop }) => stop()))
    },
  }
}
