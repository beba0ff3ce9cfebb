import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { RepositoryReads } from '../repositories/repository-store.ts'
import type { LastPullRow } from '../rows/rows.ts'
import { deleteLastPulls, type LastPullPlace, listLastPulls, readLastPulls, writeLastPulls } from './last-pull-store.ts'

/** The maximum number of manifests and tags whose pulls are recorded between two flushes. */
const maxRecorded = 100_000

/** How many rows a sweep reads at once. */
const sweptRows = 300

type RecordedRepository = Map<string, number>

/** Last pull times by registry, repository, and digest or tag. */
export type RecordedPulls = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, number>>>

/**
 * The last pull times of manifests and tags. The times are collected in memory and written about once a minute, so
 * that a pull needs no write.
 */
export class LastPulls {
  readonly #database: Database
  readonly #clock: Clock
  readonly #repositories: RepositoryReads
  /** By registry, repository and digest or tag: building one key for each pull would cost more than the rest. */
  #recorded = new Map<string, Map<string, RecordedRepository>>()
  /** What was taken last: it is read from here until the database has it. */
  #taken: RecordedPulls = new Map()
  #count = 0

  constructor(database: Database, clock: Clock, repositories: RepositoryReads) {
    this.#database = database
    this.#clock = clock
    this.#repositories = repositories
  }

  /** Records a pull of a manifest by its digest or by a tag. */
  record(rid: string, repository: string, reference: string, digest: string): void {
    let repositories = this.#recorded.get(rid)
    if (repositories === undefined) this.#recorded.set(rid, (repositories = new Map<string, RecordedRepository>()))
    let references = repositories.get(repository)
    if (references === undefined) repositories.set(repository, (references = new Map<string, number>()))
    const nowMs = this.#clock.now()
    this.#put(references, digest, nowMs)
    if (reference !== digest) this.#put(references, reference, nowMs)
  }

  #put(references: RecordedRepository, reference: string, atMs: number): void {
    if (!references.has(reference)) {
      if (this.#count >= maxRecorded) return
      this.#count += 1
    }
    references.set(reference, atMs)
  }

  /** Writes the collected times. After a failure, they are written by the next flush. */
  async flush(): Promise<void> {
    const recorded = this.take()
    try {
      const rows: LastPullRow[] = []
      for (const [rid, repositories] of recorded) {
        for (const [name, references] of repositories) {
          const repository = await this.#repositories.byName.first({ rid, name })
          if (repository === undefined) continue
          for (const [reference, pulled_at_ms] of references) {
            rows.push({ repository_id: repository.id, reference, pulled_at_ms })
          }
        }
      }
      await writeLastPulls(this.#database, rows)
    } catch (error) {
      this.add(recorded)
      throw error
    }
  }

  /** Returns the collected times and starts over, for the thread that writes them. */
  take(): RecordedPulls {
    this.#taken = this.#recorded
    this.#recorded = new Map()
    this.#count = 0
    return this.#taken
  }

  /** Adds times, those of another thread or those that could not be written. */
  add(recorded: RecordedPulls): void {
    for (const [rid, repositories] of recorded) {
      const present = this.#recorded.get(rid) ?? new Map<string, RecordedRepository>()
      this.#recorded.set(rid, present)
      for (const [name, references] of repositories) {
        const later = present.get(name) ?? new Map<string, number>()
        present.set(name, later)
        for (const [reference, atMs] of references) {
          if (atMs > (later.get(reference) ?? 0)) this.#put(later, reference, atMs)
        }
      }
    }
  }

  /** The last pull times of manifests or tags of a repository, by digest or name. */
  async read(
    { id, rid, name }: { readonly id: string; readonly rid: string; readonly name: string },
    references: readonly string[],
  ): Promise<Map<string, number>> {
    const pulls = await readLastPulls(this.#database, id, references)
    for (const times of [this.#taken, this.#recorded]) {
      const recorded = times.get(rid)?.get(name)
      for (const reference of references) {
        const atMs = recorded?.get(reference)
        if (atMs !== undefined && atMs > (pulls.get(reference) ?? 0)) pulls.set(reference, atMs)
      }
    }
    return pulls
  }

  /** Deletes the last pull times of deleted manifests and tags. */
  async sweep(): Promise<void> {
    let place: LastPullPlace | undefined = { repository_id: '', reference: '' }
    while (place !== undefined) {
      const rows: Awaited<ReturnType<typeof listLastPulls>> = await listLastPulls(this.#database, place, sweptRows)
      const gone = rows.filter(({ is_held }) => !is_held)
      if (gone.length > 0) await deleteLastPulls(this.#database, gone)
      place = rows.length === sweptRows ? rows.at(-1) : undefined
      await nextTurn()
    }
  }
}
