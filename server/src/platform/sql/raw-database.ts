import type { Kysely } from 'kysely'
import { leaseTables } from '../leases/lease-statements.ts'
import type { DatabaseKind, SqlValue } from './database.ts'
import { migrationTable } from './migrations.ts'

/** A column. Its kind means the same in every database. */
export type RawColumn = { readonly name: string; readonly kind: 'text' | 'integer' | 'bytes' }

/** A table, by the schema of its database. */
export type RawTable = {
  readonly name: string
  readonly columns: readonly RawColumn[]
  /** The places of the columns of the primary key in `columns`, in the order of the key; all columns if there is no key. */
  readonly key: readonly number[]
}

/** The values of a row, in the order of `RawTable.columns`. */
export type RawRow = readonly SqlValue[]

/** The tables of a database as a whole, without knowledge of their meaning, to copy them to another database. */
export interface RawDatabase {
  readonly kind: DatabaseKind
  /** The tables of all modules, by name. A table that a new migration creates is among them. */
  tables(): Promise<RawTable[]>
  count(table: RawTable): Promise<number>
  /** All rows, by the primary key as {@link compareKeys} orders it, in one snapshot. Iterate one table at a time. */
  rows(table: RawTable): AsyncIterable<RawRow>
  /** Inserts rows in a transaction of their own. */
  insert(table: RawTable, rows: readonly RawRow[]): Promise<void>
  /** Deletes the rows with the primary keys of these rows, in a transaction of their own. */
  delete(table: RawTable, rows: readonly RawRow[]): Promise<void>
  /** The query builder for reads. */
  builder(): Kysely<unknown>
  close(): Promise<void>
}

/** A {@link RawDatabase} that is being filled, and that no server may use before it is complete. */
export interface RawTarget extends RawDatabase {
  /**
   * Makes it a database that a server can use: triggers fire again, and numbers continue after the highest. Repeating it has no
   * effect.
   */
  complete(): Promise<void>
}

/** The table of a target with the id of the relocation that fills it, or has filled it. */
export const targetTable = 'relocation'

const ownTables = new Set([migrationTable, targetTable, ...leaseTables])

/** Whether a table belongs to one database, and not to the data that is in it. */
export function isOfDatabase(table: string): boolean {
  return ownTables.has(table)
}

/** Compares two rows by the primary key of their table. Texts are ordered by their bytes in UTF-8, as in the databases. */
export function compareKeys({ key }: RawTable, one: RawRow, other: RawRow): number {
  for (const place of key) {
    const order = compareValues(one[place] ?? null, other[place] ?? null)
    if (order !== 0) return order
  }
  return 0
}

/** Whether two rows have the same values. */
export function isSameRow(one: RawRow, other: RawRow): boolean {
  return one.length === other.length && one.every((value, place) => compareValues(value, other[place] ?? null) === 0)
}

function compareValues(one: SqlValue, other: SqlValue): number {
  if (one === other) return 0
  if (typeof one === 'number' && typeof other === 'number') return one - other
  if (typeof one === 'string' && typeof other === 'string') return Buffer.compare(Buffer.from(one), Buffer.from(other))
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other)
  return rankOf(one) - rankOf(other)
}

function rankOf(value: SqlValue): number {
  if (value === null) return 0
  return typeof value === 'number' ? 1 : typeof value === 'string' ? 2 : 3
}

/** The kind of a column, by its type in the database. @throws Error for a type that no migration uses */
export function columnKind(type: string, column: string): RawColumn['kind'] {
  switch (type.toLowerCase()) {
    case 'text':
      return 'text'
    case 'integer':
    case 'bigint':
      return 'integer'
    case 'blob':
    case 'bytea':
      return 'bytes'
    default:
      throw new Error(`the column ${column} has the type ${type}, which cannot be moved`)
  }
}

/** A table, with the places of the columns of its primary key, which may be none. */
export function rawTable(name: string, columns: readonly RawColumn[], key: readonly number[]): RawTable {
  return { name, columns, key: key.length > 0 ? key : columns.map((_column, place) => place) }
}

/** A name in a statement. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Names in a statement, separated by commas. */
export function quotedList(columns: readonly (RawColumn | undefined)[]): string {
  return columns.map((column) => quoted(column?.name ?? '')).join(', ')
}

/** The columns of the primary key. */
export function keyColumns({ columns, key }: RawTable): RawColumn[] {
  return key.flatMap((place) => columns[place] ?? [])
}
