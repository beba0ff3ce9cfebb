import { AsyncLocalStorage } from 'node:async_hooks'
import type { PostgresPool as KyselyPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import pg from 'pg'
import { DatabaseUnavailableError } from '../process/outage.ts'
import { isBegin, queryWithBegin } from './postgres-begin.ts'
import { Silence } from '../leases/server-watch.ts'

/**
 * The classes and codes of SQLSTATE with which PostgreSQL ends a connection or rejects a new one: connection exceptions, too
 * many connections, shutdown, crash, start-up, timeouts of idle sessions, and a server that became a standby. A pooler uses
 * 08P01. [PostgreSQL, Appendix A]
 */
const unavailable = /^(?:08...|53300|57P0[1-5]|25P0[34]|25006)$/

/**
 * The source of the warning that a commit no longer waits for a standby. A failover may lose such a commit.
 * [PostgreSQL, syncrep.c]
 */
const standbyWait = 'SyncRepWaitForLSN'

/** A prepared statement cannot be executed any more, because a migration has changed its result. */
const stalePlan = { code: '0A000', message: /^cached plan must not change result type/ }

/** The only statements that a query builder for reads sends. */
const read = /^\s*\(?\s*(?:select|with)\b/i

/** The statements with which a transaction is committed; `commit` alone without a store. */
export const commits = new AsyncLocalStorage<{ message: string }>()

/** The size of a pool, and its times. */
export type PoolLimits = {
  readonly max: number
  /** How long a caller waits for a connection. */
  readonly connectionTimeoutMillis: number
  /** How long a statement may take. A connection on which one takes longer is closed. 0 is no limit. */
  readonly query_timeout: number
  /** Called before each use. It may throw. */
  readonly beforeUse?: () => void
  /** Notifies the pool when the server does not respond. The pool reports each response of the server to it. */
  readonly silence?: Silence
}

/**
 * Connections to a PostgreSQL server, which may pass a pooler that gives each transaction another connection: nothing is
 * stored in a session. A lost connection never terminates the process: the statement that uses it fails with a
 * {@link DatabaseUnavailableError}, and the next statement gets another connection.
 */
export class PostgresPool implements KyselyPool {
  readonly #newPool: () => pg.Pool
  #pool: pg.Pool
  #lost = new WeakSet<pg.PoolClient>()
  /** The open connections. */
  readonly #clients = new Set<pg.PoolClient>()
  /** End the waits for a connection when the server is found to be unreachable. */
  readonly #waits = new Set<(reason: DatabaseUnavailableError) => void>()
  #isReachable = true
  readonly #silence: Silence
  /** A part of the names of all prepared statements: with another value, all statements are prepared again. */
  #plans = 0
  #beforeUse: () => void

  constructor(config: pg.PoolConfig, { beforeUse = () => undefined, silence = new Silence(), ...limits }: PoolLimits) {
    this.#beforeUse = beforeUse
    this.#silence = silence
    silence.add(this)
    this.#newPool = () => {
      const pool = new pg.Pool({ ...config, ...limits })
      // The pool listens only to idle connections. Without a listener, the error of any other would end the process.
      pool.on('connect', (client) => {
        this.#clients.add(client)
        client.on('error', () => this.#lost.add(client))
        client.on('notice', ({ routine }) => routine === standbyWait && this.#lost.add(client))
      })
      pool.on('remove', (client) => this.#clients.delete(client))
      pool.on('error', () => undefined)
      return pool
    }
    this.#pool = this.#newPool()
  }

  /**
   * Sets whether the server responds. When it does not, all connections are closed, and all callers get a
   * {@link DatabaseUnavailableError} at once, also callers that wait for a response.
   */
  setReachable(isReachable: boolean): void {
    if (this.#isReachable === isReachable || this.#pool.ending) return
    this.#isReachable = isReachable
    if (isReachable) return
    const left = this.#pool
    this.#pool = this.#newPool()
    for (const end of this.#waits) end(notResponding())
    for (const client of this.#clients) {
      this.#lost.add(client)
      client.connection.stream.destroy()
    }
    this.#clients.clear()
    left.end().catch(() => undefined)
  }

  /** The number of callers that wait for a connection. */
  get waitingCount(): number {
    return this.#pool.waitingCount
  }

  /** A connection for a query builder that writes. The query builder sends `commit` and `rollback` as statements. */
  async connect(): Promise<PostgresPoolClient> {
    const client = await this.#connect()
    let begin: string | undefined
    const query = async <Row>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<Row>> => {
      if (isBegin(text)) {
        begin = text
        return nothing
      }
      const unsent = begin
      begin = undefined
      // After a timeout, the connection still waits for the response to the earlier statement.
      if (text === 'rollback' && (unsent !== undefined || this.#lost.has(client))) return rolledBack
      if (text !== 'commit' || unsent === undefined) return this.#send<Row>(client, { text, values, begin: unsent })
      await this.#send(client, { text: unsent, values: [] })
      return this.#send<Row>(client, { text, values })
    }
    // Cursors are not configured, so the query builder calls `query` with text only.
    return { query: query as PostgresPoolClient['query'], release: (destroy) => this.#release(client, destroy) }
  }

  /** Sends a statement of a transaction, with the one that begins the transaction if it is not sent yet. */
  async #send<Row>(
    client: pg.PoolClient,
    { text, values, begin }: { text: string; values: readonly unknown[]; begin?: string | undefined },
  ): Promise<PostgresQueryResult<Row>> {
    try {
      const result = await sendStatement(client, { text, values, begin })
      this.#silence.responded()
      if (text === 'commit' && this.#lost.has(client)) throw notReplicated()
      return result as unknown as PostgresQueryResult<Row>
    } catch (error) {
      this.#heard(error)
      if (!this.#isLost(client, error)) throw error
      // The server has rolled back what a lost connection did not commit.
      if (text === 'rollback') return rolledBack
      throw lost(error, text === 'commit')
    }
  }

  /** A connection for a query builder that only reads. A statement runs a second time if its connection is lost. */
  readOnly(): KyselyPool {
    const query = async <Row>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<Row>> => {
      if (!read.test(text)) throw new Error('a read-only connection cannot write: use Database.transaction')
      const result = await this.#run((client) => client.query(text, [...values]), 2)
      return result as unknown as PostgresQueryResult<Row>
    }
    const client = { query: query as PostgresPoolClient['query'], release: () => undefined }
    return { connect: async () => client, end: () => this.end() }
  }

  /** Runs one statement that may run twice, such as a read: a second time if its connection is lost. */
  async query<Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<Row[]> {
    return (await this.#runNamed(query, (client, named) => client.query<Row>(named))).rows
  }

  /** Like {@link query}, with rows as arrays. */
  async queryValues<Row extends unknown[]>(query: pg.QueryArrayConfig): Promise<Row[]> {
    return (await this.#runNamed(query, (client, named) => client.query<Row>(named))).rows
  }

  /** Runs one statement that changes rows, as a transaction of its own. After a lost connection, it may have run. */
  async execute(query: pg.QueryConfig): Promise<void> {
    const run = async (client: pg.PoolClient, named: pg.QueryConfig) => {
      await client.query(named)
      if (this.#lost.has(client)) throw notReplicated()
    }
    await this.#runNamed(query, run, 1)
  }

  /** Closes the connections. The function waits for connections that are in use. */
  async end(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end()
  }

  /** Runs a statement that may be prepared. It is prepared again, as are all others, if its result has changed. */
  async #runNamed<Query extends pg.QueryConfig, Result>(
    query: Query,
    run: (client: pg.PoolClient, named: Query) => Promise<Result>,
    maxAttempts = 2,
  ): Promise<Result> {
    if (query.name === undefined) return this.#run((client) => run(client, query), maxAttempts)
    const plans = this.#plans
    const named = { ...query, name: `${query.name}.${plans}` }
    try {
      return await this.#run((client) => run(client, named), maxAttempts)
    } catch (error) {
      if (!isStalePlan(error)) throw error
      if (this.#plans === plans) this.#plans += 1
      return this.#run((client) => run(client, { ...query, name: `${query.name}.${this.#plans}` }), maxAttempts)
    }
  }

  /** Runs a statement, and again if its connection is lost, as long as it has attempts. Only a read may have more than one. */
  async #run<Result>(run: (client: pg.PoolClient) => Promise<Result>, maxAttempts: number): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      const client = await this.#connect()
      try {
        const result = await run(client)
        this.#silence.responded()
        return result
      } catch (error) {
        this.#heard(error)
        if (!this.#isLost(client, error)) throw error
        if (attempt === maxAttempts) throw lost(error, maxAttempts === 1)
      } finally {
        this.#release(client)
      }
    }
  }

  /** A connection; an error if there is none in time, or as soon as the server is found to be unreachable. */
  #connect(): Promise<pg.PoolClient> {
    return new Promise((resolve, reject) => {
      this.#beforeUse()
      if (!this.#isReachable) throw notResponding()
      const pool = this.#pool
      let hasEnded = false
      const end = (reason: DatabaseUnavailableError) => {
        hasEnded = true
        // A pool that is ended may call back late, or never.
        this.#waits.delete(end)
        reject(reason)
      }
      this.#waits.add(end)
      pool.connect((error, client) => {
        this.#waits.delete(end)
        if (client === undefined) reject(pool.ending ? error : cannotReach(error))
        else if (hasEnded) client.release(true)
        else resolve(client)
      })
    })
  }

  /** An error that the server reports is a response, too. */
  #heard(error: unknown): void {
    if (error instanceof pg.DatabaseError) this.#silence.responded()
  }

  /** Closes a connection that was lost, and gives any other to the next caller. */
  #release(client: pg.PoolClient, destroy = false): void {
    client.release(destroy || this.#lost.has(client))
  }

  /**
   * Whether an error is that of the connection and not of the statement. The server sends its reason before it ends the
   * connection, which must not return to the idle ones meanwhile.
   */
  #isLost(client: pg.PoolClient, error: unknown): boolean {
    if (!this.#lost.has(client) && !isOfConnection(error)) return false
    this.#lost.add(client)
    return true
  }
}

/** The result of a statement that is not sent, or not sent yet. */
const nothing: PostgresQueryResult<never> = { command: 'SELECT', rowCount: 0, rows: [] }
const rolledBack: PostgresQueryResult<never> = { command: 'ROLLBACK', rowCount: 0, rows: [] }

/** A commit may be several statements, of which the last one is the commit. */
async function sendStatement(
  client: pg.PoolClient,
  { text, values, begin }: { text: string; values: readonly unknown[]; begin?: string | undefined },
): Promise<pg.QueryResult | undefined> {
  if (begin !== undefined) return queryWithBegin(client, begin, { text, values })
  const sent = text === 'commit' ? (commits.getStore()?.message ?? text) : text
  const result: pg.QueryResult | pg.QueryResult[] = await client.query(sent, [...values])
  return Array.isArray(result) ? result.at(-1) : result
}

function isOfConnection(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return hasUnavailableCode(error)
  return error instanceof Error && error.message === 'Query read timeout'
}

function hasUnavailableCode({ code }: pg.DatabaseError): boolean {
  return code !== undefined && unavailable.test(code)
}

function isStalePlan(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === stalePlan.code && stalePlan.message.test(error.message)
}

function lost(cause: unknown, mayHaveCommitted: boolean): DatabaseUnavailableError {
  return new DatabaseUnavailableError('the database server ended the connection', { cause, mayHaveCommitted })
}

function notReplicated(): Error {
  return new Error('the standby may not have received the transaction')
}

function cannotReach(cause: unknown): DatabaseUnavailableError {
  return new DatabaseUnavailableError('the database server cannot be reached', { cause })
}

function notResponding(): DatabaseUnavailableError {
  return new DatabaseUnavailableError('the database server does not respond', { cause: undefined })
}
