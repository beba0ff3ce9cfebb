import type { Compilable, Kysely } from 'kysely'
import type { Distribution } from '../metrics/figure.ts'

/** The supported database products. */
export type DatabaseKind = 'sqlite' | 'postgres'

/** A value of a column. Booleans are 0 and 1, times are milliseconds since the epoch, documents are JSON text. */
export type SqlValue = string | number | null | Uint8Array

/** Values by parameter name. */
export type SqlParameters = Readonly<Record<string, SqlValue>>

/**
 * One atomic change. Its statements become visible together, and are durable when {@link Database.transaction} returns.
 */
export interface Transaction {
  readonly kind: DatabaseKind
  /** The query builder, with the tables of the caller's module. */
  tables<Tables>(): Kysely<Tables>
  /**
   * Declares that this change may revoke a permission or a credential. When the transaction is committed,
   * {@link Database.authorityRevision} has changed, which invalidates every cache of permissions.
   */
  changesAuthority(): void
  /**
   * Declares that after this change, content that could be read may be unreadable or different. When the transaction
   * is
   * committed, {@link Database.leasedContentRevision} has changed. Content that is only added does not change it.
   */
  changesContent(): void
}

/** A read whose statement is built and compiled once. */
export interface PreparedRead<Parameters extends SqlParameters, Row> {
  readonly all: (parameters: Parameters) => Promise<Row[]>
  readonly first: (parameters: Parameters) => Promise<Row | undefined>
  /** Each row as an array of its columns, in the selected order. Arrays cost half as much as objects. */
  readonly values: (parameters: Parameters) => Promise<SqlValue[][]>
  /** {@link first} without waiting, for checks that cannot wait. Only SQLite has it. */
  readonly firstSync?: (parameters: Parameters) => Row | undefined
}

/** Inserts rows in a transaction of their own: all are durable when it returns, or it throws and none is stored. */
export type PreparedInsert<Row> = (rows: readonly Row[]) => Promise<void>

/** The load of the writer since startup. */
export type WriterLoad = {
  /** Transactions in the queue. */
  readonly waiting: number
  /** The time to commit a group of transactions that share a flush. */
  readonly commitSeconds: Distribution
}

/** The histogram bounds of commit times, in seconds. */
export const commitBounds: readonly number[] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10]

export interface Database {
  readonly kind: DatabaseKind
  /** The query builder for committed data. Writes fail. */
  tables<Tables>(): Kysely<Tables>
  /**
   * Prepares a read for a hot path. `build` receives placeholders by parameter name and is called once.
   *
   * @example
   * const findTag = database.prepare<Tables, { repository: number; name: string }, { digest: string }>(
   *   ['repository', 'name'],
   *   (tables, p) => tables.selectFrom('tag').select('digest').where('repository', '=', p.repository).where('name', '=', p.name))
   */
  prepare<Tables, Parameters extends SqlParameters, Row>(
    names: readonly (keyof Parameters & string)[],
    build: (tables: Kysely<Tables>, parameters: Parameters) => Compilable<Row>,
  ): PreparedRead<Parameters, Row>
  /** Prepares inserts into a table for a hot path: a transaction that costs one statement. No value of a row may be bytes. */
  prepareInsert<Row extends SqlParameters>(table: string, columns: readonly (keyof Row & string)[]): PreparedInsert<Row>
  /**
   * Runs `work` as one serializable transaction and returns its result when it is durable. Waiting transactions may share
   * one flush. `work` must contain only SQL: it may run again after a conflict, and other transactions wait for it. It
   * reads through the transaction: behind a pooler, a second connection could wait for others that do the same. If it
   * throws, only its own changes are rolled back, and the error is rethrown.
   */
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>
  /**
   * Like {@link transaction}, while no other process runs one of these: for changes of the schema, and for the first rows. It
   * reads what was committed before each statement, and is not serializable with other transactions.
   */
  exclusiveTransaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>
  /**
   * A number that changes with every transaction that {@link Transaction.changesAuthority}, before the transaction is
   * acknowledged. A decision is valid while the revision is the same. Read the revision before the data of the decision.
   */
  authorityRevision(): Promise<number>
  /**
   * The {@link authorityRevision}, if it is known without a query; otherwise undefined. Only for what
   * every request does: see docs/decisions/0012-async-functions.md.
   */
  knownRevision(): number | undefined
  /**
   * A number that changes with every transaction that {@link Transaction.changesContent}, in any process, before the transaction is
   * acknowledged; undefined if it is not known without a query. Always undefined on SQLite, where the process
   * itself makes all changes.
   */
  leasedContentRevision(): number | undefined
  /** The current load of the writer. */
  writerLoad(): WriterLoad
  /** False if writes fail until the process is restarted. */
  canWrite(): boolean
  close(): Promise<void>
}

/**
 * Runs steps of a transaction that do not depend on each other's results, in order. SQLite gets their first statements in
 * one message: each message may wait for other work of the main thread, and other transactions wait meanwhile.
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
