import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'

/** Executes one compiled statement. */
export type Execute = (query: CompiledQuery) => Promise<QueryResult<unknown>>

/** Reads with a connection. */
export async function readThrough(reader: DatabaseSync, query: CompiledQuery): Promise<QueryResult<unknown>> {
  return { rows: reader.prepare(query.sql).all(...(query.parameters as SQLInputValue[])) }
}

/**
 * Kysely's dialect for SQLite, which executes statements with `execute`. Transactions run only through {@link
 * Database.transaction}.
 */
export function sqliteDialect(execute: Execute): Dialect {
  const connection: DatabaseConnection = {
    executeQuery: async <Row>(query: CompiledQuery) => (await execute(query)) as QueryResult<Row>,
    streamQuery: () => {
      throw new Error('streaming is not supported')
    },
  }
  const reject = () => Promise.reject(new Error('use Database.transaction'))
  const driver: Driver = {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connection),
    beginTransaction: reject,
    commitTransaction: reject,
    rollbackTransaction: reject,
    releaseConnection: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  }
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => driver,
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}
