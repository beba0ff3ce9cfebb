import type { AuditEvent } from '../audit/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Database } from '../platform/sql/database.ts'
import { type ActivityCount, type ActivityRow, activityCounts, createActivityStore } from './activity-store.ts'
import type { Registry } from './model.ts'

/** Counts the requests to each registry by the hour, in memory. Counts are written about once per minute. */
export interface RegistryActivity {
  /** Counts one pull or push of a manifest. */
  readonly countTransfer: (rid: string, kind: 'pull' | 'push', succeeded: boolean) => void
  /** Returns the function that counts an event of the audit log; undefined for events that do not concern a registry. */
  readonly counterOf: (event: Omit<AuditEvent, 'origin'>) => (() => void) | undefined
  /** Writes the counts. If that fails, they stay in memory until the next call. */
  flush(): Promise<void>
  /** The hours of a registry between two times, earliest first, including unwritten counts. */
  hours(rid: string, fromMs: number, untilMs: number): Promise<ActivityRow[]>
  /** Deletes expired hours. */
  expire(): Promise<void>
}

export type RegistryActivityOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly listRegistries: () => Promise<readonly Pick<Registry, 'rid' | 'id' | 'loginServer'>[]>
  /** The size of the content of a registry. */
  readonly storageBytes: (rid: string) => Promise<number>
  readonly retentionDays: number
}

export const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs

/** The maximum number of targets between two flushes, because clients choose the host. */
const maxTargets = 50_000

/** How many registries one flush measures: measuring reads all rows of a registry. */
const maxMeasured = 10

const maxDeleted = 1000

type MutableCounts = Record<ActivityCount, number>

/** Creates the counters. */
export function createRegistryActivity(options: RegistryActivityOptions): RegistryActivity {
  const { database, clock, listRegistries, storageBytes, retentionDays } = options
  const store = createActivityStore(database)
  /** By hour, then by registry: its `rid`, its login server or its ARM id in lower case. */
  let pending = new Map<number, Map<string, MutableCounts>>()
  let targetCount = 0
  const measuredHours = new Map<string, number>()

  function countsOf(key: string, hour = hourOf(clock.now())): MutableCounts {
    let hours = pending.get(hour)
    if (hours === undefined) pending.set(hour, (hours = new Map<string, MutableCounts>()))
    let counts = hours.get(key)
    if (counts === undefined) hours.set(key, (counts = noCounts()))
    return counts
  }

  /** Counts the events of a target. Caches the counter, because the same event can happen with every request. */
  function eventCounter(target: string, name: 'sign_ins' | 'denials'): () => void {
    let counts: MutableCounts | undefined
    let countedIn: typeof pending | undefined
    let untilMs = 0
    return () => {
      const nowMs = clock.now()
      if (countedIn !== pending || nowMs >= untilMs) {
        const hour = hourOf(nowMs)
        if (pending.get(hour)?.has(target) !== true) {
          if (targetCount >= maxTargets) return
          targetCount += 1
        }
        counts = countsOf(target, hour)
        countedIn = pending
        untilMs = hour + hourMs
      }
      if (counts !== undefined) counts[name] += 1
    }
  }

  /** Takes the counts, with the sizes of some registries that were not measured in this hour. */
  async function takeRows(): Promise<ActivityRow[]> {
    const registries = await listRegistries()
    const rids = new Map(registries.flatMap(({ rid, id, loginServer }) => keysOf(rid, id, loginServer)))
    const hour = hourOf(clock.now())
    const unmeasured = registries.filter(({ rid }) => measuredHours.get(rid) !== hour).slice(0, maxMeasured)
    const sizes = new Map<string, number>()
    for (const { rid } of unmeasured) sizes.set(rid, await storageBytes(rid))
    const known = new Set(registries.map(({ rid }) => rid))
    for (const rid of measuredHours.keys()) if (!known.has(rid)) measuredHours.delete(rid)
    const taken = pending
    pending = new Map()
    targetCount = 0
    const rows = mergeCounts(taken, rids)
    const counted = new Set(rows.filter(({ hour_ms }) => hour_ms === hour).map(({ rid }) => rid))
    const uncounted = [...sizes.keys()].filter((rid) => !counted.has(rid))
    const empty = uncounted.map((rid) => ({ ...noCounts(), rid, hour_ms: hour, storage_bytes: null }))
    return [...rows, ...empty].map((row) =>
      row.hour_ms === hour ? { ...row, storage_bytes: sizes.get(row.rid) ?? null } : row,
    )
  }

  function restore(rows: readonly ActivityRow[]): void {
    for (const row of rows) {
      const counts = countsOf(row.rid, row.hour_ms)
      for (const name of activityCounts) counts[name] += row[name]
    }
  }

  let flushing: Promise<void> | undefined
  async function flushNow(): Promise<void> {
    const rows = await takeRows()
    if (rows.length === 0) return
    try {
      await store.add(rows)
    } catch (error) {
      restore(rows)
      throw error
    }
    for (const { rid, hour_ms, storage_bytes } of rows) if (storage_bytes !== null) measuredHours.set(rid, hour_ms)
  }

  return {
    countTransfer: (rid, kind, succeeded) => {
      const counts = countsOf(rid)
      counts[kind === 'pull' ? 'total_pulls' : 'total_pushes'] += 1
      if (succeeded) counts[kind === 'pull' ? 'successful_pulls' : 'successful_pushes'] += 1
    },
    counterOf: (event) => {
      const name = classOf(event)
      const key = registryKeyOf(event.target)
      return name === undefined || key === undefined ? undefined : eventCounter(key, name)
    },
    flush: () => {
      flushing ??= flushNow().finally(() => {
        flushing = undefined
      })
      return flushing
    },
    hours: async (rid, fromMs, untilMs) => {
      const rows = await store.hours(rid, fromMs, untilMs)
      const registry = (await listRegistries()).find((one) => one.rid === rid)
      if (registry === undefined) return rows
      const unwritten = mergeCounts(pending, new Map(keysOf(rid, registry.id, registry.loginServer)))
      return withUnwritten(
        rows,
        unwritten.filter(({ hour_ms }) => hour_ms >= fromMs && hour_ms < untilMs),
      )
    },
    expire: async () => {
      const beforeMs = hourOf(clock.now() - retentionDays * dayMs)
      while ((await store.deleteBefore(beforeMs, maxDeleted)) === maxDeleted);
    },
  }
}

