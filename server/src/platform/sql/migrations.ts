import { type RawBuilder, type SchemaModule, sql } from 'kysely'
import type { Database, DatabaseKind, Transaction } from './database.ts'

/** Column types that mean the same in every database: text is ordered by its bytes, integers have 64 bits. */
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

/** The database was written by a newer Acrux than this one. */
export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError'
  readonly unknownMigrations: readonly string[]
  constructor(unknownMigrations: readonly string[]) {
    super(`the database has migrations that this version does not know: ${unknownMigrations.join(', ')}`)
    this.unknownMigrations = unknownMigrations
  }
}

/** What a step needs that only the caller has, such as a key. `carriedOut` are the ids of the steps of this transaction. */
export type CompleteMigration = (transaction: Transaction, carriedOut: ReadonlySet<string>) => Promise<void>

type MigrationTable = { schema_migration: { id: string; applied_at_ms: number } }

/**
 * Brings the schema up to date: each step that is missing is carried out, in the order given, in one transaction, and
 * `complete` with them.
 *
 * @throws NewerSchemaError when the database holds a step that is not in `migrations`; nothing is changed then.
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  nowMs: number,
  complete: CompleteMigration = () => Promise.resolve(),
): Promise<void> {
  await database.transaction(async (transaction) => {
    const tables = transaction.tables<MigrationTable>()
    const types = columnTypes(database.kind)
    await tables.schema
      .createTable('schema_migration')
      .ifNotExists()
      .addColumn('id', types.text, (column) => column.primaryKey())
      .addColumn('applied_at_ms', types.integer, (column) => column.notNull())
      .execute()
    const applied = new Set((await tables.selectFrom('schema_migration').select('id').execute()).map((row) => row.id))
    const known = new Set(migrations.map((migration) => migration.id))
    const unknown = [...applied].filter((id) => !known.has(id))
    if (unknown.length > 0) throw new NewerSchemaError(unknown)
    for (const migration of migrations) {
      if (applied.has(migration.id)) continue
      await migration.up(tables.schema, types, transaction)
      await tables.insertInto('schema_migration').values({ id: migration.id, applied_at_ms: nowMs }).execute()
    }
    await complete(transaction, new Set([...known].filter((id) => !applied.has(id))))
  })
}

/**
 * The steps that a database does not have yet.
 *
 * @throws NewerSchemaError when it holds a step that is not in `migrations`
 */
export async function findMissingMigrations(database: Database, migrations: readonly Migration[]): Promise<string[]> {
  const rows = await database.tables<MigrationTable>().selectFrom('schema_migration').select('id').execute()
  const applied = new Set(rows.map(({ id }) => id))
  const known = new Set(migrations.map(({ id }) => id))
  const unknown = [...applied].filter((id) => !known.has(id))
  if (unknown.length > 0) throw new NewerSchemaError(unknown)
  return [...known].filter((id) => !applied.has(id))
}

function columnTypes(kind: DatabaseKind): ColumnTypes {
  switch (kind) {
    case 'sqlite':
      return { text: sql`text`, integer: sql`integer`, bytes: sql`blob` }
    case 'postgres':
      return { text: sql`text collate "C"`, integer: sql`bigint`, bytes: sql`bytea` }
  }
}
