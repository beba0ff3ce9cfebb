import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { blobDirectoryIn, blobMarkFileIn, lostBlobsFileIn, objectStorageFileIn } from '../platform/files/data-dir.ts'
import { writeFileDurably } from '../platform/files/durable-file.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import {
  type BlobStore,
  claimObjects,
  markFiles,
  type ObjectStore,
  readFilesMark,
  type StoreMark,
  StorageUnavailableError,
} from '../storage/index.ts'

/** The rows of an installation. The rows contain the names of its blobs. */
export type Rows = {
  /** Whether the rows contain the name of a blob. */
  readonly nameBlobs: () => Promise<boolean>
  /** Whether the server knows that the rows belong to the blobs. @throws StartupError if the rows belong to other blobs */
  readonly areOurs: () => Promise<boolean>
}

/** The configured store is not the store of the data directory. The blobs of the data directory are in another store. */
export class OtherStorageError extends StartupError {
  override readonly name = 'OtherStorageError'
  constructor(message: string) {
    super(message, exitCodes.configuration, 'set storage to the location of the blobs, or use a new data directory')
  }
}

/** The store contains none of the blobs of the data directory. This happens, for example, if a directory is not mounted. */
class LostBlobsError extends StartupError {
  override readonly name = 'LostBlobsError'
  constructor(message: string, nextStep: string, dataDir: string) {
    const lost = `if the blobs are lost, restore a backup, or create the file ${lostBlobsFileIn(dataDir)} to start without the blobs`
    super(message, exitCodes.dataDirUnusable, `${nextStep}; ${lost}`)
  }
}

/** The marker that the data directory notes. @throws StartupError if the files have another marker */
export async function requireOwnFiles(dataDir: string): Promise<string | undefined> {
  const file = blobMarkFileIn(dataDir)
  if (!existsSync(file) || existsSync(lostBlobsFileIn(dataDir))) return undefined
  const known = (await readFile(file, 'utf8')).trim()
  const found = await readFilesMark(blobDirectoryIn(dataDir)).catch((error: unknown) => {
    if (error instanceof StorageUnavailableError) return undefined
    throw error
  })
  if (found !== known) throw lostFiles(dataDir)
  return known
}

function lostFiles(dataDir: string): LostBlobsError {
  const directory = blobDirectoryIn(dataDir)
  return new LostBlobsError(
    `the blobs of ${dataDir} are not in ${directory}`,
    'mount the blobs in this directory',
    dataDir,
  )
}

/**
 * Writes a marker beside the files of a data directory. If the rows belong to the blobs, the data directory also notes the marker. A
 * rejected start writes no marker.
 *
 * @throws StartupError if the rows name blobs, and there are none
 */
export async function claimFiles(
  dataDir: string,
  { blobs, mark }: { readonly blobs: BlobStore; readonly mark: StoreMark },
  rows: Rows,
): Promise<void> {
  const isNoted = mark.id !== undefined
  const lost = lostBlobsFileIn(dataDir)
  const isNew = !isNoted && !existsSync(lost) && (await readFilesMark(blobDirectoryIn(dataDir))) === undefined
  if (isNew && (await isEmpty(blobs)) && (await rows.nameBlobs())) throw lostFiles(dataDir)
  const areOurs = await rows.areOurs()
  mark.id ??= await markFiles(blobDirectoryIn(dataDir))
  if (areOurs && !isNoted) await writeFileDurably(blobMarkFileIn(dataDir), `${mark.id}\n`, 0o600)
  await rm(lost, { force: true })
}

async function isEmpty(blobs: BlobStore): Promise<boolean> {
  for await (const _ of blobs.list()) return false
  return true
}

/** The id with which a data directory reserves an object store. @throws StartupError if the blobs of the data directory are files */
export async function findClaim(dataDir: string): Promise<string | undefined> {
  const file = objectStorageFileIn(dataDir)
  if (existsSync(file)) return (await readFile(file, 'utf8')).trim()
  if (await hasFiles(blobDirectoryIn(dataDir))) throw new OtherStorageError(`the blobs of ${dataDir} are in files`)
  return undefined
}

/** The data directory stores the id of its installation before the object store does, so that a crash between the two steps is harmless. */
export async function claimObjectsOf(dataDir: string, objects: ObjectStore, id: string, rows: Rows): Promise<void> {
  const lost = lostBlobsFileIn(dataDir)
  const file = objectStorageFileIn(dataDir)
  if (!existsSync(file)) await writeFileDurably(file, `${id}\n`, 0o600)
  const isClaimed = await claimAs(objects, id, async () => existsSync(lost) || !(await rows.nameBlobs()))
  if (!isClaimed) {
    throw new LostBlobsError(
      `the blobs of ${dataDir} are not in ${objects.description}`,
      'set storage to the location of the blobs',
      dataDir,
    )
  }
  await rows.areOurs()
  await rm(lost, { force: true })
}

/**
 * Marks an object store as the store of an installation. The function does not mark an empty store if the store must contain blobs.
 *
 * @returns false if the store must not be empty, and is empty
 * @throws StartupError if the store contains the blobs of another installation
 */
export async function claimAs(objects: ObjectStore, id: string, mayBeEmpty: () => Promise<boolean>): Promise<boolean> {
  const claimed = await claimObjects(objects, id, mayBeEmpty).catch((error: unknown) => {
    if (!(error instanceof StorageUnavailableError)) throw error
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
    throw new StartupError(
      `${objects.description} cannot be used: ${error.message}${cause}`,
      exitCodes.storageUnusable,
      'check the settings in storage, the credentials and the network',
      { cause: error },
    )
  })
  if (claimed === 'foreign') {
    throw new OtherStorageError(`${objects.description} contains the blobs of another installation`)
  }
  if (claimed === 'lost')
    throw new OtherStorageError(`${objects.description} contains blobs of an unknown installation`)
  return claimed === 'ours'
}

/** Whether a directory contains blobs. */
export async function hasFiles(directory: string): Promise<boolean> {
  if (!existsSync(directory)) return false
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const blobs = entries.filter(
    ({ name, parentPath }) => name.split('.')[0] !== 'installation' && path.basename(parentPath) !== 'staging',
  )
  return blobs.some((entry) => entry.isFile())
}
