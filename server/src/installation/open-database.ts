import { existsSync } from 'node:fs'
import { headMigration, sealFirstHead } from '../audit/index.ts'
import { databaseFileIn, postgresMarkerIn } from '../platform/files/data-dir.ts'
import { type Sealer, sealerOfKey } from '../platform/keys/sealing.ts'
import type { Clock } from '../platform/process/clock.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import type { Database } from '../platform/sql/database.ts'
import {
  IncompleteDatabaseError,
  type Migration,
  NewerSchemaError,
  type SchemaDifference,
  compareSchema,
  migrate,
} from '../platform/sql/migrations.ts'
import type { PostgresAccess } from '../platform/sql/postgres-address.ts'
import type { LockHolder } from '../platform/sql/postgres-exclusive.ts'
import type { RevisionCell } from '../platform/sql/revision-cell.ts'
import { openSqliteDatabase } from '../platform/sql/sqlite-database.ts'
import { readPemFile } from '../platform/tls/key-pair.ts'
import { databasePassword } from './database-password.ts'
import { createKey, openExistingKey, openKey } from './open-keys.ts'
import type { DatabasePlace, DatabaseSettings, KeyPlace } from './settings.ts'

/** The dependencies that the database of a server needs. */
type DatabaseUser = {
  /** A database in a file stores the authority revision in this memory. */
  readonly revision?: RevisionCell
  /** The function calls this callback if a change of the schema waits for several seconds. */
  readonly onLockWait?: (holder: LockHolder) => void
}

/**
 * Opens the database of a server. The database is on a PostgreSQL server, or is a file in the data directory. A missing file is created.
 *
 * @throws StartupError
 */
export async function openDatabase(
  place: Omit<DatabasePlace, 'migrations'>,
  { revision, onLockWait }: DatabaseUser = {},
): Promise<Database> {
  const { database, dataDir } = place
  requireSameProduct(place)
  if (database.url !== undefined) return openPostgres(database, database.url, onLockWait)
  const file = databaseFileIn(dataDir)
  return openSqliteDatabase(file, revision).catch((error: unknown) => {
    throw new StartupError(
      `the database ${file} cannot be opened: ${plainReason(error)}`,
      exitCodes.dataDirUnusable,
      'restore the database from a backup',
      { cause: error },
    )
  })
}

