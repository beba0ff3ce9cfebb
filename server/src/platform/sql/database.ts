import type { Compilable, Kysely } from 'kysely'
import type { Distribution } from '../metrics/figure.ts'

/** The supported database products. */
export type DatabaseKind = 'sqlite' | 'postgres'

/** A value of a column. Booleans are 0 and 1, times are milliseconds since the epoch, and documents are JSON text. */
export type SqlValue = string | number | null | Uint8Array

/** Values by parameter name. */
export type SqlParameters = Readonly<Record<string, SqlValue>>

/**
 * One atomic change. The statements become visible together. When {@link Database.transaction} returns, they are
 * durable.
 */
export interface Transaction {
  readonly kind: DatabaseKind
  /** The query builder, typed with the tables of the caller's module. */
  tables<Tables>(): Kysely<Tables>
  /**
   * Declares that this change may revoke a permission or a credential. When the transaction is committed,
   * {@link Database.authorityRevision} has changed, which invalidates every cache of permissions.
   */
  changesAuthority(): void
  /**
   * Declares that content that could be read may be unreadable or different after this change. When the transaction is
   * committed, {@link Database.leasedContentRevision} has changed. A transaction that only adds content does not need
   * this declaration.
   */
  changesContent(): void
}

/** A read whose statement is built and compiled once. */
export interface PreparedRead<Parameters extends SqlParameters, Row> {
  readonly all: (parameters: Parameters) => Promise<Row[]>
  readonly first: (parameters: Parameters) => Promise<Row | undefined>
  /** Each row as an array of its columns, in the selected order. Arrays cost half as much as objects. */
  readonly values: (parameters: Parameters) => Promise<SqlValue[][]>
  /** Like {@link first}, but synchronous, for checks that cannot wait. Only SQLite supports this method. */
  readonly firstSync?: (parameters: Parameters) => Row | undefined
}

/**
 * Inserts rows in a separate transaction. When the function returns, all rows are durable. If the function throws, no
 * row is stored.
 */
export type PreparedInsert<Row> = (rows: readonly Row[]) => Promise<void>

/** The load of the writer since startup. */
export type WriterLoad = {
  /** The number of transactions in the queue. */
  readonly waiting: number
  /** The time for committing a group of transactions that share a flush. */
  readonly commitSeconds: Distribution
}

/** The histogram bounds of commit times, in seconds. */
export const commitBounds: readonly number[] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10]

export interface Database {
  readonly kind: DatabaseKind
  /** The query builder for committed data. The builder rejects writes. */
  tables<Tables>(): Kysely<Tables>
  /**
   * Prepares a read for code that runs often. `build` receives placeholders by parameter name and is called once.
   *
   * @example const findTag = database.prepare<Tables, { repository: number; name: string }, { digest: string }>(
   * ['repository', 'name'], (tables, p) => tables.selectFrom('tag').select('digest').where('repository', '=',
   * p.repository).where('name', '=', p.name))
   */
  prepare<Tables, Parameters extends SqlParameters, Row>(
    names: readonly (keyof Parameters & string)[],
    build: (tables: Kysely<Tables>, parameters: Parameters) => Compilable<Row>,
  ): PreparedRead<Parameters, Row>
  /**
   * Prepares inserts into a table for code that runs often. Each insert is a transaction that costs only one statement.
   * The values of a row must not be bytes.
   */
  prepareInsert<Row extends SqlParameters>(table: string, columns: readonly (keyof Row & string)[]): PreparedInsert<Row>
  /**
   * Runs `work` as one serializable transaction and returns its result when the changes are durable. Waiting
   * transactions may share one flush. `work` must contain only SQL, because it may run again after a conflict, and
   * other transactions wait for it. `work` must read only through the transaction. Behind a pooler, a second connection
   * could wait for other transactions that also wait for a second connection. If `work` throws, only its own changes
   * are rolled back, and the error is rethrown.
   */
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>
  /**
   * Like {@link transaction}, but at the same time no other process runs an exclusive transaction. This method is for
   * changes of the schema, and for the first rows. Each statement reads the data that was committed before the
   * statement. The transaction is not serializable with other transactions.
   */
  exclusiveTransaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>
  /**
   * A number that changes with every transaction that calls {@link Transaction.changesAuthority}, before the
   * transaction is acknowledged. A decision is valid as long as the revision is the same. Read the revision before the
   * data of the decision.
   */
  authorityRevision(): Promise<number>
  /**
   * The {@link authorityRevision}, or undefined if a query would be necessary. Use this method only for work that every
   * request does: see docs/decisions/0012-async-functions.md.
   */
  knownRevision(): number | undefined
  /**
   * A number that changes with every transaction that calls {@link Transaction.changesContent}, in any process, before
   * the transaction is acknowledged. Undefined if a query would be necessary. Always undefined on SQLite, where the
   * process itself makes all changes.
   */
  leasedContentRevision(): number | undefined
  /** The current load of the writer. */
  writerLoad(): WriterLoad
  /** Whether the database can write. If false, writes fail until the process is restarted. */
  canWrite(): boolean
  close(): Promise<void>
}

/**
 * Runs steps of a transaction that do not depend on each other's results, in order. SQLite receives the first
 * statements of all steps in one message. A message may wait for other work of the main thread, and other transactions
 * wait during this time.
 */
export async function together<Results extends readonly unknown[]>(
  { kind }: Transaction,
  steps: { readonly [Step in keyof Results]: () => Promise<Results[Step]> },
): Promise<Results> {
  if (kind === 'sqlite') return (await Promise.all(steps.map((step) => step()))) as unknown as Results
  const results: unknown[] = []
  for (const step of steps) results.push(await step())
  return results as unknown as Results
}
