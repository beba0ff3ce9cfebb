import { AsyncLocalStorage } from 'node:async_hooks'
import { open } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextImmediate } from 'node:timers/promises'
import { type CompiledQuery, Kysely, type QueryResult } from 'kysely'
import { AuthorityMovedError, withoutCaller } from '../process/authorized-work.ts'
import { whileAuthorized } from './authorized-transaction.ts'
import type { Database, PreparedInsert, SqlParameters, SqlValue, Transaction, WriterLoad } from './database.ts'
import { commitBounds } from './database.ts'
import { Distribution } from '../metrics/figure.ts'
import { prepareStatement } from './prepared-statement.ts'
import { type RevisionCell, initialRevision } from './revision-cell.ts'
import { startCheckpoints } from './sqlite-checkpoints.ts'
import { type Execute, readThrough, sqliteDialect } from './sqlite-dialect.ts'
import { SqliteReads } from './sqlite-reads.ts'
import { SqliteWriter } from './sqlite-writer.ts'

/** A waiting transaction that runs work. */
type WorkJob = {
  readonly work: (transaction: Transaction) => Promise<unknown>
  /** The authority revision at which the caller was admitted. Undefined for work of the server itself. */
  readonly admittedAt: number | undefined
  readonly resolve: (result: unknown) => void
  readonly reject: (reason: unknown) => void
}
/** A waiting transaction that only inserts rows. */
type RowsJob = {
  readonly sql: string
  readonly rows: readonly (readonly SqlValue[])[]
  readonly resolve: (result: undefined) => void
  readonly reject: (reason: unknown) => void
}

/** A finished transaction of an uncommitted batch. */
type Outcome = {
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
  readonly authorityChanged: boolean
}

/** The maximum number of transactions that share one flush. */
const maxBatch = 128
/**
 * The time during which a batch that contains rows, such as the audit events of tokens, starts further work before the
 * commit.
 */
const batchWorkMs = 5

/** SQLite rolled back the whole batch, for example because the disk is full. */
class BatchRolledBackError extends Error {
  override readonly name = 'BatchRolledBackError'
}

/**
 * Opens a database in one file. Reads run on this thread and return the last committed state. Writes run on another
 * thread, one transaction after the other. Transactions that wait at the same time share one commit and one flush.
 *
 * @param revision stores the authority revision. By default, only this database reads the revision
 */
export async function openSqliteDatabase(
  file: string,
  revision: RevisionCell = { value: initialRevision },
): Promise<Database> {
  await makePrivateFile(file)
  const writer = await SqliteWriter.open(file)
  const checkpoints = startCheckpoints(file)
  return new SqliteDatabase(writer, new SqliteReads(file), { checkpoints, revision })
}

/** A consistent state of a database file. */
export type SqliteSnapshot = {
  readonly tables: <Tables>() => Kysely<Tables>
  readonly close: () => void
}

/** Opens a snapshot of a database file. A server may be writing the file. All reads return the same committed state. */
export function openSqliteSnapshot(file: string): SqliteSnapshot {
  const reader = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
  reader.exec('begin')
  const tables = new Kysely<unknown>({ dialect: sqliteDialect((query) => readThrough(reader, query)) })
  return { tables: <Tables>() => tables as unknown as Kysely<Tables>, close: () => reader.close() }
}

/** Creates the file with a private mode. SQLite creates its log with the same mode, regardless of the umask. */
async function makePrivateFile(file: string): Promise<void> {
  const handle = await open(file, 'a', 0o600)
  await handle.close()
}

class SqliteDatabase implements Database {
  readonly kind = 'sqlite'
  readonly tables: Database['tables']
  readonly prepare: Database['prepare']
  #writer: SqliteWriter
  #endCheckpoints: () => Promise<void>
  #reads: SqliteReads
  #works: WorkJob[] = []
  #rows: RowsJob[] = []
  #draining: Promise<void> | undefined
  #revision: RevisionCell
  #commitSeconds = new Distribution(commitBounds)

  constructor(
    writer: SqliteWriter,
    reads: SqliteReads,
    { checkpoints, revision }: { readonly checkpoints: () => Promise<void>; readonly revision: RevisionCell },
  ) {
    this.#endCheckpoints = checkpoints
    this.#writer = writer
    this.#reads = reads
    this.#revision = revision
    this.tables = () => reads.tables()
    this.prepare = (names, build) => reads.prepare(names, build)
  }

  exclusiveTransaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    // No other process uses the database.
    return this.transaction(work)
  }

  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return whileAuthorized((admittedAt) => this.#enqueue(work, admittedAt))
  }

  #enqueue<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    admittedAt: number | undefined,
  ): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      // The work belongs to its own caller, and not to the caller that begins the batch.
      const bound = AsyncLocalStorage.bind(work)
      this.#works.push({ work: bound, admittedAt, resolve: (result) => resolve(result as Result), reject })
      this.#draining ??= withoutCaller(() => this.#drain())
    })
  }

  prepareInsert<Row extends SqlParameters>(
    table: string,
    columns: readonly (keyof Row & string)[],
  ): PreparedInsert<Row> {
    const { sql, values } = prepareStatement<Record<string, SqlParameters>, Row, unknown>(
      this.tables(),
      columns,
      (tables, row) => tables.insertInto(table).values(row),
    )
    return (rows) =>
      new Promise<void>((resolve, reject) => {
        this.#rows.push({ sql, rows: rows.map(values), resolve, reject })
        this.#draining ??= withoutCaller(() => this.#drain())
      })
  }

  writerLoad(): WriterLoad {
    return { waiting: this.#waiting, commitSeconds: this.#commitSeconds }
  }

  canWrite(): boolean {
    return this.#writer.isRunning
  }

  async authorityRevision(): Promise<number> {
    return this.#revision.value
  }

  knownRevision(): number {
    return this.#revision.value
  }

  leasedContentRevision(): undefined {
    return undefined
  }

  async close(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining
    await this.#endCheckpoints()
    // The connection that is closed last writes the log into the database, so the writing connection must be closed
    // last.
    this.#reads.close()
    await this.#writer.close()
  }

  get #waiting(): number {
    return this.#works.length + this.#rows.length
  }

  async #drain(): Promise<void> {
    while (this.#waiting > 0) await this.#commitBatch()
    this.#draining = undefined
  }

  async #commitBatch(): Promise<void> {
    const beganMs = performance.now()
    this.#writer.execute({ kind: 'begin' }).catch((error: unknown) => {
      // If a transaction cannot be started, all waiting transactions fail.
      for (const job of [...this.#works.splice(0), ...this.#rows.splice(0)]) job.reject(error)
    })
    const kept: Outcome[] = []
    const running: Promise<void>[] = []
    try {
      for (let count = 0; count < maxBatch; count += 1) {
        running.push(...this.#rows.splice(0, maxBatch).map((job) => this.#addRows(job, kept)))
        const isOver = running.length > 0 && count > 0 && performance.now() - beganMs >= batchWorkMs
        const job = isOver ? undefined : this.#works.shift()
        if (job === undefined) break
        await this.#runWork(job, kept)
      }
      const committed = this.#writer.execute({ kind: 'commit' })
      committed.catch(() => undefined)
      await Promise.all(running)
      await committed
    } catch (error) {
      await this.#writer.execute({ kind: 'rollback' }).catch(() => undefined)
      // A failed commit may have been stored, so the revision changes.
      this.#moveRevision(kept)
      for (const { reject } of kept) reject(error)
      return
    }
    this.#commitSeconds.observe((performance.now() - beganMs) / 1000)
    this.#moveRevision(kept)
    for (const { resolve } of kept) resolve()
  }

  #moveRevision(kept: readonly Outcome[]): void {
    if (kept.some(({ authorityChanged }) => authorityChanged)) this.#revision.value += 1
  }

  /** Inserts rows in the batch. If the insert fails, the writer rolls back only these rows, and the batch continues. */
  async #addRows({ sql, rows, resolve, reject }: RowsJob, kept: Outcome[]): Promise<void> {
    try {
      await this.#writer.execute({ kind: 'rows', sql, rows })
      kept.push({ resolve: () => resolve(undefined), reject, authorityChanged: false })
    } catch (error) {
      reject(error)
    }
  }

  /**
   * Runs one transaction in the batch. If it fails, only its own changes are rolled back, and the batch continues.
   *
   * @throws BatchRolledBackError if the other transactions are rolled back, too
   */
  async #runWork(job: WorkJob, kept: Outcome[]): Promise<void> {
    // The revision changes only between batches. Transactions with the same commit as a revocation are committed before
    // the answer to the revocation.
    if (job.admittedAt !== undefined && job.admittedAt !== this.#revision.value) {
      job.reject(new AuthorityMovedError('the authority revision has moved'))
      // During this turn, the caller is authorized again. The job can then join this batch, because the revision last
      // changed before this batch.
      await nextImmediate()
      return
    }
    const transaction = new SqliteTransaction((query) => this.#write(query))
    const opened = this.#writer.execute({ kind: 'open-savepoint' })
    opened.catch(() => undefined)
    try {
      const result = await job.work(transaction)
      transaction.end()
      await opened
      await this.#writer.execute({ kind: 'keep-savepoint' })
      const { authorityChanged } = transaction
      kept.push({ resolve: () => job.resolve(result), reject: job.reject, authorityChanged })
    } catch (error) {
      transaction.end()
      job.reject(error)
      await this.#writer.execute({ kind: 'roll-back-savepoint' }).catch((cause: unknown) => {
        throw new BatchRolledBackError('the transactions that share a commit were rolled back', { cause })
      })
    }
  }

  async #write(query: CompiledQuery): Promise<QueryResult<unknown>> {
    const { rows, changes } = await this.#writer.execute({
      kind: 'statement',
      sql: query.sql,
      parameters: query.parameters,
    })
    return { rows, numAffectedRows: BigInt(changes) }
  }
}

class SqliteTransaction implements Transaction {
  readonly kind = 'sqlite'
  authorityChanged = false
  #execute: Execute
  #tables: Kysely<unknown> | undefined
  #ended = false

  constructor(write: Execute) {
    this.#execute = async (query) => {
      if (this.#ended) throw new Error('a transaction was used after its end')
      return write(query)
    }
  }

  tables<Tables>(): Kysely<Tables> {
    this.#tables ??= new Kysely({ dialect: sqliteDialect(this.#execute) })
    return this.#tables as unknown as Kysely<Tables>
  }

  changesAuthority(): void {
    this.authorityChanged = true
  }

  changesContent(): void {
    // On SQLite, the modules of this process remove changed content from their caches themselves.
  }

  /** Ends the transaction. Without this check, later statements would become part of another transaction. */
  end(): void {
    this.#ended = true
  }
}
