import { plainReason } from '../../platform/process/plain-reason.ts'
import { auditMigrations, sealFirstHead } from '../../audit/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { StartupError, exitCodes } from '../../platform/process/exit.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import type { Database } from '../../platform/sql/database.ts'
import { type Migration, NewerSchemaError, migrate } from '../../platform/sql/migrations.ts'
import type { RevisionCell } from '../../platform/sql/revision-cell.ts'
import { openSqliteDatabase } from '../../platform/sql/sqlite-database.ts'

/** Opens the database file, or creates it. The authority revision is stored in `revision`. @throws StartupError */
export async function openDatabase(file: string, revision?: RevisionCell): Promise<Database> {
  try {
    return await openSqliteDatabase(file, revision)
  } catch (error) {
    throw new StartupError(
      `the database ${file} cannot be opened: ${plainReason(error)}`,
      exitCodes.dataDirUnusable,
      'restore it from a backup',
      { cause: error },
    )
  }
}

/**
 * Applies the missing migrations.
 *
 * @throws StartupError for a database of a newer version
 */
export async function applyMigrations(
  database: Database,
  migrations: readonly Migration[],
  { clock, sealer }: { readonly clock: Clock; readonly sealer: Sealer },
): Promise<void> {
  try {
    await migrate(database, migrations, clock.now(), async (transaction, applied) => {
      if (auditMigrations.some(({ id }) => applied.has(id))) await sealFirstHead(transaction, sealer)
    })
  } catch (error) {
    if (!(error instanceof NewerSchemaError)) throw error
    throw new StartupError(
      error.message,
      exitCodes.newerSchema,
      'use the version of acrux that last wrote the database, or a later one',
      {
        cause: error,
      },
    )
  }
}
