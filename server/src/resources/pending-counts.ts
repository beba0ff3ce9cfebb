import type { Clock } from '../platform/process/clock.ts'
import { type ActivityCount, type ActivityRow, activityCounts, hourMs, hourOf } from './activity-store.ts'

/** The maximum number of targets between two flushes. The number is limited because clients choose the host. */
const maxTargets = 50_000

export type MutableCounts = Record<ActivityCount, number>

/** The counts by hour, and then by a key of the registry: its `rid`, its login server or its ARM id in lower case. */
type CountsByHour = Map<number, Map<string, MutableCounts>>

/** The counts that are not written yet. */
export class PendingCounts {
  readonly #clock: Clock
  #byHour: CountsByHour = new Map()
  #targets = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The counts of a registry in an hour. By default, the hour is the current hour. */
  of(key: string, hour = hourOf(this.#clock.now())): MutableCounts {
    let hours = this.#byHour.get(hour)
    if (hours === undefined) this.#byHour.set(hour, (hours = new Map<string, MutableCounts>()))
    let counts = hours.get(key)
    if (counts === undefined) hours.set(key, (counts = noCounts()))
    return counts
  }

  /** Returns the counter for an event of a target. Because the event can be frequent, the counter looks up its counts only once an hour. */
  counterOf(target: string, name: 'sign_ins' | 'denials'): () => void {
    let counts: MutableCounts | undefined
    let countedIn: CountsByHour | undefined
    let untilMs = 0
    return () => {
      const nowMs = this.#clock.now()
      if (countedIn !== this.#byHour || nowMs >= untilMs) {
        const hour = hourOf(nowMs)
        if (this.#byHour.get(hour)?.has(target) !== true) {
          if (this.#targets >= maxTargets) return
          this.#targets += 1
        }
        counts = this.of(target, hour)
        countedIn = this.#byHour
        untilMs = hour + hourMs
      }
      if (counts !== undefined) counts[name] += 1
    }
  }

  /** The counts as rows. The caller passes the `rid` of each key. Counts under other keys belong to registries that do not exist. */
  rows(rids: ReadonlyMap<string, string>): ActivityRow[] {
    return [...this.#byHour].flatMap(([hour, byKey]) => {
      const rows = new Map<string, MutableCounts>()
      for (const [key, counts] of byKey) {
        const rid = rids.get(key)
        if (rid !== undefined) rows.set(rid, sumOf(rows.get(rid) ?? noCounts(), counts))
      }
      return [...rows].map(([rid, counts]) => ({ ...counts, rid, hour_ms: hour, storage_bytes: null }))
    })
  }

  /** Returns the counts as rows, and begins again without counts. */
  take(rids: ReadonlyMap<string, string>): ActivityRow[] {
    const rows = this.rows(rids)
    this.#byHour = new Map()
    this.#targets = 0
    return rows
  }

  /** Adds counts that could not be written. */
  restore(rows: readonly ActivityRow[]): void {
    for (const row of rows) {
      const counts = this.of(row.rid, row.hour_ms)
      for (const name of activityCounts) counts[name] += row[name]
    }
  }
}

export function noCounts(): MutableCounts {
  return { total_pulls: 0, successful_pulls: 0, total_pushes: 0, successful_pushes: 0, sign_ins: 0, denials: 0 }
}

export function sumOf(one: MutableCounts, other: MutableCounts): MutableCounts {
  const sum = noCounts()
  for (const name of activityCounts) sum[name] = one[name] + other[name]
  return sum
}
