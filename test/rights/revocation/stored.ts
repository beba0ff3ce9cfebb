import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { RunningServer } from '../../harness/server.ts'
import { columns, type Meaning, withinJson } from './fields.ts'

type Row = Readonly<Record<string, unknown>>
/** The rows of a table by their key. */
type Stored = ReadonlyMap<string, ReadonlyMap<string, Row>>

function open({ dataDir }: RunningServer): DatabaseSync {
  return new DatabaseSync(join(dataDir, 'acrux.db'), { readOnly: true })
}

function tablesOf(database: DatabaseSync): string[] {
  const rows = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all()
  return rows.map(({ name }) => String(name))
}

function columnsOf(database: DatabaseSync, table: string): string[] {
  return database
    .prepare('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map(({ name }) => String(name))
}

/** Every column of the server's database, as `table.column`. */
export function storedColumns(server: RunningServer): string[] {
  using database = open(server)
  return tablesOf(database).flatMap((table) => columnsOf(database, table).map((name) => `${table}.${name}`))
}

/** The members of a JSON column, as `table.column.key`, and one level further where that is an object of settings. */
function flattened(table: string, row: Row): Row {
  const flat: [string, unknown][] = []
  const add = (name: string, value: unknown): void => {
    const deeper = withinJson.has(`${table}.${name}`)
    if (!deeper) flat.push([name, value])
    else {
      const held: unknown = typeof value === 'string' ? JSON.parse(value) : value
      const object = Array.isArray(held) ? (held[0] as object) : (held as object)
      for (const [key, one] of Object.entries(object)) {
        add(
          `${name}.${key}`,
          typeof one === 'object' && !withinJson.has(`${table}.${name}.${key}`) ? JSON.stringify(one) : one,
        )
      }
    }
  }
  for (const [name, value] of Object.entries(row)) add(name, value)
  return Object.fromEntries(flat)
}

/** All rows of the tables that bear authority, by the columns that never change. */
export function readStored(server: RunningServer): Stored {
  using database = open(server)
  return new Map(
    Object.entries(columns).map(([table, meanings]) => {
      const keys = columnsOf(database, table).filter((name) => meanings[name] === 'row')
      const rows = database.prepare(`SELECT * FROM "${table}"`).all()
      const keyed = rows.map((row) => [keys.map((name) => String(row[name])).join(' '), flattened(table, row)] as const)
      return [table, new Map(keyed)]
    }),
  )
}

/**
 * The authority that was revoked between two reads: `table` for deleted rows, `table.column` for a changed value.
 * Added rows are ignored, and so are columns that are not relevant.
 */
export function takenBetween(before: Stored, after: Stored): string[] {
  const found = new Set<string>()
  for (const [table, rows] of before) {
    for (const [key, row] of rows) {
      const now = after.get(table)?.get(key)
      if (now === undefined) found.add(table)
      else {
        for (const [name, value] of Object.entries(row)) {
          const isSame = JSON.stringify(now[name]) === JSON.stringify(value)
          if (!isSame && meaningOf(table, name) !== 'tells') found.add(`${table}.${name}`)
        }
      }
    }
  }
  return [...found].toSorted()
}

function meaningOf(table: string, name: string): Meaning | undefined {
  return columns[table]?.[name]
}
