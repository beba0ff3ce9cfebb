import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Compilable,
  Kysely,
  PostgresDialect,
  type PostgresPool as KyselyPool,
  type Transaction as KyselyTransaction,
  sql,
} from 'kysely'
import pg from 'pg'
import { awaitLeases } from '../leases/await-leases.ts'
import {
  commitMessage,
  leaseSchema,
  type Revisions,
  selectLength,
  selectRevisions,
} from '../leases/lease-statements.ts'
import { PostgresLease } from '../leases/postgres-lease.ts'
import { whileAuthorized } from './authorized-transaction.ts'
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
import { createSemaphore } from '../limits/semaphore.ts'
import { DatabaseBusyError, DatabaseUnavailableError } from '../process/outage.ts'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { type PostgresAccess, type PostgresAddress, connectionTo } from './postgres-address.ts'
import { type Commit, committing } from './postgres-commit.ts'
import { type Exclusive, type LockHolder, runExclusively } from './postgres-exclusive.ts'
import { PostgresPool } from './postgres-pool.ts'
import { requireUsableServer } from './postgres-server.ts'
import { ServerWatch, Silence } from '../leases/server-watch.ts'
import { prepareStatement } from './prepared-statement.ts'

/**
 * The maximum number of attempts of a transaction, by `SQLSTATE`: a serialization failure, a deadlock, or a duplicate
 * key. A race can also cause a duplicate key, if the work looked for the row by another index. A further attempt then
 * finds the row. [PostgreSQL, Serializable Isolation Level]
 */
const attemptLimits: ReadonlyMap<string, number> = new Map([
  ['40001', 40],
  ['40P01', 40],
  ['23505', 10],
])

/**
 * The maximum number of attempts of a transaction at the same time as other transactions. After these attempts,
 * conflicting transactions run one at a time. Otherwise, under load, each attempt could conflict with all other
 * attempts, and few transactions would be committed.
 */
const attemptsTogether = 3

/** The values of `SQLSTATE` of a transaction that conflicted with other transactions and must be repeated. */
const conflicts: ReadonlySet<string> = new Set(['40001', '40P01'])

/** The maximum number of attempts of a transaction whose connection is lost before it is committed. */
const maxAttemptsWhenLost = 4

/** The settings of a database on a PostgreSQL server. Any number of Acrux processes can share the database. */
export type PostgresOptions = PostgresAccess & {
  readonly url: PostgresAddress
  /**
   * The address of the server itself, if `url` is the address of a pooler. It is used for notifications and for changes
   * of the schema.
   */
  readonly directUrl?: PostgresAddress
  readonly maxReadConnections: number
  readonly maxWriteConnections: number
  /** The maximum time that a statement waits for a connection. */
  readonly connectionTimeoutMs: number
  /** The maximum time of a statement. */
  readonly statementTimeoutMs: number
  /** Whether a read through another connection during a transaction fails: see {@link Database.transaction}. */
  readonly rejectsNestedReads?: boolean
  /** A function that is called if an exclusive transaction waits for several seconds. */
  readonly onLockWait?: (holder: LockHolder) => void
}

