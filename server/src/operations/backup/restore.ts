import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { auditMigrations, createAudit } from '../../audit/index.ts'
import { systemClock } from '../../platform/process/clock.ts'
import {
  blobDirectoryIn,
  databaseFileIn,
  masterKeyFileIn,
  objectStorageFileIn,
  openDataDir,
  restoreDirectoryIn,
  tlsDirectoryIn,
} from '../../platform/files/data-dir.ts'
import { makePrivateDirectory, syncDirectory, writeFileDurably } from '../../platform/files/durable-file.ts'
import { forEachOf } from '../../platform/process/for-each-of.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import type { Database } from '../../platform/sql/database.ts'
import { openSqliteDatabase, openSqliteSnapshot } from '../../platform/sql/sqlite-database.ts'
import { newTimeOrderedId } from '../../platform/process/time-ordered-id.ts'
import { listStoredBlobs, relocateBlob } from '../../registry/index.ts'
import { type BlobLocation, type BlobStore, blobFile, markFiles } from '../../storage/index.ts'
import { type BackupFolder, unusable } from './backup-folder.ts'
import { copyVerified, readFileInPieces, syncDirectories } from './copy-file.ts'
import { copyToStore } from './copy-to-store.ts'
import { explainFailure, requireSpace } from './create.ts'
import { appliedMigrations, copyDatabase, countRows } from './database-copy.ts'
import type { ServerKeys } from './keys.ts'
import type { Backup, BlobProblem, OnProgress } from './model.ts'

export type RestoreOptions = {
  readonly folder: BackupFolder
  readonly backup: Backup
  /** The data directory to create. The directory must be empty or missing. */
  readonly dataDir: string
  /** The decrypted keys of the backup; undefined to restore no keys. */
  readonly keys: ServerKeys | undefined
  /** Whether to skip missing and corrupt blobs. If false, the first such blob aborts the restore. */
  readonly skipDamaged: boolean
  /** Opens the store of the blobs. The value is undefined if the blobs will be files in the data directory. */
  readonly openBlobs?: ((dataDir: string) => Promise<RestoreTarget>) | undefined
  readonly onProgress?: OnProgress
}

/** An open store of blobs. */
export type RestoreTarget = { readonly blobs: BlobStore; readonly close: () => void }

/** The result of a restore. */
export type Restored = { readonly blobs: number; readonly skipped: readonly BlobProblem[] }

const copiesAtATime = 6

/** The files that an empty data directory may contain: locks, and the files of an interrupted restore. */
const leftovers: readonly string[] = ['lock', 'hold', 'restoring', 'ballast']

/** Checks whether a restore can begin, without changing files. @throws StartupError */
export async function requireEmpty(directory: string): Promise<void> {
  const path = resolve(directory)
  const names = await readdir(path).catch((error: unknown): string[] => {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw explainFailure(error, path)
  })
  // If an interrupted restore has already moved files to their final paths, these files belong to that restore.
  if (names.includes('restoring') || names.every((name) => leftovers.includes(name))) return
  throw new StartupError(
    `the data directory ${path} is not empty`,
    exitCodes.dataDirUnusable,
    'use an empty or a new directory: a restore overwrites nothing',
  )
}

