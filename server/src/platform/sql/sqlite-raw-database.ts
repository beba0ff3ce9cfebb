import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Kysely } from 'kysely'
import type { Database, SqlValue } from './database.ts'
import {
  columnKind,
  isOfDatabase,
  keyColumns,
  quoted,
  quotedList,
  type RawDatabase,
  type RawRow,
  type RawTable,
  type RawTarget,
  rawTable,
  targetTable,
} from './raw-database.ts'
import { readThrough, sqliteDialect } from './sqlite-dialect.ts'
import { openSqliteDatabase } from './sqlite-database.ts'

/** The number of rows after which other work of the process can run. */
const rowsPerTurn = 1000

/** Opens a database file to copy its rows. A server may be writing the file. */
export function openSqliteSource(file: string): RawDatabase {
  return new SqliteRawDatabase(file, undefined)
}

/**
 * Opens a database file to fill it with rows. `create` creates the tables if they are missing. Until the file is
 * complete, its triggers are stored as statements in a table.
 */
export async function openSqliteTarget(
  file: string,
  create: (database: Database) => Promise<void>,
): Promise<RawTarget> {
  const database = await openSqliteDatabase(file)
  try {
    await create(database)
  } finally {
    await database.close()
  }
  const writer = new DatabaseSync(file, { timeout: 10_000 })
  writer.exec('pragma journal_mode = wal')
  writer.exec('pragma synchronous = full')
  takeTriggers(writer)
  return new SqliteRawDatabase(file, writer)
}

function hasTarget(database: DatabaseSync): boolean {
  return database.prepare('select 1 from sqlite_schema where name = ?').get(targetTable) !== undefined
}

function takeTriggers(writer: DatabaseSync): void {
  if (hasTarget(writer)) return
  inTransaction(writer, () => {
    writer.exec(`create table ${targetTable} (trigger_sql text not null)`)
    const triggers = writer.prepare(`select name, sql from sqlite_schema where type = 'trigger'`).all()
    const keep = writer.prepare(`insert into ${targetTable} values (?)`)
    for (const { name, sql } of triggers) {
      keep.run(String(sql))
      writer.exec(`drop trigger ${quoted(String(name))}`)
    }
  })
}

function inTransaction(writer: DatabaseSync, work: () => void): void {
  writer.exec('begin immediate')
  try {
    work()
    writer.exec('commit')
  } catch (error) {
    if (writer.isTransaction) writer.exec('rollback')
    throw error
  }
}

class SqliteRawDatabase implements RawTarget {
  readonly kind = 'sqlite'
  readonly #reader: DatabaseSync
  readonly #writer: DatabaseSync | undefined

  constructor(file: string, writer: DatabaseSync | undefined) {
    this.#reader = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
    this.#writer = writer
  }

  async tables(): Promise<RawTable[]> {
    const names = this.#reader
      .prepare(`select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name`)
      .all()
      .map(({ name }) => String(name))
    return names.filter((name) => !isOfDatabase(name)).map((name) => this.#tableOf(name))
  }

  #tableOf(name: string): RawTable {
    const described = this.#reader.prepare(`pragma table_info(${quoted(name)})`).all()
    const columns = described.map((column) => ({
      name: String(column['name']),
      kind: columnKind(String(column['type']), `${name}.${String(column['name'])}`),
    }))
    const key = described
      .flatMap(({ pk }, place) => (Number(pk) > 0 ? [{ place, pk: Number(pk) }] : []))
      .toSorted((one, other) => one.pk - other.pk)
      .map(({ place }) => place)
    return rawTable(name, columns, key)
  }

  async count({ name }: RawTable): Promise<number> {
    return Number(this.#reader.prepare(`select count(*) as n from ${quoted(name)}`).get()?.['n'])
  }

  async *rows(table: RawTable): AsyncGenerator<RawRow> {
    const statement = this.#reader.prepare(
      `select ${quotedList(table.columns)} from ${quoted(table.name)} order by ${quotedList(keyColumns(table))}`,
    )
    statement.setReturnArrays(true)
    let count = 0
    for (const row of statement.iterate()) {
      yield row as unknown as SqlValue[]
      count += 1
      if (count % rowsPerTurn === 0) await nextTurn()
    }
  }

  async insert({ name, columns }: RawTable, rows: readonly RawRow[]): Promise<void> {
    const writer = this.#requireWriter()
    const values = columns.map(() => '?').join(', ')
    const insert = writer.prepare(`insert into ${quoted(name)} (${quotedList(columns)}) values (${values})`)
    inTransaction(writer, () => {
      for (const row of rows) insert.run(...(row as SQLInputValue[]))
    })
  }

  async delete(table: RawTable, rows: readonly RawRow[]): Promise<void> {
    const writer = this.#requireWriter()
    const condition = keyColumns(table)
      .map(({ name }) => `${quoted(name)} is ?`)
      .join(' and ')
    const remove = writer.prepare(`delete from ${quoted(table.name)} where ${condition}`)
    inTransaction(writer, () => {
      for (const row of rows) remove.run(...(table.key.map((place) => row[place]) as SQLInputValue[]))
    })
  }

  builder(): Kysely<unknown> {
    return new Kysely({ dialect: sqliteDialect((query) => readThrough(this.#reader, query)) })
  }

  async complete(): Promise<void> {
    const writer = this.#requireWriter()
    inTransaction(writer, () => {
      if (!hasTarget(writer)) return
      const triggers = writer.prepare(`select trigger_sql from ${targetTable}`).all()
      for (const { trigger_sql: sql } of triggers) writer.exec(String(sql))
      writer.exec(`drop table ${targetTable}`)
    })
  }

  async close(): Promise<void> {
    // The connection that is closed last writes the log into the file, so the writing connection must be closed last.
    this.#reader.close()
    this.#writer?.close()
  }

  #requireWriter(): DatabaseSync {
    if (this.#writer === undefined) throw new Error('the source database of a move must not be written')
    return this.#writer
  }
}