/** Opens a database on a PostgreSQL server. @throws StartupError if the server cannot be used */
export async function openPostgresDatabase(options: PostgresOptions): Promise<Database> {
  const {
    url,
    directUrl = url,
    maxReadConnections,
    maxWriteConnections,
    connectionTimeoutMs,
    statementTimeoutMs,
  } = options
  const types = new pg.TypeOverrides()
  types.setTypeParser(pg.types.builtins.INT8, Number)
  const pooled = { ...connectionTo(url, options), types }
  const direct = { ...connectionTo(directUrl, options), types }
  const limits = { connectionTimeoutMillis: connectionTimeoutMs, query_timeout: statementTimeoutMs }
  for (const config of directUrl === url ? [direct] : [direct, pooled]) {
    await requireUsableServer({ ...config, connectionTimeoutMillis: connectionTimeoutMs })
  }
  const hasPooler = directUrl !== url
  const ofServer = new Silence()
  const ofPooler = hasPooler ? new Silence() : ofServer
  const writers = new PostgresPool(pooled, { ...limits, max: maxWriteConnections, silence: ofPooler })
  const nesting = options.rejectsNestedReads === true ? new AsyncLocalStorage<boolean>() : undefined
  const beforeUse = () => {
    if (nesting?.getStore() === true) throw new Error('a transaction used the connection of another transaction')
  }
  const readers = new PostgresPool(pooled, { ...limits, max: maxReadConnections, beforeUse, silence: ofPooler })
  // An exclusive transaction may wait for an exclusive transaction of another process, so statements have no time
  // limit.
  const exclusivePool = new PostgresPool(direct, { ...limits, max: 1, query_timeout: 0, silence: ofServer })
  const exclusive = { tables: tablesOf(exclusivePool), others: writers, onLockWait: options.onLockWait }
  try {
    await runExclusively(exclusive, async (tables) => {
      for (const statement of leaseSchema) await sql.raw(statement).execute(tables)
    })
    const [terms] = await writers.query<{ length_ms: number }>({ text: selectLength })
    if (terms === undefined) throw new Error('the table authority_lease_terms is empty')
    const lease = new PostgresLease(direct, terms.length_ms, ofServer)
    lease.start()
    const watch = new ServerWatch(pooled, terms.length_ms / 3, ofPooler)
    return new PostgresDatabase({ readers, writers, exclusivePool, exclusive, lease, watch, nesting })
  } catch (error) {
    await Promise.all([writers.end(), readers.end(), exclusivePool.end()])
    throw error
  }
}

/** The query builder on the connections of a pool. */
function tablesOf(pool: KyselyPool): Kysely<unknown> {
  return new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
}

type Parts = {
  readonly readers: PostgresPool
  readonly writers: PostgresPool
  readonly exclusivePool: PostgresPool
  readonly exclusive: Exclusive
  readonly lease: PostgresLease
  /** Checks whether the pooler responds. If there is no pooler, checks the server. */
  readonly watch: ServerWatch
  /** True within the work of a transaction. Undefined if nested reads are allowed. */
  readonly nesting: AsyncLocalStorage<boolean> | undefined
}

class PostgresDatabase implements Database {
  readonly kind = 'postgres'
  #readers: PostgresPool
  #writers: PostgresPool
  #exclusivePool: PostgresPool
  #exclusive: Exclusive
  #readTables: Kysely<unknown>
  #writeTables: Kysely<unknown>
  #lease: PostgresLease
  #watch: ServerWatch
  #nesting: AsyncLocalStorage<boolean> | undefined
  #preparedCount = 0
  #running = new Set<Promise<unknown>>()
  readonly #takeTurns = createSemaphore(1)
  #closed = false
  #commitSeconds = new Distribution(commitBounds)

  constructor({ readers, writers, exclusivePool, exclusive, lease, watch, nesting }: Parts) {
    this.#watch = watch
    this.#nesting = nesting
    this.#readers = readers
    this.#writers = writers
    this.#exclusivePool = exclusivePool
    this.#exclusive = exclusive
    this.#lease = lease
    this.#readTables = tablesOf(readers.readOnly())
    this.#writeTables = tablesOf(writers)
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

  prepareInsert<Row extends SqlParameters>(
    table: string,
    columns: readonly (keyof Row & string)[],
  ): PreparedInsert<Row> {
    const names = columns.map((name) => `"${name}"`).join(', ')
    // Building a statement with a parameter for each value would take many times longer.
    const text = `insert into "${table}" (${names}) select ${names} from json_populate_recordset(null::"${table}", $1)`
    const name = `acrux_${++this.#preparedCount}`
    return async (rows) => {
      if (rows.length === 0) return
      const insert = () => this.#writers.execute({ name, text, values: [JSON.stringify(rows)] })
      // The insert is a separate transaction. It reads nothing, so it needs no snapshot. It revokes nothing, so no
      // other process must acknowledge it.
      await this.#track(this.#commit(insert))
    }
  }

  async transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return whileAuthorized((admittedAt) =>
      this.#track(this.#commitAndAwaitLeases(() => this.#attempt(work, admittedAt))),
    )
  }

