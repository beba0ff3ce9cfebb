import type { Kysely } from 'kysely'
import { leaseTables } from '../leases/lease-statements.ts'
import type { DatabaseKind, SqlValue } from './database.ts'
import { migrationTable } from './migrations.ts'

/** A column. The kind of a column means the same in every database. */
export type RawColumn = { readonly name: string; readonly kind: 'text' | 'integer' | 'bytes' }

/** A table, as described by the schema of its database. */
export type RawTable = {
  readonly name: string
  readonly columns: readonly RawColumn[]
  /**
   * The indexes in `columns` of the columns of the primary key, in the order of the key. If there is no primary key,
   * the indexes of all columns.
   */
  readonly key: readonly number[]
}

/** The values of a row, in the order of `RawTable.columns`. */
export type RawRow = readonly SqlValue[]

/** All tables of a database, without their meaning, for copying to another database. */
export interface RawDatabase {
  readonly kind: DatabaseKind
  /** The tables of all modules, by name. This list also contains the tables that a new migration creates. */
  tables(): Promise<RawTable[]>
  count(table: RawTable): Promise<number>
  /**
   * All rows in one snapshot, ordered by the primary key like {@link compareKeys}. Iterate over one table at a time.
   */
  rows(table: RawTable): AsyncIterable<RawRow>
  /** Inserts rows in a separate transaction. */
  insert(table: RawTable, rows: readonly RawRow[]): Promise<void>
  /** Deletes the rows with the same primary keys as `rows`, in a separate transaction. */
  delete(table: RawTable, rows: readonly RawRow[]): Promise<void>
  /** The query builder for reads. */
  builder(): Kysely<unknown>
  close(): Promise<void>
}

/** A {@link RawDatabase} that a relocation fills. No server may use the database before it is complete. */
export interface RawTarget extends RawDatabase {
  /**
   * Makes the database usable for a server: triggers are active again, and sequences continue after the highest number.
   * A repeated call has no effect.
   */
  complete(): Promise<void>
}

/** The table in the target that contains the id of the relocation that fills the target, or has filled it. */
export const targetTable = 'relocation'

const ownTables = new Set([migrationTable, targetTable, ...leaseTables])

/** Whether a table describes the database itself, and is not part of the data. */
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

/**
 * The kind of a column, by its type in the database.
 * @throws Error if no migration uses the type
 */
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

/** Creates a description of a table. `key` contains the indexes of the columns of the primary key, and can be empty. */
export function rawTable(name: string, columns: readonly RawColumn[], key: readonly number[]): RawTable {
  return { name, columns, key: key.length > 0 ? key : columns.map((_column, place) => place) }
}

/** Quotes a name for a statement. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Quotes names for a statement, separated by commas. */
export function quotedList(columns: readonly (RawColumn | undefined)[]): string {
  return columns.map((column) => quoted(column?.name ?? '')).join(', ')
}

/** The columns of the primary key. */
export function keyColumns({ columns, key }: RawTable): RawColumn[] {
  return key.flatMap((place) => columns[place] ?? [])
}