/**
 * Restores a backup into an empty data directory. Every blob is compared with its digest while it is copied, and the database with its row
 * counts. No server can start in the directory until the restore is complete. An interrupted restore starts over.
 *
 * @throws StartupError for every problem that the operator can fix
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  await requireEmpty(options.dataDir)
  const place = await openDataDir(options.dataDir, { restoring: true })
  try {
    await requireEmpty(place.path)
    return await build(options, place.path)
  } catch (error) {
    throw explainFailure(error, place.path)
  } finally {
    place.close()
  }
}

async function build(options: RestoreOptions, path: string): Promise<Restored> {
  const { folder, backup, keys } = options
  const building = restoreDirectoryIn(path)
  const parts = [blobDirectoryIn, tlsDirectoryIn, masterKeyFileIn, databaseFileIn]
  for (const part of parts) await rm(part(path), { recursive: true, force: true })
  await rm(building, { recursive: true, force: true })
  // An interrupted restore may have used another store.
  if (options.openBlobs === undefined) await rm(objectStorageFileIn(path), { force: true })
  const fileBytes = options.openBlobs === undefined ? backup.blobs.sizeBytes : 0
  await requireSpace(path, backup.database.sizeBytes + fileBytes)
  await makePrivateDirectory(building)
  const database = databaseFileIn(building)
  const { onProgress = () => undefined } = options
  await copyDatabase(folder.databaseFile(backup.id), database, (doneBytes, totalBytes) =>
    onProgress({ step: 'database', doneBytes, totalBytes }),
  )
  requireCounts(database, backup)
  const { relocated, ...restored } = await copyBlobs(options, path, building)
  if (keys !== undefined) {
    await writeFileDurably(masterKeyFileIn(building), keys.masterKey, 0o600)
    const tlsDirectory = tlsDirectoryIn(building)
    if (keys.tls.size > 0) await makePrivateDirectory(tlsDirectory)
    for (const [name, content] of keys.tls) await writeFileDurably(join(tlsDirectory, name), content, 0o600)
  }
  await completeDatabase(database, backup, relocated)
  await syncDirectory(building)
  // The restore moves the database last. A server does not start while the `restoring` folder exists.
  for (const part of parts) {
    await rename(part(building), part(path)).catch((error: unknown) => {
      if (systemErrorCode(error) !== 'ENOENT') throw error
    })
  }
  await syncDirectory(path)
  await rm(building, { recursive: true })
  await syncDirectory(path)
  return restored
}

async function copyBlobs(
  { folder, backup, skipDamaged, openBlobs, onProgress = () => undefined }: RestoreOptions,
  path: string,
  building: string,
): Promise<Restored & { readonly relocated: ReadonlyMap<string, BlobLocation> }> {
  const directory = blobDirectoryIn(building)
  const temporary = join(directory, 'staging')
  const target = await openBlobs?.(path)
  if (target === undefined) await mkdir(temporary, { recursive: true, mode: 0o700 })
  const skipped: BlobProblem[] = []
  const directories = new Set<string>(target === undefined ? [temporary] : [])
  const relocated = new Map<string, BlobLocation>()
  let blobs = 0
  let doneBytes = 0
  const known = new Set(backup.damaged.map(({ digest }) => digest))
  const snapshot = openSqliteSnapshot(folder.databaseFile(backup.id))
  try {
    await forEachOf(listStoredBlobs(snapshot.tables()), copiesAtATime, async ({ digest, location }) => {
      const from = () => readFileInPieces(folder.blobFile(digest))
      const to = blobFile(directory, location)
      const onBytes = (count: number) => {
        doneBytes += count
        onProgress({ step: 'blobs', doneBytes, totalBytes: backup.blobs.sizeBytes })
      }
      const problem =
        target === undefined
          ? await copyVerified({ from, to, digest, temporary }, onBytes)
          : await copyToStore({ from, to: target.blobs, digest, relocated }, onBytes)
      if (problem === undefined) {
        blobs += 1
        if (target === undefined) directories.add(dirname(to))
      } else if (skipDamaged || known.has(digest)) {
        skipped.push({ digest, problem })
      } else {
        throw damagedBlob(digest, problem)
      }
    })
  } finally {
    snapshot.close()
    target?.close()
  }
  await syncDirectories(directories, building)
  // The store now belongs to the rows, even if the restore skipped all of its blobs.
  if (target === undefined) await markFiles(directory)
  return { blobs, skipped, relocated }
}

function damagedBlob(digest: string, problem: BlobProblem['problem']): StartupError {
  return unusable(
    `the blob ${digest} is ${problem} in the backup`,
    'use another backup, or add --skip-damaged to restore all undamaged content',
  )
}

function requireCounts(database: string, backup: Backup): void {
  const rows = countRows(database)
  const wrong = Object.entries(backup.database.rows).filter(([table, count]) => rows[table] !== count)
  if (wrong.length > 0) throw unusable(`the database of the backup ${backup.id} is corrupt`, 'use another backup')
}

/** Records the new locations of blobs, and records the restore. */
async function completeDatabase(
  file: string,
  backup: Backup,
  relocated: ReadonlyMap<string, BlobLocation>,
): Promise<void> {
  const applied = new Set(appliedMigrations(file))
  const database = await openSqliteDatabase(file)
  try {
    if (relocated.size > 0) {
      await database.transaction(async (transaction) => {
        for (const [digest, location] of relocated) await relocateBlob(transaction, digest, location)
      })
    }
    // The restore must first migrate the audit log of an older schema.
    if (auditMigrations.every(({ id }) => applied.has(id))) await recordRestore(database, backup)
  } finally {
    await database.close()
  }
}

async function recordRestore(database: Database, { id, takenAt, database: { rows } }: Backup): Promise<void> {
  await createAudit({ database, clock: systemClock }).append({
    action: 'server.restore',
    outcome: 'success',
    actor: { kind: 'system', id: 'acrux' },
    target: 'server',
    detail: { backup: id, takenAt, auditEvents: rows['audit_event'] ?? 0 },
    origin: { correlationId: newTimeOrderedId(Date.now()), remoteAddress: '', userAgent: undefined },
  })
}
