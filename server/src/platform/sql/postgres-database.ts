import { setTimeout as sleep } from 'node:timers/promises'
import { type Compilable, Kysely, PostgresDialect, type Transaction as KyselyTransaction, sql } from 'kysely'
import pg from 'pg'
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

const revisionSchema = sql`create table if not exists authority_revision ("only" smallint primary key check ("only" = 1), value bigint not null)`
const revisionSeed = sql`insert into authority_revision ("only", value) values (1, 1) on conflict do nothing`
const revisionStep = sql`update authority_revision set value = value + 1 where "only" = 1`

/** Opens a database on a PostgreSQL server, which any number of Acrux processes can share. */
export async function openPostgresDatabase(url: string): Promise<Database> {
  const types = new pg.TypeOverrides()
  types.setTypeParser(pg.types.builtins.INT8, Number)
  const writers = new PostgresPool({ connectionString: url, types })
  const readers = new PostgresPool({ connectionString: readOnly(url), types })
  const tables = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: writers }) })
  await revisionSchema.execute(tables)
  await revisionSeed.execute(tables)
  return new PostgresDatabase(readers, writers, tables)
}

/** The same server with read-only connections. [PostgreSQL, Client Connection Defaults] */
function readOnly(url: string): string {
  const address = new URL(url)
  const options = [address.searchParams.get('options'), '-c default_transaction_read_only=on']
  address.searchParams.set('options', options.filter(Boolean).join(' '))
  return address.href
}

class PostgresDatabase implements Database {
  readonly kind = 'postgres'
  #readers: PostgresPool
  #writers: PostgresPool
  #readTables: Kysely<unknown>
  #writeTables: Kysely<unknown>
  #preparedCount = 0
  #running = new Set<Promise<unknown>>()
  #closed = false
  #commitSeconds = new Distribution(commitBounds)

  constructor(readers: PostgresPool, writers: PostgresPool, writeTables: Kysely<unknown>) {
    this.#readers = readers
    this.#writers = writers
    this.#readTables = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: readers.readOnly() }) })
    this.#writeTables = writeTables
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
      return (await this.#readers.read({ name, text: prepared.sql, values })) as Row[]
    }
    return {
      all,
      first: async (parameters) => (await all(parameters))[0],
      values: async (parameters) => {
        const query = { name, text: prepared.sql, values: prepared.values(parameters), rowMode: 'array' as const }
        return this.#readers.readValues<SqlValue[]>(query)
      },
    }
  }

  prepareInsert<Row extends SqlParameters>(table: string): PreparedInsert<Row> {
    return async (rows) => {
      if (rows.length === 0) return
      await this.transaction((transaction) =>
        transaction
          .tables<Record<string, SqlParameters>>()
          .insertInto(table)
          .values([...rows])
          .execute(),
      )
    }
  }

  async transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new Error('the database is closed')
    const beganMs = performance.now()
    const result = this.#retry(work)
    this.#running.add(result)
    try {
      const done = await result
      this.#commitSeconds.observe((performance.now() - beganMs) / 1000)
      return done
    } finally {
      this.#running.delete(result)
    }
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
    const text = 'select value from authority_revision where "only" = 1'
    const rows = await this.#readers.read<{ value: number }>({ name: 'acrux_authority_revision', text })
    return rows[0]?.value ?? 0
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
    await Promise.all([this.#readers.end(), this.#writers.end()])
  }

  #attempt<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return this.#writeTables
      .transaction()
      .setIsolationLevel('serializable')
      .execute(async (tables) => {
        const transaction = new PostgresTransaction(tables)
        const result = await work(transaction)
        if (transaction.authorityChanged) await revisionStep.execute(tables)
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
