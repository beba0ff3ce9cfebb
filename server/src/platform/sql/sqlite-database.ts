import { open } from 'node:fs/promises'
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

/** What a job left behind that was kept so far. */
type Outcome = { readonly job: Job; readonly result: unknown; readonly authorityChanged: boolean }

/** How many transactions may share one flush, so that the first of them does not wait for ever. */
const batchLimit = 128

/** SQLite has undone the whole batch by itself, as it does on a full disk. */
class BatchUndoneError extends Error {
  override readonly name = 'BatchUndoneError'
}

/**
 * A database in one file. Reads are made on this thread from the last committed state; writes go to a thread of their
 * own, one transaction after the other, those that queue meanwhile sharing one commit and so one flush.
 */
export async function openSqliteDatabase(file: string): Promise<Database> {
  await makePrivateFile(file)
  const writer = await SqliteWriter.open(file)
  const reader = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
  reader.exec('pragma cache_size = -65536')
  reader.exec('pragma mmap_size = 268435456')
  return new SqliteDatabase(writer, reader)
}

/** SQLite gives its log the mode of the database, so that one mode holds for all of it, whatever the umask. */
async function makePrivateFile(file: string): Promise<void> {
  const handle = await open(file, 'a', 0o600)
  await handle.close()
}

class SqliteDatabase implements Database {
  readonly kind = 'sqlite'
  #writer: SqliteWriter
  #reader: DatabaseSync
  #readerTables: Kysely<unknown>
  #queue: Job[] = []
  #draining: Promise<void> | undefined
  #revision = 1

  constructor(writer: SqliteWriter, reader: DatabaseSync) {
    this.#writer = writer
    this.#reader = reader
    this.#readerTables = new Kysely({ dialect: sqliteDialect((query) => this.#read(query)) })
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
    // The last connection to close writes the log into the database, and only one that writes can.
    this.#reader.close()
    await this.#writer.close()
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) await this.#commitBatch()
    this.#draining = undefined
  }

  async #commitBatch(): Promise<void> {
    try {
      await this.#writer.execute('begin immediate')
    } catch (error) {
      // Whoever waits is told: what cannot be begun now would be begun for them no sooner.
      for (const job of this.#queue.splice(0)) job.reject(error)
      return
    }
    const done: Outcome[] = []
    try {
      for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
        const outcome = await this.#runJob(job)
        if (outcome !== undefined) done.push(outcome)
        if (done.length >= batchLimit) break
      }
      await this.#writer.execute('commit')
    } catch (error) {
      await this.#writer.execute('rollback').catch(() => undefined)
      // A commit that failed may still have happened.
      this.#countAuthority(done)
      for (const { job } of done) job.reject(error)
      return
    }
    this.#countAuthority(done)
    for (const { job, result } of done) job.resolve(result)
  }

  #countAuthority(done: readonly Outcome[]): void {
    if (done.some(({ authorityChanged }) => authorityChanged)) this.#revision += 1
  }

  /**
   * Runs one transaction inside the batch. Its own failure is undone and told to its caller; the batch goes on.
   *
   * @throws BatchUndoneError when the others are undone with it
   */
  async #runJob(job: Job): Promise<Outcome | undefined> {
    const transaction = new SqliteTransaction((query) => this.#write(query))
    const opened = this.#writer.execute('savepoint work')
    opened.catch(() => undefined)
    try {
      const result = await job.work(transaction)
      await opened
      await this.#writer.execute('release work')
      return { job, result, authorityChanged: transaction.authorityChanged }
    } catch (error) {
      job.reject(error)
      await this.#writer.execute('rollback to work; release work').catch((cause: unknown) => {
        throw new BatchUndoneError('the transactions that shared a commit were undone', { cause })
      })
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
  #tables: Kysely<unknown>
  #ended = false

  constructor(write: Execute) {
    const execute: Execute = (query) => {
      if (this.#ended) throw new Error('a transaction was used after its end')
      return write(query)
    }
    this.#tables = new Kysely({ dialect: sqliteDialect(execute) })
  }

  tables<Tables>(): Kysely<Tables> {
    return this.#tables as unknown as Kysely<Tables>
  }

  changesAuthority(): void {
    this.authorityChanged = true
  }

  /** What is still sent through this transaction would land in that of somebody else. */
  end(): void {
    this.#ended = true
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
