import { open } from 'node:fs/promises'
import { DatabaseSync, backup } from 'node:sqlite'

/** The number of pages that the copy transfers between two progress reports. */
const pagesAtATime = 2000

/**
 * Copies a snapshot of a database, even while a server writes to the database. The copy is a single file, which is flushed and checked.
 *
 * @throws Error if the database or its copy is corrupt
 */
export async function copyDatabase(
  from: string,
  to: string,
  onProgress: (doneBytes: number, totalBytes: number) => void,
): Promise<void> {
  await (await open(to, 'wx', 0o600)).close()
  const source = new DatabaseSync(from, { readOnly: true, timeout: 10_000 })
  try {
    // While this transaction is open, every step copies from the snapshot of the transaction.
    source.exec('begin')
    const [page] = Object.values(source.prepare('pragma page_size').get() ?? {})
    source.prepare('select count(*) from sqlite_master').get()
    await backup(source, to, {
      rate: pagesAtATime,
      progress: ({ totalPages, remainingPages }) =>
        onProgress((totalPages - remainingPages) * Number(page), totalPages * Number(page)),
    })
  } finally {
    source.close()
  }
  const copy = new DatabaseSync(to, { timeout: 10_000 })
  try {
    copy.exec('pragma journal_mode = delete')
  } finally {
    copy.close()
  }
  const problems = databaseProblems(to)
  if (problems.length > 0) throw new Error(`the database is corrupt: ${problems.join('; ')}`)
  const handle = await open(to, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The problems that the integrity check of SQLite finds in a database file. */
export function databaseProblems(file: string): string[] {
  return reading(file, (database) => {
    const found = database
      .prepare('pragma integrity_check(20)')
      .all()
      .map((row) => String(row['integrity_check']))
    return found.filter((text) => text !== 'ok')
  })
}

/** The number of rows of each table of a database file. */
export function countRows(file: string): Record<string, number> {
  return reading(file, (database) => {
    const tables = database.prepare(`select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'`)
    const names = tables
      .all()
      .map(({ name }) => String(name))
      .toSorted()
    const countOf = (name: string) =>
      database.prepare(`select count(*) as n from "${name.replaceAll('"', '""')}"`).get()
    return Object.fromEntries(names.map((name) => [name, Number(countOf(name)?.['n'])]))
  })
}

/** The migrations that were applied to a database file. */
export function appliedMigrations(file: string): string[] {
  return reading(file, (database) =>
    database
      .prepare('select id from schema_migration')
      .all()
      .map(({ id }) => String(id)),
  )
}

function reading<Result>(file: string, work: (database: DatabaseSync) => Result): Result {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
  try {
    return work(database)
  } finally {
    database.close()
  }
}
