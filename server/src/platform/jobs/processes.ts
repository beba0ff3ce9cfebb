import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { writeFileDurably } from '../files/durable-file.ts'
import { type Clock, systemClock } from '../process/clock.ts'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import type { Database, Transaction } from '../sql/database.ts'
import { createProcessStore, type ProcessDescription, type ProcessStore } from './process-store.ts'
import { repeat, type Repetition } from './repeat.ts'

/** How often a process shows that it is running. */
const beatSeconds = 1

/** A process takes over the jobs of another process that sends no heartbeat during this number of own heartbeats. */
const maxSilentBeats = 5

/**
 * How long after a heartbeat a process runs the server-wide jobs. This time is shorter than the time until another
 * process takes over.
 */
const claimMs = 3000

type SeenBeat = { readonly beat: number; readonly silentBeats: number }

/** A running process, as it describes itself. A process of an earlier version has only an id. */
export type RunningProcess = {
  readonly id: string
  readonly host: string | undefined
  readonly version: string | undefined
  readonly startedAtMs: number | undefined
  /** The last heartbeat, by the clock of the process. */
  readonly seenAtMs: number | undefined
  readonly runsJobs: boolean
}

/** The server processes that share a database. */
export interface Processes {
  /**
   * The id of this process. The id changes if this process was stopped for some time and another process took over its
   * jobs.
   */
  id(): string
  /**
   * Whether a process is running. A process that was killed counts as running until the other processes notice. When a
   * process stops running, its claims become void.
   */
  isRunning(source: Pick<Transaction, 'tables'>, id: string): Promise<boolean>
  /** Whether this process runs the server-wide jobs. Almost always, exactly one process runs these jobs. */
  runsJobs(): boolean
  /** The processes that are running. A process that was killed is listed until the other processes notice. */
  list(): Promise<RunningProcess[]>
  /** Sets a function that runs when this process takes over the jobs of a process that stopped without notice. */
  onTakeover(callback: () => void): void
  /**
   * Tells the other processes that this process has ended, so that the other processes need not wait for the missing
   * heartbeats.
   */
  close(): Promise<void>
}

export type ProcessesOptions = {
  /**
   * A file with the id of the last process of this data directory. This last process is no longer running, so its
   * claims are void at once.
   */
  readonly file: string
  readonly onFailure: (error: unknown) => void
  readonly description: ProcessDescription
}

/** Adds this process to the processes that share the database. A SQLite database has only one process. */
export async function openProcesses(
  database: Database,
  { file, onFailure, description }: ProcessesOptions,
): Promise<Processes> {
  if (database.kind === 'sqlite') return onlyProcess(description)
  const processes = new SharedProcesses(database, (id) => writeFileDurably(file, id, 0o600), description)
  await processes.replace(await readId(file))
  processes.start(onFailure)
  return processes
}

async function readId(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  })
}

/** The description of this process. */
export function describeProcess(version: string, clock: Clock = systemClock): ProcessDescription {
  return { host: hostname(), version, startedAtMs: clock.now() }
}

/** A process that does not share its database with other processes. */
export function onlyProcess(description = describeProcess('unknown'), clock: Clock = systemClock): Processes {
  const own = randomUUID()
  return {
    id: () => own,
    isRunning: async (_source, id) => id === own,
    runsJobs: () => true,
    list: async () => [{ id: own, ...description, seenAtMs: clock.now(), runsJobs: true }],
    onTakeover: () => undefined,
    close: async () => undefined,
  }
}

/**
 * The processes on one PostgreSQL database. Each process counts its heartbeats. Clocks are not compared. Instead, a
 * process that finds no new heartbeat of another process during five own heartbeats deletes the row of the other
 * process. While the database is unavailable, no process counts heartbeats.
 */
export class SharedProcesses implements Processes {
  readonly #store: ProcessStore
  readonly #noteId: (id: string) => Promise<void>
  readonly #description: ProcessDescription
  readonly #callbacks: (() => void)[] = []
  /** The last heartbeat of each other process, and the number of own heartbeats since this heartbeat. */
  #seen = new Map<string, SeenBeat>()
  #id = randomUUID()
  #runsJobsUntilMs = -1
  #beating: Repetition | undefined

  /** The constructor takes `noteId`, a function that is called with each new id of this process. */
  constructor(
    database: Database,
    noteId = async (_id: string): Promise<void> => undefined,
    description = describeProcess('unknown'),
  ) {
    this.#store = createProcessStore(database)
    this.#noteId = noteId
    this.#description = description
  }

  /** Starts this process, and removes the process `id` that ended without notice, if `id` is not undefined. */
  async replace(id: string | undefined): Promise<void> {
    if (id !== undefined) await this.#store.leave(id)
    await this.beat()
  }

  start(onFailure: (error: unknown) => void): void {
    this.#beating = repeat(beatSeconds, () => this.beat(), onFailure)
  }

  id(): string {
    return this.#id
  }

  isRunning(source: Pick<Transaction, 'tables'>, id: string): Promise<boolean> {
    return this.#store.exists(source, id)
  }

  runsJobs(): boolean {
    return performance.now() < this.#runsJobsUntilMs
  }

  async list(): Promise<RunningProcess[]> {
    const holder = await this.#store.jobsHolder()
    return (await this.#store.list()).map(({ id, host, version, started_at_ms, seen_at_ms }) => ({
      id,
      host: host ?? undefined,
      version: version ?? undefined,
      startedAtMs: started_at_ms ?? undefined,
      seenAtMs: seen_at_ms ?? undefined,
      runsJobs: id === holder,
    }))
  }

  onTakeover(callback: () => void): void {
    this.#callbacks.push(callback)
  }

  /** Sends a heartbeat, and checks whether the other processes are running. */
  async beat(): Promise<void> {
    const beganMs = performance.now()
    if (!(await this.#store.beat(this.#id, systemClock.now()))) {
      this.#id = randomUUID()
      await this.#noteId(this.#id)
      await this.#store.insert(this.#id, this.#description, systemClock.now())
    }
    const running = await this.#removeSilent()
    const holder = await this.#store.jobsHolder()
    if (holder === this.#id) this.#runsJobsUntilMs = beganMs + claimMs
    else if (holder === undefined || !running.has(holder)) await this.#claimJobs(holder, beganMs)
    else this.#runsJobsUntilMs = -1
  }

  async close(): Promise<void> {
    await this.#beating?.stop()
    this.#runsJobsUntilMs = -1
    // If the removal fails, the other processes notice the missing heartbeats.
    await this.#store.leave(this.#id).catch(() => undefined)
  }

  /** Deletes the rows of processes that have stopped, and returns the ids of the running processes. */
  async #removeSilent(): Promise<Set<string>> {
    const seen = new Map<string, SeenBeat>()
    const running = new Set<string>()
    for (const { id, beat } of await this.#store.list()) {
      const before = this.#seen.get(id)
      const silentBeats = before?.beat === beat ? before.silentBeats + 1 : 0
      if (id !== this.#id && silentBeats >= maxSilentBeats && (await this.#store.remove(id, beat))) continue
      seen.set(id, { beat, silentBeats })
      running.add(id)
    }
    this.#seen = seen
    return running
  }

  async #claimJobs(before: string | undefined, beganMs: number): Promise<void> {
    if (!(await this.#store.claimJobs(this.#id, before))) return
    this.#runsJobsUntilMs = beganMs + claimMs
    if (before !== undefined) for (const callback of this.#callbacks) callback()
  }
}
