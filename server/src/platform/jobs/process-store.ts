import type { Database, Transaction } from '../sql/database.ts'

/** A server process. The table contains a row for a process while the process is running. */
type ProcessRow = {
  readonly id: string
  readonly beat: number
  /**
   * The host, the version and the start time are null for a process of an earlier version, which did not write them.
   */
  readonly host: string | null
  readonly version: string | null
  readonly started_at_ms: number | null
  /** The time of the last heartbeat, by the clock of the process. The value is used only for display. */
  readonly seen_at_ms: number | null
}

/** What a process writes about itself. */
export type ProcessDescription = {
  readonly host: string
  readonly version: string
  readonly startedAtMs: number
}

/** The claim of the process that runs the server-wide jobs. The table contains one row. */
type ClaimRow = { readonly name: string; readonly process: string }

type ProcessTables = { server_process: ProcessRow; process_claim: ClaimRow }

const jobs = 'jobs'

export type ProcessStore = ReturnType<typeof createProcessStore>

/** The SQL statements for the processes that share a database. */
export function createProcessStore(database: Database) {
  return { ...createPresence(database), ...createClaim(database) }
}

function createPresence(database: Database) {
  const change = <Result>(work: (tables: ReturnType<typeof within>) => Promise<Result>) =>
    database.transaction((transaction) => work(within(transaction)))
  return {
    list: () => database.tables<ProcessTables>().selectFrom('server_process').selectAll().execute(),
    exists: async (source: Pick<Transaction, 'tables'>, id: string) =>
      (await within(source).selectFrom('server_process').select('id').where('id', '=', id).executeTakeFirst()) !==
      undefined,
    insert: (id: string, { host, version, startedAtMs }: ProcessDescription, nowMs: number) =>
      change((tables) =>
        tables
          .insertInto('server_process')
          .values({ id, beat: 0, host, version, started_at_ms: startedAtMs, seen_at_ms: nowMs })
          .execute(),
      ),
    /** Counts a heartbeat. Returns false if the row of the process is missing. */
    beat: (id: string, nowMs: number) =>
      change(async (tables) => {
        const { numUpdatedRows } = await tables
          .updateTable('server_process')
          .set((row) => ({ beat: row('beat', '+', 1), seen_at_ms: nowMs }))
          .where('id', '=', id)
          .executeTakeFirst()
        return numUpdatedRows === 1n
      }),
    /** Removes a process, unless the process has sent another heartbeat. */
    remove: (id: string, beat: number) =>
      change(async (tables) => {
        const { numDeletedRows } = await tables
          .deleteFrom('server_process')
          .where('id', '=', id)
          .where('beat', '=', beat)
          .executeTakeFirst()
        return numDeletedRows === 1n
      }),
    /** Removes a process that ends, and the claim of this process. */
    leave: (id: string) =>
      change(async (tables) => {
        await tables.deleteFrom('process_claim').where('process', '=', id).execute()
        await tables.deleteFrom('server_process').where('id', '=', id).execute()
      }),
  }
}

function createClaim(database: Database) {
  return {
    /** The id of the process that has claimed the jobs. */
    jobsHolder: async () =>
      (
        await database
          .tables<ProcessTables>()
          .selectFrom('process_claim')
          .select('process')
          .where('name', '=', jobs)
          .executeTakeFirst()
      )?.process,
    /** Claims the jobs from a process that has stopped. Returns false if another process claimed the jobs first. */
    claimJobs: (process: string, before: string | undefined) =>
      database.transaction(async (transaction) => {
        const tables = within(transaction)
        if (before === undefined) {
          const { numInsertedOrUpdatedRows } = await tables
            .insertInto('process_claim')
            .values({ name: jobs, process })
            .onConflict((conflict) => conflict.column('name').doNothing())
            .executeTakeFirst()
          return numInsertedOrUpdatedRows === 1n
        }
        const { numUpdatedRows } = await tables
          .updateTable('process_claim')
          .set({ process })
          .where('name', '=', jobs)
          .where('process', '=', before)
          .executeTakeFirst()
        return numUpdatedRows === 1n
      }),
  }
}

function within(source: Pick<Transaction, 'tables'>) {
  return source.tables<ProcessTables>()
}
