import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  type Compilable,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Database, PreparedRead, SqlParameters, Transaction } from './database.ts'
import { prepareStatement } from './prepared-statement.ts'
import { SqliteWriter } from './sqlite-writer.ts'

type Job = {
  readonly work: (transaction: Transaction) => Promise<unknown>
  readonly resolve: (result: unknown) => void
  readonly reject: (reason: unknown) => void
}

/** How many transactions may share one flush, so that the first of them does not wait for ever. */
const batchLimit = 128

/**
 * A database in one file. Reads are made on this thread from the last committed state; writes go to a thread of their
 * own, one transaction after the other, those that queue meanwhile sharing one commit and so one flush.
 */
export async function openSqliteDatabase(file: string): Promise<Database> {
  const writer = await SqliteWriter.open(file)
  const reader = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
  reader.exec('pragma cache_size = -65536')
  reader.exec('pragma mmap_size = 268435456')
  return new SqliteDatabase(writer, reader)
}

class SqliteDatabase implements Database {
  readonly kind = 'sqlite'
  #writer: SqliteWriter
  #reader: DatabaseSync
  #readerTables: Kysely<unknown>
  #writerTables: Kysely<unknown>
  #queue: Job[] = []
  #draining: Promise<void> | undefined
  #revision = 1

  constructor(writer: SqliteWriter, reader: DatabaseSync) {
    this.#writer = writer
    this.#reader = reader
    this.#readerTables = new Kysely({ dialect: sqliteDialect((query) => this.#read(query)) })
    this.#writerTables = new Kysely({ dialect: sqliteDialect((query) => this.#write(query)) })
  }

  tables<Tables>(): Kysely<Tables> {
    return this.#readerTables as unknown as Kysely<Tables>
  }

  prepare<Tables, Parameters extends SqlParameters, Row>(
    names: readonly (keyof Parameters & string)[],
    build: (tables: Kysely<Tables>, parameters: Parameters) => Compilable<Row>,
  ): PreparedRead<Parameters, Row> {
    const prepared = prepareStatement(this.tables<Tables>(), names, build)
    let statement: StatementSync | undefined
    const run = () => (statement ??= this.#reader.prepare(prepared.sql))
    return {
      all: (parameters) => run().all(...prepared.values(parameters)) as Row[],
      first: (parameters) => run().get(...prepared.values(parameters)) as Row | undefined,
    }
  }

  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ work, resolve: (result) => resolve(result as Result), reject })
      this.#draining ??= this.#drain()
    })
  }

  authorityRevision(): number {
    return this.#revision
  }

  async close(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining
    await this.#writer.close()
    this.#reader.close()
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) await this.#commitBatch()
    this.#draining = undefined
  }

  async #commitBatch(): Promise<void> {
    const done: { readonly job: Job; readonly result: unknown }[] = []
    let authorityChanged = false
    try {
      await this.#writer.execute('begin immediate')
      for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
        const outcome = await this.#runJob(job)
        if (outcome !== undefined) {
          done.push({ job, result: outcome.result })
          authorityChanged ||= outcome.authorityChanged
        }
        if (done.length >= batchLimit) break
      }
      await this.#writer.execute('commit')
    } catch (error) {
      await this.#writer.execute('rollback').catch(() => undefined)
      for (const { job } of done) job.reject(error)
      return
    }
    if (authorityChanged) this.#revision += 1
    for (const { job, result } of done) job.resolve(result)
  }

  /** Runs one transaction inside the batch. Its own failure is undone and told to its caller; the batch goes on. */
  async #runJob(job: Job): Promise<{ readonly result: unknown; readonly authorityChanged: boolean } | undefined> {
    const transaction = new SqliteTransaction(this.#writerTables)
    const opened = this.#writer.execute('savepoint work')
    opened.catch(() => undefined)
    try {
      const result = await job.work(transaction)
      await opened
      await this.#writer.execute('release work')
      return { result, authorityChanged: transaction.authorityChanged }
    } catch (error) {
      await this.#writer.execute('rollback to work; release work').catch(() => undefined)
      job.reject(error)
      return undefined
    } finally {
      transaction.end()
    }
  }

  #read(query: CompiledQuery): QueryResult<unknown> {
    return { rows: this.#reader.prepare(query.sql).all(...(query.parameters as SQLInputValue[])) }
  }

  async #write(query: CompiledQuery): Promise<QueryResult<unknown>> {
    const { rows, changes } = await this.#writer.execute(query.sql, query.parameters)
    return { rows, numAffectedRows: BigInt(changes) }
  }
}

class SqliteTransaction implements Transaction {
  readonly kind = 'sqlite'
  authorityChanged = false
  #tables: Kysely<unknown> | undefined

  constructor(tables: Kysely<unknown>) {
    this.#tables = tables
  }

  tables<Tables>(): Kysely<Tables> {
    if (this.#tables === undefined) throw new Error('a transaction was used after its end')
    return this.#tables as unknown as Kysely<Tables>
  }

  changesAuthority(): void {
    this.authorityChanged = true
  }

  end(): void {
    this.#tables = undefined
  }
}

type Execute = (query: CompiledQuery) => QueryResult<unknown> | Promise<QueryResult<unknown>>

/** Kysely's compiler for SQLite over a function of ours; transactions are {@link Database.transaction}'s alone. */
function sqliteDialect(execute: Execute): Dialect {
  const connection: DatabaseConnection = {
    executeQuery: async <Row>(query: CompiledQuery) => (await execute(query)) as QueryResult<Row>,
    streamQuery: () => {
      throw new Error('streaming is not offered')
    },
  }
  const refuse = () => Promise.reject(new Error('use Database.transaction'))
  const driver: Driver = {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connection),
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
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
