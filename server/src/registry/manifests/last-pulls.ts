import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import { addPulls, dayOf, type DayOfPulls, sweepPulls } from '../repositories/pull-days-store.ts'
import type { RepositoryReads } from '../repositories/repository-store.ts'
import { chunked } from '../rows/piece-store.ts'
import type { LastPullRow } from '../rows/rows.ts'
import { deleteLastPulls, type LastPullPlace, listLastPulls, readLastPulls, writeLastPulls } from './last-pull-store.ts'

/** The maximum number of manifests and tags whose pulls are recorded between two writes to the database. */
const maxRecorded = 100_000

/** The number of rows that a sweep reads at a time. */
const sweptRows = 300

/** The pulls of a repository: the times at which its manifests and tags were pulled, and the number of pulls on each day. */
type RecordedRepository = { readonly times: Map<string, number>; readonly days: Map<number, number> }

/** Pulls by registry and repository. */
export type RecordedPulls = ReadonlyMap<string, ReadonlyMap<string, RecordedRepository>>

/**
 * The last pull times of manifests and tags, and the pulls of repositories on each day. The process collects them in memory and writes them
 * about once a minute, so that a pull needs no write.
 */
export class LastPulls {
  readonly #database: Database
  readonly #clock: Clock
  readonly #repositories: RepositoryReads
  /**
   * The recorded pulls by registry, repository, and digest or tag. Nested maps are used because building one key for each pull would take
   * more time than the rest.
   */
  #recorded = new Map<string, Map<string, RecordedRepository>>()
  /** The pulls that `take` returned last. Reads use these pulls until the database contains them. */
  #taken: RecordedPulls = new Map()
  #size = 0

  constructor(database: Database, clock: Clock, repositories: RepositoryReads) {
    this.#database = database
    this.#clock = clock
    this.#repositories = repositories
  }

  /** Records a pull of a manifest by its digest or by a tag. */
  record(rid: string, repository: string, reference: string, digest: string): void {
    let repositories = this.#recorded.get(rid)
    if (repositories === undefined) this.#recorded.set(rid, (repositories = new Map<string, RecordedRepository>()))
    let pulls = repositories.get(repository)
    if (pulls === undefined) repositories.set(repository, (pulls = noPulls()))
    const nowMs = this.#clock.now()
    this.#put(pulls.times, digest, nowMs)
    if (reference !== digest) this.#put(pulls.times, reference, nowMs)
    count(pulls.days, dayOf(nowMs), 1)
  }

  #put(references: Map<string, number>, reference: string, atMs: number): void {
    if (!references.has(reference)) {
      if (this.#size >= maxRecorded) return
      this.#size += 1
    }
    references.set(reference, atMs)
  }

  /** Writes the collected pulls. If the write fails, the next flush writes the pulls. */
  async flush(): Promise<void> {
    const recorded = this.take()
    try {
      const { times, days, places } = await this.#rowsOf(recorded)
      await writeLastPulls(this.#database, times)
      for (const chunk of chunked(days)) {
        await addPulls(this.#database, chunk)
        // These pulls must not be added again if a later chunk fails.
        for (const written of chunk) places.get(written)?.delete(written.day)
      }
    } catch (error) {
      this.add(recorded)
      throw error
    }
  }

  async #rowsOf(recorded: RecordedPulls) {
    const times: LastPullRow[] = []
    const days: DayOfPulls[] = []
    const places = new Map<DayOfPulls, RecordedRepository['days']>()
    for (const [rid, repositories] of recorded) {
      for (const [name, pulled] of repositories) {
        const repository = await this.#repositories.byName.first({ rid, name })
        if (repository === undefined) continue
        let lastAtMs = 0
        for (const [reference, pulled_at_ms] of pulled.times) {
          times.push({ repository_id: repository.id, reference, pulled_at_ms })
          lastAtMs = Math.max(lastAtMs, pulled_at_ms)
        }
        for (const [day, pulls] of pulled.days) {
          const row = { repositoryId: repository.id, day, pulls, lastAtMs }
          days.push(row)
          places.set(row, pulled.days)
        }
      }
    }
    return { times, days, places }
  }

  /** Returns the collected pulls and starts over. The caller is the thread that writes the pulls. */
  take(): RecordedPulls {
    this.#taken = this.#recorded
    this.#recorded = new Map()
    this.#size = 0
    return this.#taken
  }

  /** Adds pulls of another thread, or pulls that could not be written. */
  add(recorded: RecordedPulls): void {
    for (const [rid, repositories] of recorded) {
      const present = this.#recorded.get(rid) ?? new Map<string, RecordedRepository>()
      this.#recorded.set(rid, present)
      for (const [name, { times, days }] of repositories) {
        const later = present.get(name) ?? noPulls()
        present.set(name, later)
        for (const [reference, atMs] of times) {
          if (atMs > (later.times.get(reference) ?? 0)) this.#put(later.times, reference, atMs)
        }
        for (const [day, pulls] of days) count(later.days, day, pulls)
      }
    }
  }

  /** Returns the last pull times of manifests or tags of a repository, by digest or name. */
  async read(
    { id, rid, name }: { readonly id: string; readonly rid: string; readonly name: string },
    references: readonly string[],
  ): Promise<Map<string, number>> {
    const pulls = await readLastPulls(this.#database, id, references)
    for (const times of [this.#taken, this.#recorded]) {
      const recorded = times.get(rid)?.get(name)?.times
      for (const reference of references) {
        const atMs = recorded?.get(reference)
        if (atMs !== undefined && atMs > (pulls.get(reference) ?? 0)) pulls.set(reference, atMs)
      }
    }
    return pulls
  }

  /** Deletes the last pull times of deleted manifests and tags, and the pulls of deleted repositories. */
  async sweep(): Promise<void> {
    let place: LastPullPlace | undefined = { repository_id: '', reference: '' }
    while (place !== undefined) {
      const rows: Awaited<ReturnType<typeof listLastPulls>> = await listLastPulls(this.#database, place, sweptRows)
      const gone = rows.filter(({ is_held }) => !is_held)
      if (gone.length > 0) await deleteLastPulls(this.#database, gone)
      place = rows.length === sweptRows ? rows.at(-1) : undefined
      await nextTurn()
    }
    await sweepPulls(this.#database)
  }
}

function noPulls(): RecordedRepository {
  return { times: new Map(), days: new Map() }
}

function count(days: Map<number, number>, day: number, pulls: number): void {
  days.set(day, (days.get(day) ?? 0) + pulls)
}