  async exclusiveTransaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    const attempt = () =>
      committing((commit) => runExclusively(this.#exclusive, (tables) => runOn(tables, work, commit)), undefined)
    return this.#track(this.#commitAndAwaitLeases(attempt))
  }

  /** Stores a running transaction until it has ended, for {@link close}. */
  async #track<Result>(running: Promise<Result>): Promise<Result> {
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  /**
   * The transaction may be a revocation. It may also have read a revocation of another process that is committed but
   * not completed. In both cases, the result or the error of the transaction is an answer to a client. Before the
   * answer, the leases of earlier revisions must have ended.
   */
  async #commitAndAwaitLeases<Result>(attempt: () => Promise<Result>): Promise<Result> {
    const awaitAll = () => awaitLeases(this.#lease, (query) => this.#writers.query(query))
    let result: Result
    try {
      result = await this.#commit(attempt)
    } catch (error) {
      if (!this.#closed && !(error instanceof DatabaseUnavailableError)) await awaitAll()
      throw error
    }
    await awaitAll()
    return result
  }

  async #commit<Result>(attempt: () => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new Error('the database is closed')
    const beganMs = performance.now()
    const result = await retry(attempt, this.#takeTurns)
    this.#commitSeconds.observe((performance.now() - beganMs) / 1000)
    return result
  }

  knownRevision(): number | undefined {
    return this.#lease.revisions()?.authority
  }

  leasedContentRevision(): number | undefined {
    return this.#lease.revisions()?.content
  }

  async authorityRevision(): Promise<number> {
    const leased = this.knownRevision()
    if (leased !== undefined) return leased
    const [row] = await this.#readers.query<Revisions>({ name: 'acrux_revisions', text: selectRevisions })
    if (row === undefined) throw new Error('the table authority_revision is empty')
    this.#lease.heard(row.revision)
    return row.authority
  }

  writerLoad(): WriterLoad {
    return { waiting: this.#writers.waitingCount, commitSeconds: this.#commitSeconds }
  }

  canWrite(): boolean {
    return !this.#closed
  }

  async close(): Promise<void> {
    this.#closed = true
    // A pool that is closed drops the callers that wait for a connection.
    await Promise.allSettled(this.#running)
    await Promise.all([this.#lease.close(), this.#watch.close()])
    await Promise.all([this.#readers.end(), this.#writers.end(), this.#exclusivePool.end()])
  }

  #attempt<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    admittedAt: number | undefined,
  ): Promise<Result> {
    const transaction = this.#writeTables.transaction().setIsolationLevel('serializable')
    const attempt = () =>
      committing((commit) => transaction.execute((tables) => runOn(tables, work, commit)), admittedAt)
    return this.#nesting === undefined ? attempt() : this.#nesting.run(true, attempt)
  }
}

async function runOn<Result>(
  tables: KyselyTransaction<unknown>,
  work: (transaction: Transaction) => Promise<Result>,
  commit: Commit,
): Promise<Result> {
  const transaction = new PostgresTransaction(tables)
  const result = await work(transaction)
  commit.message = commitMessage({ ...transaction.changes, admittedAt: commit.admittedAt })
  return result
}

async function retry<Result>(
  attempt: () => Promise<Result>,
  inTurn: ReturnType<typeof createSemaphore>,
): Promise<Result> {
  for (let number = 1; ; number += 1) {
    try {
      return await (number <= attemptsTogether ? attempt() : inTurn(attempt))
    } catch (error) {
      if (number < attemptLimitOf(error)) await sleep(Math.random() * Math.min(4 * number ** 1.5, 250))
      else if (!conflicts.has(systemErrorCode(error) ?? '')) throw error
      else
        throw new DatabaseBusyError('all attempts of a transaction conflicted with other transactions', {
          cause: error,
        })
    }
  }
}

class PostgresTransaction implements Transaction {
  readonly kind = 'postgres'
  /** The increments of the revisions. */
  readonly changes = { authority: 0, content: 0 }
  #tables: KyselyTransaction<unknown>

  constructor(tables: KyselyTransaction<unknown>) {
    this.#tables = tables
  }

  tables<Tables>(): Kysely<Tables> {
    return this.#tables as unknown as Kysely<Tables>
  }

  changesAuthority(): void {
    this.changes.authority = 1
  }

  changesContent(): void {
    this.changes.content = 1
  }
}

function attemptLimitOf(error: unknown): number {
  if (error instanceof DatabaseUnavailableError) return error.mayHaveCommitted ? 1 : maxAttemptsWhenLost
  return attemptLimits.get(systemErrorCode(error) ?? '') ?? 1
}
