import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { raiseRevisions } from '../leases/lease-statements.ts'
import type { Database, SqlValue } from './database.ts'
import { incompleteMarker, migrate, type Migration, migrationTable } from './migrations.ts'
import { type PostgresAccess, type PostgresAddress, connectionTo } from './postgres-address.ts'
import { requireUsableServer } from './postgres-server.ts'
import {
  columnKind,
  isOfDatabase,
  keyColumns,
  quoted,
  quotedList,
  type RawColumn,
  type RawDatabase,
  type RawRow,
  type RawTable,
  type RawTarget,
  rawTable,
  targetTable,
} from './raw-database.ts'

/** The approximate size of a page of rows in bytes, and the maximum number of rows. */
const pageBytes = 4 * 1024 * 1024
const maxPageRows = 2000

const arrayTypes = { text: 'text[]', integer: 'bigint[]', bytes: 'bytea[]' } as const satisfies Record<
  RawColumn['kind'],
  string
>

const selectTables = `select relname as name from pg_class
  where relkind = 'r' and relnamespace = current_schema()::regnamespace order by relname collate "C"`

const selectColumns = `select a.attname as name, format_type(a.atttypid, null) as type,
    coalesce(array_position(i.indkey::int2[], a.attnum), -1)::int4 as place
  from pg_attribute a left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
  where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum`

/** The sequences from which the columns of tables get their numbers. [PostgreSQL, pg_depend] */
const selectSequences = `select s.oid::regclass::text as sequence, t.oid::regclass::text as "table", a.attname as "column"
  from pg_class s
  join pg_depend d on d.classid in ('pg_attrdef'::regclass, 'pg_class'::regclass)
    and (d.classid = 'pg_attrdef'::regclass and d.refobjid = s.oid or d.objid = s.oid and d.deptype in ('a', 'i'))
  left join pg_attrdef f on d.classid = 'pg_attrdef'::regclass and f.oid = d.objid
  join pg_attribute a on a.attrelid = coalesce(f.adrelid, d.refobjid) and a.attnum = coalesce(f.adnum, d.refobjsubid)
  join pg_class t on t.oid = a.attrelid and t.relkind = 'r'
  where s.relkind = 'S' and s.relnamespace = current_schema()::regnamespace`

type Connection = { readonly address: PostgresAddress; readonly access: PostgresAccess }

/** The target database contains tables that this relocation did not create. */
export class TargetNotEmptyError extends Error {
  override readonly name = 'TargetNotEmptyError'
}

/**
 * Opens a database on a PostgreSQL server to copy its rows. A server may be using the database at the same time.
 * @throws StartupError
 */
export async function openPostgresSource(connection: Connection): Promise<RawDatabase> {
  await requireUsableServer(configOf(connection))
  return PostgresRawDatabase.open(connection)
}

export type PostgresTargetOptions = Connection & {
  /** The id of the relocation that fills the database. */
  readonly id: string
  readonly migrations: readonly Migration[]
  /** Opens the database for the creation of the schema. */
  readonly openDatabase: () => Promise<Database>
}

/**
 * Opens a database to fill it with rows, and creates the tables if the database is empty.
 *
 * @throws StartupError, TargetNotEmptyError
 */
export async function openPostgresTarget(options: PostgresTargetOptions): Promise<RawTarget> {
  await requireUsableServer(configOf(options))
  const target = await PostgresRawDatabase.open(options)
  try {
    await target.begin(options)
    return target
  } catch (error) {
    await target.close()
    throw error
  }
}

function configOf({ address, access }: Connection): pg.ClientConfig {
  return connectionTo(address, access)
}

/**
 * A database with two connections, one for reads and one for writes, because a table is read while its differences are
 * written.
 */
class PostgresRawDatabase implements RawTarget {
  readonly kind = 'postgres'
  readonly #reader: pg.Client
  readonly #writer: pg.Client

  private constructor(reader: pg.Client, writer: pg.Client) {
    this.#reader = reader
    this.#writer = writer
  }

  static async open(connection: Connection): Promise<PostgresRawDatabase> {
    const types = new pg.TypeOverrides()
    types.setTypeParser(pg.types.builtins.INT8, Number)
    const clients = [0, 1].map(() => {
      const client = new pg.Client({ ...configOf(connection), types })
      // If the connection fails, the statement fails with the same error.
      client.on('error', () => undefined)
      return client
    })
    const [reader, writer] = clients
    if (reader === undefined || writer === undefined) throw new Error('two clients were created')
    await Promise.all(clients.map((client) => client.connect()))
    return new PostgresRawDatabase(reader, writer)
  }

  /**
   * Claims an empty database for a relocation, and creates its tables. If this relocation has already claimed the
   * database, continues with the database.
   */
  async begin({ id, migrations, openDatabase }: PostgresTargetOptions): Promise<void> {
    const names = await this.#tableNames()
    if (names.length === 0) {
      await this.#writer.query(`create table ${targetTable} (id text primary key)`)
      await this.#writer.query(`insert into ${targetTable} values ($1)`, [id])
    } else if (!names.includes(targetTable) || !(await this.#isOf(id))) {
      throw new TargetNotEmptyError('the database is not empty')
    }
    if (names.includes(migrationTable)) return
    const database = await openDatabase()
    try {
      await migrate(database, migrations, Date.now(), async (transaction) => {
        const marker = sql`insert into ${sql.table(migrationTable)} (id, applied_at_ms) values (${incompleteMarker}, 0)`
        await marker.execute(transaction.tables())
        for (const name of await this.#tableNames(transaction.tables())) {
          await sql`alter table ${sql.table(name)} disable trigger user`.execute(transaction.tables())
        }
      })
    } finally {
      await database.close()
    }
  }

  async #isOf(id: string): Promise<boolean> {
    return (await this.#reader.query(`select 1 from ${targetTable} where id = $1`, [id])).rows.length > 0
  }

  async #tableNames(within?: Kysely<unknown>): Promise<string[]> {
    const { rows } = within
      ? await sql.raw<{ name: string }>(selectTables).execute(within)
      : await this.#reader.query<{ name: string }>(selectTables)
    return rows.map(({ name }) => name)
  }

