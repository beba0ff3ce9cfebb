import { CompiledQuery, type KyselyPlugin, type QueryId } from 'kysely'
import type { Database } from '../../src/platform/sql/database.ts'

/** A read that was observed. */
export type ObservedRead = {
  readonly query: CompiledQuery
  /** The number of rows of the result. */
  readonly rows: number
}

/** A database that records its reads through {@link Database.tables}, oldest first. */
type ObservedDatabase = { readonly database: Database; readonly reads: ObservedRead[] }

/** Records the reads of a database. */
export function observeReads(database: Database): ObservedDatabase {
  const reads: ObservedRead[] = []
  const running = new WeakMap<QueryId, CompiledQuery>()
  const recorder: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      // The parts of a union come here too, and are not executed.
      running.set(queryId, database.tables().getExecutor().compileQuery(node, queryId))
      return node
    },
    transformResult: async ({ queryId, result }) => {
      const query = running.get(queryId)
      if (query !== undefined) reads.push({ query, rows: result.rows.length })
      return result
    },
  }
  const observed = new Proxy(database, {
    get: (target, name) => {
      if (name === 'tables') return () => target.tables().withPlugin(recorder)
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return { database: observed, reads }
}

/** A step of a plan of PostgreSQL, with the counts of its execution. */
type PostgresStep = {
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly Plans?: readonly PostgresStep[]
}

/** Executes a query of PostgreSQL again, and returns the number of rows that it reads from tables. */
export async function rowsReadByPostgres(database: Database, { sql, parameters }: CompiledQuery): Promise<number> {
  const explain = CompiledQuery.raw(`explain (analyze, format json) ${sql}`, [...parameters])
  // A connection for reads rejects it.
  const { rows } = await database.transaction((transaction) =>
    transaction.tables().executeQuery<{ 'QUERY PLAN': readonly { Plan: PostgresStep }[] }>(explain),
  )
  return rows.flatMap((row) => row['QUERY PLAN']).reduce((sum, { Plan }) => sum + rowsReadBy(Plan), 0)
}

function rowsReadBy(step: PostgresStep): number {
  if (step.Plans !== undefined) return step.Plans.reduce((sum, each) => sum + rowsReadBy(each), 0)
  const removed = (step['Rows Removed by Filter'] ?? 0) + (step['Rows Removed by Index Recheck'] ?? 0)
  return (step['Actual Rows'] + removed) * step['Actual Loops']
}

/** The steps of SQLite's plan for a query. SQLite does not count the rows that it reads. */
export async function planOfSqlite(database: Database, { sql, parameters }: CompiledQuery): Promise<string[]> {
  const explain = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters])
  const { rows } = await database.tables().executeQuery<{ detail: string }>(explain)
  return rows.map(({ detail }) => detail)
}
