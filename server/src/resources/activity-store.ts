import type { Database } from '../platform/sql/database.ts'

/** The kinds of counters of a registry. */
export type ActivityCount =
  'total_pulls' | 'successful_pulls' | 'total_pushes' | 'successful_pushes' | 'sign_ins' | 'denials'

export type ActivityCounts = Readonly<Record<ActivityCount, number>>

/** The counts of a registry in one hour (UTC). */
export type ActivityRow = ActivityCounts & {
  readonly rid: string
  readonly hour_ms: number
  /** The latest measured size in this hour, or null. */
  readonly storage_bytes: number | null
}

export const activityCounts: readonly ActivityCount[] = [
  'total_pulls',
  'successful_pulls',
  'total_pushes',
  'successful_pushes',
  'sign_ins',
  'denials',
]

export const hourMs = 60 * 60 * 1000

/** The beginning of the hour (UTC) that contains a time. */
export function hourOf(atMs: number): number {
  return atMs - (atMs % hourMs)
}

type Tables = { registry_activity: ActivityRow }

/**
 * The number of rows that one statement inserts. A row has eight columns, so the number of parameters is far below the limit of each
 * database.
 */
const batchLimit = 200

/** The SQL of the hourly counters. */
export function createActivityStore(database: Database) {
  return {
    /** Adds counts to existing hours. A new size replaces the previous one. */
    add: (rows: readonly ActivityRow[]) =>
      database.transaction(async (transaction) => {
        for (let start = 0; start < rows.length; start += batchLimit) {
          await transaction
            .tables<Tables>()
            .insertInto('registry_activity')
            .values(rows.slice(start, start + batchLimit))
            .onConflict((conflict) =>
              conflict.columns(['rid', 'hour_ms']).doUpdateSet((row) => {
                const sum = (name: ActivityCount) => row(`registry_activity.${name}`, '+', row.ref(`excluded.${name}`))
                return {
                  total_pulls: sum('total_pulls'),
                  successful_pulls: sum('successful_pulls'),
                  total_pushes: sum('total_pushes'),
                  successful_pushes: sum('successful_pushes'),
                  sign_ins: sum('sign_ins'),
                  denials: sum('denials'),
                  storage_bytes: row.fn.coalesce('excluded.storage_bytes', 'registry_activity.storage_bytes'),
                }
              }),
            )
            .execute()
        }
      }),
    /** The hourly counts of a registry between two times, with the earliest hour first. */
    hours: (rid: string, fromMs: number, untilMs: number): Promise<ActivityRow[]> =>
      database
        .tables<Tables>()
        .selectFrom('registry_activity')
        .selectAll()
        .where('rid', '=', rid)
        .where('hour_ms', '>=', fromMs)
        .where('hour_ms', '<', untilMs)
        .orderBy('hour_ms')
        .execute(),
    /** Deletes at most `limit` hours before a time, and returns the number of deleted hours. */
    deleteBefore: (hourMs: number, limit: number): Promise<number> =>
      database.transaction(async (transaction) => {
        const tables = transaction.tables<Tables>()
        const rows = await tables
          .selectFrom('registry_activity')
          .select(['rid', 'hour_ms'])
          .where('hour_ms', '<', hourMs)
          .orderBy('hour_ms')
          .limit(limit)
          .execute()
        for (const { rid, hour_ms } of rows) {
          await tables.deleteFrom('registry_activity').where('rid', '=', rid).where('hour_ms', '=', hour_ms).execute()
        }
        return rows.length
      }),
  }
}
