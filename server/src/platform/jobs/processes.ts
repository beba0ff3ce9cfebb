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

/** A process takes over from another one after this many own heartbeats without a heartbeat of the other. */
const maxSilentBeats = 5

/**
 * How long after a heartbeat a process runs the jobs that run once. This time is shorter than the time until another
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
   * The id of this process. The id changes if another process has taken over from this one, which was stopped for
   * some time.
   */
  id(): string
  /** Whether a process is running, as far as is known. The claims of a process are void when it stops running. */
  isRunning(source: Pick<Transaction, 'tables'>, id: string): Promise<boolean>
  /** Whether this process runs the jobs that run once for all. Almost always, exactly one process does. */
  runsJobs(): boolean
  /** The processes that run, as far as is known. */
  list(): Promise<RunningProcess[]>
  /** Calls back when this process continues the jobs of one that stopped without notice. */
  onTakeover(callback: () => void): void
  /** Tells the other processes that this one has ended, so that they need not wait for it. */
  close(): Promise<void>
}

export type ProcessesOptions = {
  /**
   * A file with the id of the last process of this data directory, which is not running any more: its claims are
   * void at once.
   */
  readonly file: string
  readonly onFailure: (error: unknown) => void
  readonly description: ProcessDescription
}

/** Enters this process among those that share the database. Only one process uses a SQLite database. */
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

/** This process. */
export function describeProcess(version: string, clock: Clock = systemClock): ProcessDescription {
  return { host: hostname(), version, startedAtMs: clock.now() }
}

/** A process that shares its database with no other. */
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
 * Processes on one PostgreSQL. Each process counts its heartbeats in a row. Clocks are not compared: a process that
 * sees no
 * new heartbeat of another process during five own heartbeats deletes the row of that process. While the database is
 * unavailable, no heartbeats are counted.
 */
export class SharedProcesses implements Processes {
  readonly #store: ProcessStore
  readonly #noteId: (id: string) => Promise<void>
  readonly #description: ProcessDescription
  readonly #callbacks: (() => void)[] = []
  /** The last heartbeat of each other process, and for how many own heartbeats it has not changed. */
  #seen = new Map<string, SeenBeat>()
  #id = randomUUID()
  #runsJobsUntilMs = -1
  #beating: Repetition | undefined

  /** `noteId` is called with each new id of this process. */
  constructor(
    database: Database,
    noteId = async (_id: string): Promise<void> => undefined,
    description = describeProcess('unknown'),
  ) {
    this.#store = createProcessStore(database)
    this.#noteId = noteId
    this.#description = description
  }

  /** Begins in place of a process that has ended without notice, if there was one. */
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

  /** Shows that this process is running, and looks whether the others are. */
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
    // If this fails, the others notice the silence.
    await this.#store.leave(this.#id).catch(() => undefined)
  }

  /** Deletes the rows of processes that have stopped, and returns the ids of the others. */
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
