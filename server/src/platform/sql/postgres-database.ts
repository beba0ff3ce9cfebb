import { setTimeout as sleep } from 'node:timers/promises'
import { type Compilable, Kysely, PostgresDialect, type Transaction as KyselyTransaction, sql } from 'kysely'
import pg from 'pg'
import { awaitLeases } from '../leases/await-leases.ts'
import { leaseSchema, raiseRevision, selectLength, selectRevision } from '../leases/lease-statements.ts'
import { PostgresLease } from '../leases/postgres-lease.ts'
import type {
  Database,
  PreparedInsert,
  PreparedRead,
  SqlParameters,
  SqlValue,
  Transaction,
  WriterLoad,
} from './database.ts'
import { commitBounds } from './database.ts'
import { Distribution } from '../metrics/figure.ts'
import { DatabaseUnavailableError } from '../process/outage.ts'
import { systemErrorCode } from '../process/plain-reason.ts'
import { PostgresPool } from './postgres-pool.ts'
import { prepareStatement } from './prepared-statement.ts'

/**
 * The maximum number of attempts of a transaction, by SQLSTATE: a serialization failure, a deadlock, or a duplicate key. A
 * duplicate key is also the result of a race if the work looked for the row by another index: a retry finds the row. [PostgreSQL, Serializable Isolation Level]
 */
const attemptLimits: ReadonlyMap<string, number> = new Map([
  ['40001', 40],
  ['40P01', 40],
  ['23505', 10],
])

/** The maximum number of attempts of a transaction whose connection is lost before it is committed. */
const maxAttemptsWhenLost = 4

/** The lock for the creation of the tables that are not of a module. Any number that nothing else uses. [PostgreSQL, Advisory Locks] */
const schemaLock = 7_236_401

/**
 * Opens a database on a PostgreSQL server, which any number of Acrux processes can share. `directUrl` is for the connection of
 * the lease, if `url` is that of a pooler that shares connections between clients.
 */
