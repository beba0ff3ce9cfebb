import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import {
  blobDirectoryIn,
  databaseFileIn,
  objectStorageFileIn,
  relocationDirectoryIn,
} from '../../platform/files/data-dir.ts'
import { systemClock } from '../../platform/process/clock.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { migrate } from '../../platform/sql/migrations.ts'
import type { RawDatabase, RawTarget } from '../../platform/sql/raw-database.ts'
import { openSqliteSource, openSqliteTarget } from '../../platform/sql/sqlite-raw-database.ts'
import { type BlobStore, createFilesystemBlobStore, createObjectBlobStore, markFiles } from '../../storage/index.ts'
import {
  type DatabasePlace,
  type StoragePlace,
  openDatabase,
  postgresAccess,
  claimAs,
  hasFiles,
  OtherStorageError,
  requireOwnFiles,
  openObjects,
} from '../../installation/index.ts'

/** The rows or the blobs of a data directory in one place. */
export type RelocationPlace = DatabasePlace & Pick<StoragePlace, 'storage'>

type Opened<Value> = { readonly value: Value; readonly close: () => Promise<void> }

/** The place of the rows, without secrets. */
export function describeDatabase({ database: { url } }: RelocationPlace): string {
  return url === undefined ? 'SQLite' : `postgres://${url.user}@${url.host}:${url.port}/${url.database}`
}

/** The place of the blobs, without secrets. */
export function describeStorage({ storage: { kind, prefix, azureBlob, s3 } }: RelocationPlace): string {
  switch (kind) {
    case 'filesystem':
      return 'files'
    case 'azure-blob':
      return `${azureBlob.endpoint}/${azureBlob.container}/${prefix}`
    case 's3':
      return `s3://${s3.bucket}/${prefix}${s3.endpoint === undefined ? '' : ` at ${s3.endpoint}`}`
  }
}

/** The file to which the rows are copied. At the end, it replaces the database of the data directory. */
export function newDatabaseFileIn(dataDir: string): string {
  return path.join(relocationDirectoryIn(dataDir), 'acrux.db')
}

/** Opens the rows to read them. @throws StartupError */
export async function openRows({ dataDir, database }: RelocationPlace): Promise<RawDatabase> {
  const { url } = database
  if (url === undefined) return openSqliteSource(databaseFileIn(dataDir))
  const { openPostgresSource } = await import('../../platform/sql/postgres-raw-database.ts')
  return openPostgresSource({ address: database.directUrl ?? url, access: await postgresAccess(database) })
}

/** Opens the place to which rows are moved, and reserves the place for a relocation. @throws StartupError */
export async function openRowTarget(place: RelocationPlace, id: string): Promise<RawTarget> {
  const { database, migrations } = place
  const { url } = database
  if (url === undefined) return openFileTarget(place)
  const { openPostgresTarget, TargetNotEmptyError } = await import('../../platform/sql/postgres-raw-database.ts')
  const access = await postgresAccess(database)
  const options = { address: database.directUrl ?? url, access, id, migrations }
  return openPostgresTarget({ ...options, openDatabase: () => openPostgresOf(place) }).catch((error: unknown) => {
    if (!(error instanceof TargetNotEmptyError)) throw error
    throw notEmpty(`the database ${describeDatabase(place)}`, 'create an empty database')
  })
}

/** The database of a target. The data directory still refers to the source. */
export function openPostgresOf(place: RelocationPlace): ReturnType<typeof openDatabase> {
  return openDatabase({ ...place, dataDir: relocationDirectoryIn(place.dataDir) })
}

async function openFileTarget({ dataDir, migrations }: RelocationPlace): Promise<RawTarget> {
  const old = databaseFileIn(dataDir)
  if (existsSync(old)) throw notEmpty(`the older database ${old}`, 'move the file to another directory')
  return openSqliteTarget(newDatabaseFileIn(dataDir), (database) => migrate(database, migrations, Date.now()))
}

/** Opens the blobs to read them. @throws StartupError */
export async function openBlobs(place: RelocationPlace, env: NodeJS.ProcessEnv): Promise<Opened<BlobStore>> {
  const { dataDir, storage } = place
  const isInObjects = existsSync(objectStorageFileIn(dataDir))
  if (isInObjects !== (storage.kind !== 'filesystem')) {
    throw new StartupError(
      `the blobs of ${dataDir} are ${isInObjects ? 'in an object store' : 'in files'}`,
      exitCodes.configuration,
      'use the configuration of the server',
    )
  }
  if (!isInObjects) return openFiles(dataDir, await requireOwnFiles(dataDir))
  const id = (await readFile(objectStorageFileIn(dataDir), 'utf8')).trim()
  return openObjectsAs(place, { id, mayBeEmpty: false }, env)
}

/** Opens the place to which blobs are moved, and reserves the place for a relocation. @throws StartupError */
export async function openBlobTarget(
  place: RelocationPlace,
  id: string,
  env: NodeJS.ProcessEnv,
): Promise<Opened<BlobStore>> {
  const { dataDir, storage } = place
  if (storage.kind === 'filesystem') return openFiles(dataDir, await markFiles(blobDirectoryIn(dataDir)))
  return openObjectsAs(place, { id, mayBeEmpty: true }, env)
}

/** @throws StartupError if the target of the blobs is a directory that already contains files */
export async function requireNoFiles({ dataDir, storage }: RelocationPlace): Promise<void> {
  const directory = blobDirectoryIn(dataDir)
  if (storage.kind !== 'filesystem' || !(await hasFiles(directory))) return
  throw notEmpty(`the directory ${directory}`, 'move the directory elsewhere')
}

async function openFiles(dataDir: string, id: string | undefined): Promise<Opened<BlobStore>> {
  const value = await createFilesystemBlobStore(blobDirectoryIn(dataDir), { clock: systemClock, mark: { id } })
  return { value, close: () => Promise.resolve() }
}

async function openObjectsAs(
  { dataDir, storage }: RelocationPlace,
  { id, mayBeEmpty }: { readonly id: string; readonly mayBeEmpty: boolean },
  env: NodeJS.ProcessEnv,
): Promise<Opened<BlobStore>> {
  const objects = await openObjects(storage, env)
  try {
    const isClaimed = await claimAs(objects, id, async () => mayBeEmpty)
    if (!isClaimed) throw new OtherStorageError(`the blobs of ${dataDir} are not in ${objects.description}`)
  } catch (error) {
    objects.close()
    throw error
  }
  return {
    value: createObjectBlobStore(objects, { clock: systemClock, installationId: id }),
    close: async () => objects.close(),
  }
}

function notEmpty(what: string, nextStep: string): StartupError {
  return new StartupError(`${what} is not empty`, exitCodes.configuration, `${nextStep}: a move overwrites nothing`)
}
