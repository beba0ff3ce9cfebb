import { type RawBuilder, type SchemaModule, sql } from 'kysely'
import type { Database, DatabaseKind, Transaction } from './database.ts'

/** Column types with the same meaning in every database. Text is ordered by its bytes, and integers have 64 bits. */
export type ColumnTypes = {
  readonly text: RawBuilder<unknown>
  readonly integer: RawBuilder<unknown>
  readonly bytes: RawBuilder<unknown>
}

/** One change of the schema. New migrations are added at the end, and existing migrations are never edited. */
export type Migration = {
  /** The unique id, `module-NNNN-what`, which does not change after a release. */
  readonly id: string
  /**
   * Declares which versions that do not contain this migration still work after it. `any` is for a migration that only
   * adds things that older versions can ignore. The id of an earlier migration means that versions with that earlier
   * migration work. This id is for a migration that removes things that these versions no longer use. If undefined, no
   * such version works. [docs/decisions/0022-schema-changes.md]
   */
  readonly worksFor?: string
  readonly up: (schema: SchemaModule, types: ColumnTypes, transaction: Transaction) => Promise<void>
}

/**
 * A newer version of Acrux wrote the database, and this version does not work with the changes of the newer version.
 */
export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError'
  readonly unknownMigrations: readonly string[]
  constructor(unknownMigrations: readonly string[]) {
    super(`the database has migrations that this version does not support: ${unknownMigrations.join(', ')}`)
    this.unknownMigrations = unknownMigrations
  }
}

/** `acrux migrate` is filling the database from another database. */
export class IncompleteDatabaseError extends Error {
  override readonly name = 'IncompleteDatabaseError'
  constructor() {
    super('the rows of another database are being moved to this database')
  }
}

/**
 * An id in the table of migrations that marks an incomplete database. While this row exists, servers of all versions
 * reject the database.
 */
export const incompleteMarker = 'incomplete-acrux-migrate'

/**
 * Completes migrations with data that only the caller has, such as a key. `applied` contains the ids of the migrations
 * that this transaction applied.
 */
export type CompleteMigration = (transaction: Transaction, applied: ReadonlySet<string>) => Promise<void>

/** The table with the ids of the applied migrations. */
export const migrationTable = 'schema_migration'

type MigrationRow = {
  readonly id: string
  readonly applied_at_ms: number
  /**
   * See {@link Migration.worksFor}. Null if no older version works. The column is missing in a database of a
   * development version.
   */
  readonly works_for?: string | null | undefined
}
type MigrationTable = { schema_migration: MigrationRow }

/**
 * The differences between the schema of a database and the schema of this version, if this version works with the
 * database.
 */
export type SchemaDifference = {
  /** The migrations that are not applied yet. */
  readonly missing: readonly string[]
  /** The migrations of a newer version. */
  readonly unknown: readonly string[]
}

/**
 * Applies the missing migrations and `complete`, in order, in one transaction.
 *
 * @throws NewerSchemaError, IncompleteDatabaseError. In this case, the database stays unchanged
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  nowMs: number,
  complete: CompleteMigration = () => Promise.resolve(),
): Promise<void> {
  await database.exclusiveTransaction(async (transaction) => {
    const tables = transaction.tables<MigrationTable>()
    const types = columnTypes(database.kind)
    await tables.schema
      .createTable(migrationTable)
      .ifNotExists()
      .addColumn('id', types.text, (column) => column.primaryKey())
      .addColumn('applied_at_ms', types.integer, (column) => column.notNull())
      .addColumn('works_for', types.text)
      .execute()
    const rows = await tables.selectFrom('schema_migration').selectAll().execute()
    const missing = new Set(differenceOf(rows, migrations).missing)
    for (const { id, worksFor, up } of migrations) {
      if (!missing.has(id)) continue
      await up(tables.schema, types, transaction)
      const row = { id, applied_at_ms: nowMs, works_for: worksFor ?? null }
      await tables.insertInto('schema_migration').values(row).execute()
    }
    await complete(transaction, missing)
  })
}

/**
 * Compares the schema of a database with the schema of this version.
 *
 * @throws NewerSchemaError if this version does not work with the database; IncompleteDatabaseError
 */
export async function compareSchema(
  database: Pick<Database, 'tables'>,
  migrations: readonly Migration[],
): Promise<SchemaDifference> {
  const rows = await database.tables<MigrationTable>().selectFrom('schema_migration').selectAll().execute()
  return differenceOf(rows, migrations)
}

/** @throws NewerSchemaError, IncompleteDatabaseError */
function differenceOf(applied: readonly MigrationRow[], migrations: readonly Migration[]): SchemaDifference {
  const known = new Set(migrations.map(({ id }) => id))
  const ids = new Set(applied.map(({ id }) => id))
  const unknown = applied.filter(({ id }) => !known.has(id))
  if (ids.has(incompleteMarker)) throw new IncompleteDatabaseError()
  const rejected = unknown.filter(({ works_for: since }) => since !== 'any' && !known.has(since ?? ''))
  if (rejected.length > 0) throw new NewerSchemaError(rejected.map(({ id }) => id))
  return { missing: [...known].filter((id) => !ids.has(id)), unknown: unknown.map(({ id }) => id) }
}

function columnTypes(kind: DatabaseKind): ColumnTypes {
  switch (kind) {
    case 'sqlite':
      return { text: sql`text`, integer: sql`integer`, bytes: sql`blob` }
    case 'postgres':
      return { text: sql`text collate "C"`, integer: sql`bigint`, bytes: sql`bytea` }
  }
}
