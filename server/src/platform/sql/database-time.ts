import { sql } from 'kysely'
import type { Database } from './database.ts'

/** The time of the machine of a PostgreSQL server, in milliseconds since the epoch. */
export async function databaseTimeMs(database: Pick<Database, 'tables'>): Promise<number> {
  const query = sql<{ now_ms: string | number }>`select floor(extract(epoch from clock_timestamp()) * 1000) as now_ms`
  const { rows } = await query.execute(database.tables())
  return Number(rows[0]?.now_ms)
}
