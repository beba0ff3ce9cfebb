import type { AuditEvent } from '../audit/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Database } from '../platform/sql/database.ts'
import { type ActivityRow, createActivityStore, hourMs, hourOf } from './activity-store.ts'
import type { Registry } from './model.ts'
import { PendingCounts, noCounts, sumOf } from './pending-counts.ts'

/** Counts the requests to each registry by the hour, in memory. Counts are written about once per minute. */
export interface RegistryActivity {
  /** Counts one pull or push of a manifest. */
  readonly countTransfer: (rid: string, kind: 'pull' | 'push', succeeded: boolean) => void
  /** Returns the function that counts an event of the audit log; undefined for events that do not concern a registry. */
  readonly counterOf: (event: Omit<AuditEvent, 'origin'>) => (() => void) | undefined
  /** Writes the counts. If that fails, they stay in memory until the next call. */
  flush(): Promise<void>
  /** The hourly counts of a registry between two times, earliest first, including unwritten counts. */
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

const dayMs = 24 * hourMs

/** How many registries one flush measures: measuring reads all rows of a registry. */
const maxMeasured = 10

const maxDeleted = 1000

/** Creates the counters. */
export function createRegistryActivity(options: RegistryActivityOptions): RegistryActivity {
  const { database, clock, listRegistries, storageBytes, retentionDays } = options
  const store = createActivityStore(database)
  const pending = new PendingCounts(clock)
  const measuredHours = new Map<string, number>()

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
    const rows = pending.take(rids)
    const counted = new Set(rows.filter(({ hour_ms }) => hour_ms === hour).map(({ rid }) => rid))
    const uncounted = [...sizes.keys()].filter((rid) => !counted.has(rid))
    const empty = uncounted.map((rid) => ({ ...noCounts(), rid, hour_ms: hour, storage_bytes: null }))
    return [...rows, ...empty].map((row) =>
      row.hour_ms === hour ? { ...row, storage_bytes: sizes.get(row.rid) ?? null } : row,
    )
  }

  let flushing: Promise<void> | undefined
  async function flushNow(): Promise<void> {
    const rows = await takeRows()
    if (rows.length === 0) return
    try {
      await store.add(rows)
    } catch (error) {
      pending.restore(rows)
      throw error
    }
    for (const { rid, hour_ms, storage_bytes } of rows) if (storage_bytes !== null) measuredHours.set(rid, hour_ms)
  }

  return {
    countTransfer: (rid, kind, succeeded) => {
      const counts = pending.of(rid)
      counts[kind === 'pull' ? 'total_pulls' : 'total_pushes'] += 1
      if (succeeded) counts[kind === 'pull' ? 'successful_pulls' : 'successful_pushes'] += 1
    },
    counterOf: (event) => {
      const name = classOf(event)
      const key = registryKeyOf(event.target)
      return name === undefined || key === undefined ? undefined : pending.counterOf(key, name)
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
      const unwritten = pending.rows(new Map(keysOf(rid, registry.id, registry.loginServer)))
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

function withUnwritten(rows: readonly ActivityRow[], unwritten: readonly ActivityRow[]): ActivityRow[] {
  const byHour = new Map(rows.map((row) => [row.hour_ms, row]))
  for (const row of unwritten) {
    const written = byHour.get(row.hour_ms)
    byHour.set(row.hour_ms, written === undefined ? row : { ...written, ...sumOf(written, row) })
  }
  return [...byHour.values()].toSorted((one, other) => one.hour_ms - other.hour_ms)
}
