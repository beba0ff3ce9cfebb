import type { Compilable, Kysely } from 'kysely'
import type { Distribution } from '../metrics/figure.ts'

/** The database products that Acrux speaks to. */
export type DatabaseKind = 'sqlite' | 'postgres'

/** What a column may hold. Truth values are 0 and 1, instants are milliseconds since the epoch, documents are JSON text. */
export type SqlValue = string | number | null | Uint8Array

/** Values by parameter name, as a prepared read takes them. */
export type SqlParameters = Readonly<Record<string, SqlValue>>

/**
 * One unit of change. Its statements are seen by nobody else until all of them are, and are on the disk when
 * {@link Database.transaction} returns.
 */
export interface Transaction {
  readonly kind: DatabaseKind
  /** The query builder, with the tables of the caller's module. */
  tables<Tables>(): Kysely<Tables>
  /**
   * States that this change may take a right or a credential away from somebody. When the transaction is committed,
   * {@link Database.authorityRevision} has moved, so that everything remembered about rights is forgotten.
   */
  changesAuthority(): void
}

/** A read whose statement is built and compiled once. */
export interface PreparedRead<Parameters extends SqlParameters, Row> {
  readonly all: (parameters: Parameters) => Row[] | Promise<Row[]>
  readonly first: (parameters: Parameters) => Row | undefined | Promise<Row | undefined>
  /** Every row as the values of its columns, in the order in which they are selected: half the price of objects. */
  readonly values: (parameters: Parameters) => SqlValue[][] | Promise<SqlValue[][]>
}

/** Adds rows as one transaction, which does nothing else: all are on the disk when it returns, or it throws and none is. */
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
  /** The query builder for reads of what is committed. Writing through it fails. */
  tables<Tables>(): Kysely<Tables>
  /**
   * Prepares a read for a hot path. `build` receives stand-ins by parameter name and is called once.
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
  /** Prepares the adding of rows to a table for a hot path: a whole transaction at the price of one statement. */
  prepareInsert<Row extends SqlParameters>(table: string, columns: readonly (keyof Row & string)[]): PreparedInsert<Row>
  /**
   * Runs `work` as one serialisable transaction and returns its result once that is on the disk. Transactions that wait
   * for one another may share one flush. `work` does nothing but SQL: it may be run again after a conflict, and others
   * wait for it. Whatever it throws undoes it alone and is thrown on.
   */
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>
  /**
   * A number that has moved whenever a transaction that {@link Transaction.changesAuthority} is acknowledged. What was
   * decided at one revision holds as long as the revision does. Read it before what it is to guard.
   */
  authorityRevision(): number | Promise<number>
  /** The current load of the writer. */
  writerLoad(): WriterLoad
  /** False when nothing can be written any more until the process is started anew. */
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