/** Opens an existing database that has all tables of this version. @throws StartupError */
export async function openCurrentDatabase(place: DatabasePlace): Promise<Database> {
  requireDatabase(place)
  const database = await openDatabase(place)
  try {
    await requireCurrentSchema(database, place.migrations)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

/** @throws StartupError if the schema of a database differs from the schema of this version */
export async function requireSameSchema(
  database: Pick<Database, 'tables'>,
  migrations: readonly Migration[],
): Promise<void> {
  const { unknown } = await requireCurrentSchema(database, migrations)
  if (unknown.length > 0) throw newerSchema(new NewerSchemaError(unknown))
}

/** @throws StartupError if the schema of a database is older, or is of a newer version with which this version does not work */
async function requireCurrentSchema(
  database: Pick<Database, 'tables'>,
  migrations: readonly Migration[],
): Promise<SchemaDifference> {
  const difference = await compareSchema(database, migrations).catch((error: unknown) => {
    throw newerSchema(error)
  })
  if (difference.missing.length === 0) return difference
  throw new StartupError(
    'the database was written by an older version',
    exitCodes.dataDirUnusable,
    'start this version of the server once',
  )
}

/** @throws StartupError if the directory is not the data directory of a server */
export function requireDatabase({ dataDir }: Pick<DatabasePlace, 'dataDir'>): void {
  if (existsSync(databaseFileIn(dataDir)) || existsSync(postgresMarkerIn(dataDir))) return
  throw new StartupError(
    `there is no database in ${dataDir}`,
    exitCodes.dataDirUnusable,
    'set the data directory of a server with --data-dir',
  )
}

/** The connection settings for the database in addition to its address. @throws StartupError */
export async function postgresAccess(settings: DatabaseSettings): Promise<PostgresAccess> {
  const password = await databasePassword(settings)
  const { caFile } = settings
  return {
    ...(caFile !== undefined && { ca: await readPemFile(caFile) }),
    ...(password !== undefined && { password }),
  }
}

async function openPostgres(
  settings: DatabaseSettings,
  url: NonNullable<typeof settings.url>,
  onLockWait: DatabaseUser['onLockWait'],
) {
  // The driver is loaded only if it is used.
  const { openPostgresDatabase } = await import('../platform/sql/postgres-database.ts')
  const { directUrl, maxReadConnections, maxWriteConnections, connectionTimeoutSeconds, statementTimeoutSeconds } =
    settings
  return openPostgresDatabase({
    url,
    ...(directUrl !== undefined && { directUrl }),
    ...(await postgresAccess(settings)),
    maxReadConnections,
    maxWriteConnections,
    connectionTimeoutMs: connectionTimeoutSeconds * 1000,
    statementTimeoutMs: statementTimeoutSeconds * 1000,
    ...(onLockWait !== undefined && { onLockWait }),
  })
}

/** @throws StartupError if the rows of a data directory are not in the configured database product */
export function requireSameProduct({ dataDir, database: { url } }: Omit<DatabasePlace, 'migrations'>): void {
  if (url === undefined && existsSync(postgresMarkerIn(dataDir))) {
    throw new StartupError(
      `the rows of the data directory ${dataDir} are in PostgreSQL`,
      exitCodes.dataDirUnusable,
      'set database to the URL of PostgreSQL, or choose another directory with --data-dir',
    )
  }
  // If the marker exists, the database file is the source of a completed relocation.
  if (url !== undefined && existsSync(databaseFileIn(dataDir)) && !existsSync(postgresMarkerIn(dataDir))) {
    throw new StartupError(
      `the rows of the data directory ${dataDir} are in the file acrux.db, not in PostgreSQL`,
      exitCodes.dataDirUnusable,
      'omit database, or move the rows with acrux migrate, or choose another directory with --data-dir',
    )
  }
}

/** The data that a migration needs in addition to the database. */
export type MigrationContext = { readonly clock: Clock; readonly place: KeyPlace }

/** The key that seals secrets, and the sealer that uses the key. */
export type Keys = { readonly dataKey: Buffer; readonly sealer: Sealer }

/**
 * Applies the missing migrations. If several servers start together on a new database, one server creates the database with its data key.
 *
 * @throws StartupError for a database with another master key, or of a newer version with which this version does not work
 */
export async function applyMigrations(
  database: Database,
  known: readonly Migration[],
  { clock, place }: MigrationContext,
): Promise<Keys> {
  let dataKey: Buffer | undefined
  try {
    await migrate(database, known, clock.now(), async (transaction, applied) => {
      if (applied.size === known.length) dataKey = await createKey(transaction, place, clock.now())
      if (!applied.has(headMigration)) return
      dataKey ??= (await openKey(place, transaction)).dataKey
      await sealFirstHead(transaction, sealerOfKey(dataKey))
    })
  } catch (error) {
    throw newerSchema(error)
  }
  dataKey ??= await openExistingKey(database, place, clock.now())
  return { dataKey, sealer: sealerOfKey(dataKey) }
}

/**
 * A migration that only databases of a development version contain. Before the first release, these migrations were merged into one per
 * module.
 */
const developmentMigration = 'audit-0001-tables'

/** Converts the reason why a schema is unusable into a StartupError. */
function newerSchema(error: unknown): unknown {
  if (error instanceof IncompleteDatabaseError) {
    return new StartupError(
      `the database cannot be used yet: ${error.message}`,
      exitCodes.databaseUnusable,
      'complete the move with acrux migrate and the same options',
      { cause: error },
    )
  }
  if (!(error instanceof NewerSchemaError)) return error
  if (error.unknownMigrations.includes(developmentMigration)) {
    return new StartupError(
      'the database was written by a development version of Acrux, before the first release',
      exitCodes.dataDirUnusable,
      'use the earlier version, or start with an empty data directory or database and push the images again',
      { cause: error },
    )
  }
  return new StartupError(
    error.message,
    exitCodes.newerSchema,
    'use the version of acrux that last wrote the database, or a later version',
    { cause: error },
  )
}