export async function openPostgresDatabase(url: string, directUrl = url): Promise<Database> {
  const types = new pg.TypeOverrides()
  types.setTypeParser(pg.types.builtins.INT8, Number)
  const writers = new PostgresPool({ connectionString: url, types })
  const readers = new PostgresPool({ connectionString: readOnly(url), types })
  const tables = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: writers }) })
  try {
    await tables.transaction().execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(${schemaLock})`.execute(transaction)
      for (const statement of leaseSchema) await sql.raw(statement).execute(transaction)
    })
    const [terms] = await writers.query<{ length_ms: number }>({ text: selectLength })
    if (terms === undefined) throw new Error('the table authority_lease_terms is empty')
    const lease = new PostgresLease({ connectionString: directUrl }, terms.length_ms)
    lease.start()
    return new PostgresDatabase({ readers, writers, tables, lease })
  } catch (error) {
    await Promise.all([writers.end(), readers.end()])
    throw error
  }
}

/** The same server with read-only connections. [PostgreSQL, Client Connection Defaults] */
function readOnly(url: string): string {
  const address = new URL(url)
  const options = [address.searchParams.get('options'), '-c default_transaction_read_only=on']
  address.searchParams.set('options', options.filter(Boolean).join(' '))
  return address.href
}

type Parts = {
  readonly readers: PostgresPool
  readonly writers: PostgresPool
  readonly tables: Kysely<unknown>
  readonly lease: PostgresLease
}

class PostgresDatabase implements Database {
  readonly kind = 'postgres'
  #readers: PostgresPool
  #writers: PostgresPool
  #readTables: Kysely<unknown>
  #writeTables: Kysely<unknown>
  #lease: PostgresLease
  #preparedCount = 0
  #running = new Set<Promise<unknown>>()
  #closed = false
  #commitSeconds = new Distribution(commitBounds)

  constructor({ readers, writers, tables, lease }: Parts) {
    this.#readers = readers
    this.#writers = writers
    this.#lease = lease
    this.#readTables = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: readers.readOnly() }) })
    this.#writeTables = tables
  }

  tables<Tables>(): Kysely<Tables> {
    return this.#readTables as unknown as Kysely<Tables>
  }

  prepare<Tables, Parameters extends SqlParameters, Row>(
    names: readonly (keyof Parameters & string)[],
    build: (tables: Kysely<Tables>, parameters: Parameters) => Compilable<Row>,
  ): PreparedRead<Parameters, Row> {
    const prepared = prepareStatement(this.tables<Tables>(), names, build)
    const name = `acrux_${++this.#preparedCount}`
    const all = async (parameters: Parameters) => {
      const values = prepared.values(parameters)
      return (await this.#readers.query({ name, text: prepared.sql, values })) as Row[]
    }
    return {
      all,
      first: async (parameters) => (await all(parameters))[0],
      values: async (parameters) => {
        const query = { name, text: prepared.sql, values: prepared.values(parameters), rowMode: 'array' as const }
        return this.#readers.queryValues<SqlValue[]>(query)
      },
    }
  }

  prepareInsert<Row extends SqlParameters>(table: string): PreparedInsert<Row> {
    return async (rows) => {
      if (rows.length === 0) return
      const insert = async (transaction: Transaction) =>
        transaction
          .tables<Record<string, SqlParameters>>()
          .insertInto(table)
          .values([...rows])
          .execute()
      // Rows that are only added revoke nothing, and nothing was read that a revocation may have changed.
      await this.#track(this.#commit(insert))
    }
  }

  async transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return this.#track(this.#commitAndAwaitLeases(work))
  }

  /** Remembers a transaction until it has ended, for {@link close}. */
  async #track<Result>(running: Promise<Result>): Promise<Result> {
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  /**
   * A transaction may be a revocation, or may have read one that another process has committed and not answered yet. In both
   * cases, its result and its error are an answer: before it, the leases of earlier revisions must have ended.
   */
  async #commitAndAwaitLeases<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    const awaitAll = () => awaitLeases(this.#lease, (query) => this.#writers.query(query))
    let result: Result
    try {
      result = await this.#commit(work)
    } catch (error) {
      if (!this.#closed && !(error instanceof DatabaseUnavailableError)) await awaitAll()
      throw error
    }
    await awaitAll()
    return result
  }

  async #commit<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new Error('the database is closed')
    const beganMs = performance.now()
    const result = await this.#retry(work)
    this.#commitSeconds.observe((performance.now() - beganMs) / 1000)
    return result
  }

  async #retry<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(work)
      } catch (error) {
        if (attempt >= attemptLimitOf(error)) throw error
        await sleep(Math.random() * Math.min(4 * attempt ** 1.5, 250))
      }
    }
  }

  async authorityRevision(): Promise<number> {
    const leased = this.#lease.revision()
    if (leased !== undefined) return leased
    const [row] = await this.#readers.query<{ revision: number }>({
      name: 'acrux_authority_revision',
      text: selectRevision,
    })
    if (row === undefined) throw new Error('the table authority_revision is empty')
    this.#lease.heard(row.revision)
    return row.revision
  }

  writerLoad(): WriterLoad {
    return { waiting: this.#writers.waitingCount, commitSeconds: this.#commitSeconds }
  }

  canWrite(): boolean {
    return !this.#closed
  }

  async close(): Promise<void> {
    this.#closed = true
    // A pool that is ended drops those that wait for a connection.
    await Promise.allSettled(this.#running)
    await this.#lease.close()
    await Promise.all([this.#readers.end(), this.#writers.end()])
  }

  #attempt<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return this.#writeTables
      .transaction()
      .setIsolationLevel('serializable')
      .execute(async (tables) => {
        const transaction = new PostgresTransaction(tables)
        const result = await work(transaction)
        if (transaction.authorityChanged) await sql.raw(raiseRevision).execute(tables)
        return result
      })
  }
}

class PostgresTransaction implements Transaction {
  readonly kind = 'postgres'
  authorityChanged = false
  #tables: KyselyTransaction<unknown>

  constructor(tables: KyselyTransaction<unknown>) {
    this.#tables = tables
  }

  tables<Tables>(): Kysely<Tables> {
    return this.#tables as unknown as Kysely<Tables>
  }

  changesAuthority(): void {
    this.authorityChanged = true
  }
}

function attemptLimitOf(error: unknown): number {
  if (error instanceof DatabaseUnavailableError) return error.mayHaveCommitted ? 1 : maxAttemptsWhenLost
  return attemptLimits.get(systemErrorCode(error) ?? '') ?? 1
}
