import { AsyncLocalStorage } from 'node:async_hooks'
import type { PostgresPool as KyselyPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import pg from 'pg'
import { DatabaseUnavailableError } from '../process/outage.ts'
import { isBegin, queryWithBegin } from './postgres-begin.ts'
import { Silence } from '../leases/server-watch.ts'

/**
 * The classes and codes of `SQLSTATE` with which PostgreSQL closes a connection or rejects a new connection. These codes
 * mean connection exceptions, too many connections, shutdown, crash, start-up, timeouts of idle sessions, and a server
 * that became a standby. A pooler uses 08P01. [PostgreSQL, Appendix A]
 */
const unavailable = /^(?:08...|53300|57P0[1-5]|25P0[34]|25006)$/

/**
 * The source of the warning that a commit no longer waits for a standby. A failover may lose the transaction of such a
 * commit. [PostgreSQL, `syncrep.c`]
 */
const standbyWait = 'SyncRepWaitForLSN'

/** The error of a prepared statement that can no longer be executed, because a migration has changed its result. */
const stalePlan = { code: '0A000', message: /^cached plan must not change result type/ }

/** The pattern of the only statements that a query builder for reads sends. */
const read = /^\s*\(?\s*(?:select|with)\b/i

/** The message that commits the current transaction. Without a stored message, the statement is `commit`. */
export const commits = new AsyncLocalStorage<{ message: string }>()

/** The size and the time limits of a pool. */
export type PoolLimits = {
  readonly max: number
  /** The maximum time that a caller waits for a connection. */
  readonly connectionTimeoutMillis: number
  /** The maximum time of a statement. If a statement takes longer, its connection is closed. 0 means no limit. */
  readonly query_timeout: number
  /** A function that is called before each use of the pool, and that may throw. */
  readonly beforeUse?: () => void
  /**
   * Notifies the pool when the server does not respond. The pool also reports each response of the server to this
   * object.
   */
  readonly silence?: Silence
}

/**
 * Connections to a PostgreSQL server. A pooler may use another connection of the server for each transaction, so no
 * state is stored in a session. A lost connection never ends the process. The statement on a lost connection fails with
 * a {@link DatabaseUnavailableError}, and the next statement uses another connection.
 */
export class PostgresPool implements KyselyPool {
  readonly #newPool: () => pg.Pool
  #pool: pg.Pool
  #lost = new WeakSet<pg.PoolClient>()
  /** The open connections. */
  readonly #clients = new Set<pg.PoolClient>()
  /** The functions that end the waits for a connection when the server does not respond. */
  readonly #waits = new Set<(reason: DatabaseUnavailableError) => void>()
  #isReachable = true
  readonly #silence: Silence
  /** A part of the names of all prepared statements. When this number changes, all statements are prepared again. */
  #plans = 0
  #beforeUse: () => void

  constructor(config: pg.PoolConfig, { beforeUse = () => undefined, silence = new Silence(), ...limits }: PoolLimits) {
    this.#beforeUse = beforeUse
    this.#silence = silence
    silence.add(this)
    this.#newPool = () => {
      const pool = new pg.Pool({ ...config, ...limits })
      // The pool handles only the errors of idle connections. Without this listener, an error of another connection
      // would end the process.
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
   * Sets whether the server responds. If the server does not respond, all connections are closed. All callers,
   * including callers that wait for a response, then get a {@link DatabaseUnavailableError} at once.
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
      // After a timeout, the connection still waits for the response to an earlier statement, so no rollback can be
      // sent.
      if (text === 'rollback' && (unsent !== undefined || this.#lost.has(client))) return rolledBack
      if (text !== 'commit' || unsent === undefined) return this.#send<Row>(client, { text, values, begin: unsent })
      await this.#send(client, { text: unsent, values: [] })
      return this.#send<Row>(client, { text, values })
    }
    // Cursors are not configured, so the query builder calls `query` with text only.
    return { query: query as PostgresPoolClient['query'], release: (destroy) => this.#release(client, destroy) }
  }

  /**
   * Sends a statement of a transaction. If the transaction has not begun on the server yet, also sends the statement
   * that begins the transaction.
   */
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
      // The server has already rolled back the transaction of a lost connection.
      if (text === 'rollback') return rolledBack
      throw lost(error, text === 'commit')
    }
  }

  /** A connection for a query builder that only reads. If the connection is lost, the statement runs a second time. */
  readOnly(): KyselyPool {
    const query = async <Row>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<Row>> => {
      if (!read.test(text)) throw new Error('a read-only connection cannot write: use Database.transaction')
      const result = await this.#run((client) => client.query(text, [...values]), 2)
      return result as unknown as PostgresQueryResult<Row>
    }
    const client = { query: query as PostgresPoolClient['query'], release: () => undefined }
    return { connect: async () => client, end: () => this.end() }
  }

  /**
   * Runs a statement that may run twice, such as a read. If the connection is lost, the statement runs a second time.
   */
  async query<Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<Row[]> {
    return (await this.#runNamed(query, (client, named) => client.query<Row>(named))).rows
  }

  /** Like {@link query}, but returns rows as arrays. */
  async queryValues<Row extends unknown[]>(query: pg.QueryArrayConfig): Promise<Row[]> {
    return (await this.#runNamed(query, (client, named) => client.query<Row>(named))).rows
  }

  /**
   * Runs one statement that changes rows, in a separate transaction. If the connection is lost, the server may have
   * executed the statement.
   */
  async execute(query: pg.QueryConfig): Promise<void> {
    const run = async (client: pg.PoolClient, named: pg.QueryConfig) => {
      await client.query(named)
      if (this.#lost.has(client)) throw notReplicated()
    }
    await this.#runNamed(query, run, 1)
  }

  /** Closes the connections, and waits for connections that are in use. */
  async end(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end()
  }

  /**
   * Runs a statement that may be prepared. If the columns of its result have changed, this statement and all other
   * statements are prepared again.
   */
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

  /**
   * Runs a statement, and repeats it if the connection is lost, for at most `maxAttempts` attempts. Only a read may
   * have several attempts.
   */
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

  /** Returns a connection. Throws if no connection is free in time, or as soon as the server does not respond. */
  #connect(): Promise<pg.PoolClient> {
    return new Promise((resolve, reject) => {
      this.#beforeUse()
      if (!this.#isReachable) throw notResponding()
      const pool = this.#pool
      let hasEnded = false
      const end = (reason: DatabaseUnavailableError) => {
        hasEnded = true
        // A closed pool may call back late, or never.
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

  /** An error that the server reports is also a response. */
  #heard(error: unknown): void {
    if (error instanceof pg.DatabaseError) this.#silence.responded()
  }

  /** Closes a lost connection. Makes any other connection available to the next caller. */
  #release(client: pg.PoolClient, destroy = false): void {
    client.release(destroy || this.#lost.has(client))
  }

  /**
   * Whether an error is an error of the connection and not of the statement. Before the server closes a connection, it
   * sends the reason. The connection must not be used again during this time.
   */
  #isLost(client: pg.PoolClient, error: unknown): boolean {
    if (!this.#lost.has(client) && !isOfConnection(error)) return false
    this.#lost.add(client)
    return true
  }
}

/** The results of statements that are not sent, or not sent yet. */
const nothing: PostgresQueryResult<never> = { command: 'SELECT', rowCount: 0, rows: [] }
const rolledBack: PostgresQueryResult<never> = { command: 'ROLLBACK', rowCount: 0, rows: [] }

/**
 * Sends a statement and returns its result. The message of a commit may contain several statements, of which the last
 * statement is the commit.
 */
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
