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
  readonly up: (schema: SchemaModule, types: ColumnTypes, transaction: Transaction) => Promise<void>
}

/** The database was written by a newer version of Acrux. */
export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError'
  readonly unknownMigrations: readonly string[]
  constructor(unknownMigrations: readonly string[]) {
    super(`the database has migrations that this version does not know: ${unknownMigrations.join(', ')}`)
    this.unknownMigrations = unknownMigrations
  }
}

/** The database is being filled from another one, by `acrux migrate`. */
export class IncompleteDatabaseError extends Error {
  override readonly name = 'IncompleteDatabaseError'
  constructor() {
    super('the rows of another database are being moved to this one')
  }
}

/** A row among the ids of the migrations: while it exists, a server of every version rejects the database. */
export const incompleteMarker = 'incomplete-acrux-migrate'

/** Completes migrations with something that only the caller has, such as a key. `applied` are the ids of this transaction. */
export type CompleteMigration = (transaction: Transaction, applied: ReadonlySet<string>) => Promise<void>

/** The table with the ids of the applied migrations. */
export const migrationTable = 'schema_migration'

type MigrationTable = { schema_migration: { id: string; applied_at_ms: number } }

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
      .execute()
    const applied = new Set((await tables.selectFrom('schema_migration').select('id').execute()).map((row) => row.id))
    const known = knownAmong(applied, migrations)
    for (const migration of migrations) {
      if (applied.has(migration.id)) continue
      await migration.up(tables.schema, types, transaction)
      await tables.insertInto('schema_migration').values({ id: migration.id, applied_at_ms: nowMs }).execute()
    }
    await complete(transaction, new Set([...known].filter((id) => !applied.has(id))))
  })
}

/**
 * The migrations that are not applied yet.
 *
 * @throws NewerSchemaError, IncompleteDatabaseError
 */
export async function findMissingMigrations(
  database: Pick<Database, 'tables'>,
  migrations: readonly Migration[],
): Promise<string[]> {
  const rows = await database.tables<MigrationTable>().selectFrom('schema_migration').select('id').execute()
  const applied = new Set(rows.map(({ id }) => id))
  return [...knownAmong(applied, migrations)].filter((id) => !applied.has(id))
}

/** The ids of the migrations of this version. @throws NewerSchemaError, IncompleteDatabaseError if others are applied */
function knownAmong(applied: ReadonlySet<string>, migrations: readonly Migration[]): Set<string> {
  const known = new Set(migrations.map(({ id }) => id))
  const unknown = [...applied].filter((id) => !known.has(id))
  if (unknown.includes(incompleteMarker)) throw new IncompleteDatabaseError()
  if (unknown.length > 0) throw new NewerSchemaError(unknown)
  return known
}

function columnTypes(kind: DatabaseKind): ColumnTypes {
  switch (kind) {
    case 'sqlite':
      return { text: sql`text`, integer: sql`integer`, bytes: sql`blob` }
    case 'postgres':
      return { text: sql`text collate "C"`, integer: sql`bigint`, bytes: sql`bytea` }
  }
}
