import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { type Compilable, Kysely } from 'kysely'
import { readerBusyTimeoutMs } from './busy-timeout.ts'
import type { Database, PreparedRead, SqlParameters, SqlValue } from './database.ts'
import { prepareStatement } from './prepared-statement.ts'
import { readThrough, sqliteDialect } from './sqlite-dialect.ts'

/** The reads of a thread, which return the last committed state. Several threads can open the same file. */
export class SqliteReads implements Pick<Database, 'tables' | 'prepare'> {
  readonly #reader: DatabaseSync
  readonly #readerTables: Kysely<unknown>

  /** @param file an existing database file */
  constructor(file: string) {
    this.#reader = new DatabaseSync(file, { readOnly: true, timeout: readerBusyTimeoutMs })
    this.#reader.exec('pragma cache_size = -16384')
    this.#reader.exec('pragma mmap_size = 268435456')
    this.#readerTables = new Kysely({ dialect: sqliteDialect((query) => readThrough(this.#reader, query)) })
  }

  tables<Tables>(): Kysely<Tables> {
    return this.#readerTables as unknown as Kysely<Tables>
  }

  prepare<Tables, Parameters extends SqlParameters, Row>(
    names: readonly (keyof Parameters & string)[],
    build: (tables: Kysely<Tables>, parameters: Parameters) => Compilable<Row>,
  ): PreparedRead<Parameters, Row> {
    const prepared = prepareStatement(this.tables<Tables>(), names, build)
    let objects: StatementSync | undefined
    let arrays: StatementSync | undefined
    const run = () => (objects ??= this.#reader.prepare(prepared.sql))
    const runForArrays = () => {
      if (arrays === undefined) {
        arrays = this.#reader.prepare(prepared.sql)
        arrays.setReturnArrays(true)
      }
      return arrays
    }
    const firstSync = (parameters: Parameters) => run().get(...prepared.values(parameters)) as Row | undefined
    return {
      all: async (parameters) => run().all(...prepared.values(parameters)) as Row[],
      first: async (parameters) => firstSync(parameters),
      values: async (parameters) => runForArrays().all(...prepared.values(parameters)) as unknown as SqlValue[][],
      firstSync,
    }
  }

  close(): void {
    this.#reader.close()
  }
}
