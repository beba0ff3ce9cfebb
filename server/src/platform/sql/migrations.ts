import { type RawBuilder, type SchemaModule, sql } from 'kysely'
import type { Database, DatabaseKind, Transaction } from './database.ts'

/** Column types with the same meaning in every database: text is ordered by its bytes, integers have 64 bits. */
export type ColumnTypes = {
  readonly text: RawBuilder<unknown>
  readonly integer: RawBuilder<unknown>
  readonly bytes: RawBuilder<unknown>
}

/** One step of the schema. Steps are added at the end and never edited. */
export type Migration = {
  /** `module-NNNN-what`. Unique, and unchanged after a release. */
  readonly id: string
  /**
   * Which versions that do not know this step work with it: `any`, for a step that only adds what they do not need to know; or
   * those that know the step with this id, for one that removes what they do not use any more. No version, if it is
   * undefined.
   * [docs/decisions/0022-schema-changes.md]
   */
  readonly worksFor?: string
  readonly up: (schema: SchemaModule, types: ColumnTypes, transaction: Transaction) => Promise<void>
}

/** The database was written by a newer version of Acrux, whose changes this version does not work with. */
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

/** A row among the ids of the migrations: while it exists, a server of every version rejects the database. */
export const incompleteMarker = 'incomplete-acrux-migrate'

/** Completes migrations with something that only the caller has, such as a key. `applied` are the ids of this transaction. */
export type CompleteMigration = (transaction: Transaction, applied: ReadonlySet<string>) => Promise<void>

/** The table with the ids of the applied migrations. */
export const migrationTable = 'schema_migration'

type MigrationRow = {
  readonly id: string
  readonly applied_at_ms: number
  /** See {@link Migration.worksFor}; null for none. Absent in a table of a development version. */
  readonly works_for?: string | null | undefined
}
type MigrationTable = { schema_migration: MigrationRow }

/** How the schema of a database differs from that of this version, which works with it. */
export type SchemaDifference = {
  /** The migrations that are not applied yet. */
  readonly missing: readonly string[]
  /** Those of a newer version. */
  readonly unknown: readonly string[]
}

/**
 * Applies the missing migrations and `complete`, in order, in one transaction.
 *
 * @throws NewerSchemaError, IncompleteDatabaseError; nothing is changed then
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
 * Compares the schema of a database with that of this version.
 *
 * @throws NewerSchemaError if this version does not work with it; IncompleteDatabaseError
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
