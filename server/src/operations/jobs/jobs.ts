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
   * Whether every server process on a database does it, because it works on the memory or the disk of the process, or
   * one process does it for all. If that process stops, another one continues.
   */
  readonly runs: 'in each process' | 'once for all'
  readonly intervalSeconds: number
  /** Whether stored times decide what it does, so that a steered clock that passes its interval runs it at once. */
  readonly followsClock?: true
  readonly run: () => Promise<unknown>
  /** The log message when a run fails. The next run comes at its usual time. */
  readonly failure: string
  readonly failureLevel: 'warn' | 'error'
}

/** Logs that a run of a job failed. */
export function logFailure(job: Job, error: unknown, log: Log): void {
  log[job.failureLevel]({ err: error, id: randomUUID() }, job.failure)
}

/** The jobs of a server that is running. */
export type RunningJobs = {
  /**
   * Runs each job that follows the clock, if by the clock its interval has passed since its last run. Returns when the
   * runs have ended. For a steered clock, which passes hours at once.
   */
  readonly runDue: () => Promise<void>
  /** Waits for the runs that are under way. */
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
      // While the database server is away, every job fails, some of them twice a second.
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
      // One after another, in the order of the table.
      for (const { runDue } of started) await runDue()
    },
    stop: async () => {
      await Promise.all(started.map(({ stop }) => stop()))
    },
  }
}