function hourOf(atMs: number): number {
  return atMs - (atMs % hourMs)
}

function noCounts(): MutableCounts {
  return { total_pulls: 0, successful_pulls: 0, total_pushes: 0, successful_pushes: 0, sign_ins: 0, denials: 0 }
}

/** An exchange is a sign-in. So is a token without access, which `docker login` requests. */
function classOf({ action, outcome, detail }: Omit<AuditEvent, 'origin'>): 'sign_ins' | 'denials' | undefined {
  if (outcome === 'refused') return 'denials'
  if (action === 'token.exchange') return 'sign_ins'
  return action === 'token.issue' && isWithoutAccess(detail) ? 'sign_ins' : undefined
}

function isWithoutAccess(detail: AuditEvent['detail']): boolean {
  const asked = detail?.['asked']
  return asked === undefined || (Array.isArray(asked) && asked.length === 0)
}

const armTarget =
  /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+\/providers\/microsoft\.containerregistry\/registries\/[^/]+/

/** The registry that the target of an event names, by its login server or its ARM id. */
function registryKeyOf(target: string): string | undefined {
  const key = target.toLowerCase()
  return key.startsWith('/') ? armTarget.exec(key)?.[0] : key.split('/', 1)[0]
}

function keysOf(rid: string, id: string, loginServer: string): [key: string, rid: string][] {
  return [rid, id.toLowerCase(), loginServer.toLowerCase()].map((key) => [key, rid])
}

/** What was counted under any key of a registry, in one row for each hour; under other keys is nothing that exists. */
function mergeCounts(
  counted: ReadonlyMap<number, ReadonlyMap<string, MutableCounts>>,
  rids: ReadonlyMap<string, string>,
): ActivityRow[] {
  return [...counted].flatMap(([hour, byKey]) => {
    const rows = new Map<string, MutableCounts>()
    for (const [key, counts] of byKey) {
      const rid = rids.get(key)
      if (rid !== undefined) rows.set(rid, sumOf(rows.get(rid) ?? noCounts(), counts))
    }
    return [...rows].map(([rid, counts]) => ({ ...counts, rid, hour_ms: hour, storage_bytes: null }))
  })
}

function sumOf(one: MutableCounts, other: MutableCounts): MutableCounts {
  const sum = noCounts()
  for (const name of activityCounts) sum[name] = one[name] + other[name]
  return sum
}

function withUnwritten(rows: readonly ActivityRow[], unwritten: readonly ActivityRow[]): ActivityRow[] {
  const byHour = new Map(rows.map((row) => [row.hour_ms, row]))
  for (const row of unwritten) {
    const written = byHour.get(row.hour_ms)
    byHour.set(row.hour_ms, written === undefined ? row : { ...written, ...sumOf(written, row) })
  }
  return [...byHour.values()].toSorted((one, other) => one.hour_ms - other.hour_ms)
}
