import type { PostgresPool as KyselyPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import pg from 'pg'
import { DatabaseUnavailableError } from '../process/outage.ts'

/**
 * The classes and codes of SQLSTATE with which PostgreSQL ends a connection or rejects a new one: connection exceptions, too
 * many connections, shutdown, crash, start-up. [PostgreSQL, Appendix A]
 */
const unavailable = /^(?:08...|53300|57P0[1-3])$/

/**
 * Connections to a PostgreSQL server. A lost connection never ends the process: the statement that uses it fails with a
 * {@link DatabaseUnavailableError}, and the next statement gets another connection.
 */
export class PostgresPool implements KyselyPool {
  #pool: pg.Pool
  #lost = new WeakSet<pg.PoolClient>()

  constructor(config: pg.PoolConfig) {
    this.#pool = new pg.Pool({ ...config, max: 10, keepAlive: true })
    // The pool listens only to idle connections. Without a listener, the error of any other would end the process.
    this.#pool.on('connect', (client) => client.on('error', () => this.#lost.add(client)))
    this.#pool.on('error', () => undefined)
  }

  /** The number of callers that wait for a connection. */
  get waitingCount(): number {
    return this.#pool.waitingCount
  }

  /** A connection for a query builder that writes. It sends `commit` and `rollback` as statements. */
  async connect(): Promise<PostgresPoolClient> {
    const client = await this.#connect()
    const query = async <Row>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<Row>> => {
      try {
        return (await client.query(text, [...values])) as unknown as PostgresQueryResult<Row>
      } catch (error) {
        if (!this.#isLost(client, error)) throw error
        // The server has rolled back what a lost connection did not commit.
        if (text === 'rollback') return { command: 'ROLLBACK', rowCount: 0, rows: [] }
        throw lost(error, text === 'commit')
      }
    }
    // Cursors are not configured, so the query builder calls `query` with text only.
    return {
      query: query as PostgresPoolClient['query'],
      release: (destroy) => client.release(destroy === true || this.#lost.has(client)),
    }
  }

  /** The same for a query builder that only reads. A statement runs a second time if its connection is lost. */
  readOnly(): KyselyPool {
    const query = async <Row>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<Row>> => {
      const result = await this.#runTwice((client) => client.query(text, [...values]))
      return result as unknown as PostgresQueryResult<Row>
    }
    const client = { query: query as PostgresPoolClient['query'], release: () => undefined }
    return { connect: async () => client, end: () => this.end() }
  }

  /** Runs one statement that may run twice, such as a read: a second time if its connection is lost. */
  async query<Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<Row[]> {
    return (await this.#runTwice((client) => client.query<Row>(query))).rows
  }

  /** Like {@link query}, with rows as arrays. */
  async queryValues<Row extends unknown[]>(query: pg.QueryArrayConfig): Promise<Row[]> {
    return (await this.#runTwice((client) => client.query<Row>(query))).rows
  }

  /** Closes the connections. It waits for those that are in use. */
  async end(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end()
  }

  async #runTwice<Result>(run: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      const client = await this.#connect()
      try {
        return await run(client)
      } catch (error) {
        if (!this.#isLost(client, error)) throw error
        if (attempt === 2) throw lost(error, false)
      } finally {
        client.release(this.#lost.has(client))
      }
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect()
    } catch (error) {
      if (this.#pool.ending || (error instanceof pg.DatabaseError && !hasUnavailableCode(error))) throw error
      throw new DatabaseUnavailableError('the database server cannot be reached', { cause: error })
    }
  }

  /** The server sends its reason before it ends the connection, which must not return to the idle ones meanwhile. */
  #isLost(client: pg.PoolClient, error: unknown): boolean {
    if (error instanceof pg.DatabaseError && hasUnavailableCode(error)) this.#lost.add(client)
    return this.#lost.has(client)
  }
}

function hasUnavailableCode({ code }: pg.DatabaseError): boolean {
  return code !== undefined && unavailable.test(code)
}

function lost(cause: unknown, mayHaveCommitted: boolean): DatabaseUnavailableError {
  return new DatabaseUnavailableError('the database server ended the connection', { cause, mayHaveCommitted })
}