  async tables(): Promise<RawTable[]> {
    const tables: RawTable[] = []
    for (const name of await this.#tableNames()) {
      if (!isOfDatabase(name)) tables.push(await this.#tableOf(name))
    }
    return tables
  }

  async #tableOf(name: string): Promise<RawTable> {
    type Described = { name: string; type: string; place: number }
    const { rows } = await this.#reader.query<Described>(selectColumns, [quoted(name)])
    const columns = rows.map((row) => ({ name: row.name, kind: columnKind(row.type, `${name}.${row.name}`) }))
    const key = rows
      .flatMap(({ place }, at) => (place < 0 ? [] : [{ at, place }]))
      .toSorted((one, other) => one.place - other.place)
      .map(({ at }) => at)
    return rawTable(name, columns, key)
  }

  async count({ name }: RawTable): Promise<number> {
    const { rows } = await this.#reader.query<{ n: number }>(`select count(*) as n from ${quoted(name)}`)
    return rows[0]?.n ?? 0
  }

  async *rows(table: RawTable): AsyncGenerator<RawRow> {
    const order = keyColumns(table)
      .map((column) => `${quoted(column.name)} nulls first`)
      .join(', ')
    await this.#reader.query('begin isolation level repeatable read read only')
    try {
      await this.#reader.query(
        `declare page no scroll cursor for select ${quotedList(table.columns)} from ${quoted(table.name)} order by ${order}`,
      )
      for (let pageRows = 100; ;) {
        const text = `fetch ${pageRows} from page`
        const { rows } = await this.#reader.query<SqlValue[]>({ text, rowMode: 'array' })
        yield* rows
        if (rows.length < pageRows) return
        const rowBytes = rows.reduce((sum, row) => sum + bytesOf(row), 0) / rows.length
        pageRows = Math.max(1, Math.min(maxPageRows, pageRows * 4, Math.floor(pageBytes / rowBytes)))
      }
    } finally {
      await this.#reader.query('rollback')
    }
  }

  async insert({ name, columns }: RawTable, rows: readonly RawRow[]): Promise<void> {
    const arrays = columns.map(({ kind }, place) => `$${place + 1}::${arrayTypes[kind]}`).join(', ')
    const text = `insert into ${quoted(name)} (${quotedList(columns)}) select * from unnest(${arrays})`
    const values = columns.map((_column, place) => rows.map((row) => row[place]))
    await this.#writer.query({ name: `insert into ${name}`.slice(0, 63), text, values })
  }

  async delete(table: RawTable, rows: readonly RawRow[]): Promise<void> {
    const columns = keyColumns(table)
    const arrays = columns.map(({ kind }, place) => `$${place + 1}::${arrayTypes[kind]}`).join(', ')
    // Only a table without a primary key can have nulls in these columns.
    const hasNulls = rows.some((row) => table.key.some((place) => row[place] === null))
    const is = hasNulls ? 'is not distinct from' : '='
    const same = columns.map(({ name }) => `old.${quoted(name)} ${is} gone.${quoted(name)}`).join(' and ')
    const text = `delete from ${quoted(table.name)} as old using unnest(${arrays}) as gone (${quotedList(columns)}) where ${same}`
    await this.#writer.query({ text, values: table.key.map((place) => rows.map((row) => row[place])) })
  }

  builder(): Kysely<unknown> {
    const query = async (text: string, values: readonly unknown[]) => this.#reader.query(text, [...values])
    const connection = { query, release: () => undefined } as never
    return new Kysely({
      dialect: new PostgresDialect({ pool: { connect: async () => connection, end: async () => {} } }),
    })
  }

  async complete(): Promise<void> {
    await this.#writer.query('begin')
    for (const name of await this.#tableNames())
      await this.#writer.query(`alter table ${quoted(name)} enable trigger user`)
    type Sequence = { sequence: string; table: string; column: string }
    for (const { sequence, table, column } of (await this.#reader.query<Sequence>(selectSequences)).rows) {
      const highest = `max(${quoted(column)})`
      const text = `select setval($1, ${highest}) from ${table} having ${highest} is not null`
      await this.#writer.query(text, [sequence])
    }
    await this.#writer.query(raiseRevisions, [1, 1])
    await this.#writer.query(`delete from ${migrationTable} where id = $1`, [incompleteMarker])
    await this.#writer.query('commit')
  }

  async close(): Promise<void> {
    await Promise.all([this.#reader.end(), this.#writer.end()])
  }
}

function bytesOf(row: readonly SqlValue[]): number {
  return row.reduce<number>(
    (sum, value) => sum + (typeof value === 'object' ? (value?.length ?? 4) : String(value).length),
    8,
  )
}
