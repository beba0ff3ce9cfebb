import { open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from '../files/durable-file.ts'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import type { Database, SqlParameters } from './database.ts'

/** One inserted row, as a line of the file. */
type Line = { readonly table: string; readonly row: SqlParameters }

type Waiter = { readonly text: string; readonly resolve: () => void; readonly reject: (reason: unknown) => void }

/** The maximum number of rows per statement, which is below the parameter limit of each database. */
const maxRows = 500

/** A file of rows that are inserted later, because the database currently accepts no changes. */
export class WaitingInserts {
  readonly #file: string
  #waiting: Waiter[] = []
  #writing: Promise<void> | undefined

  constructor(file: string) {
    this.#file = file
  }

  /** Adds rows without bytes. The rows are durable when the function returns. Concurrent calls share a flush. */
  append(table: string, rows: readonly SqlParameters[]): Promise<void> {
    const text = rows.map((row) => `${JSON.stringify({ table, row } satisfies Line)}\n`).join('')
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject })
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined
      })
    })
  }

  /**
   * Inserts the rows, deletes the file, and returns the number of rows. If the process ends between these steps, the
   * rows are inserted twice. Therefore, an event of the audit log is never lost, but may be repeated.
   */
  async moveTo(database: Database): Promise<number> {
    await this.#writing
    const lines = await readLines(this.#file)
    if (lines === undefined) return 0
    await database.transaction(async (transaction) => {
      for (const [table, rows] of Map.groupBy(lines, (line) => line.table)) {
        for (let start = 0; start < rows.length; start += maxRows) {
          const batch = rows.slice(start, start + maxRows).map(({ row }) => row)
          await transaction.tables<Record<string, SqlParameters>>().insertInto(table).values(batch).execute()
        }
      }
    })
    await rm(this.#file)
    await syncDirectory(dirname(this.#file))
    return lines.length
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0)
      try {
        await this.#appendDurably(batch.map(({ text }) => text).join(''))
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
  }

  async #appendDurably(text: string): Promise<void> {
    const handle = await open(this.#file, 'a', 0o600)
    try {
      const { size } = await handle.stat()
      try {
        await handle.appendFile(text)
        await handle.sync()
      } catch (error) {
        // The next line must not continue an incomplete line.
        await handle.truncate(size)
        throw error
      }
      if (size === 0) await syncDirectory(dirname(this.#file))
    } finally {
      await handle.close()
    }
  }
}

/** Returns undefined if there is no file. The last line is incomplete if the process was killed during the write. */
async function readLines(file: string): Promise<Line[] | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  })
  return text
    ?.split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)
}
