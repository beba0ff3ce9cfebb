import { plainReason, systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, readdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { lockDirectory } from '../../platform/files/data-dir.ts'
import { makePrivateDirectory, writeFileDurably } from '../../platform/files/durable-file.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { type Backup, backupSchema } from './model.ts'

/** A directory of backups. It contains one pool of blobs, which is sorted by digest, and a folder for each backup. */
export type BackupFolder = {
  /** The absolute path of the directory. */
  readonly path: string
  /** The complete backups, the oldest first. */
  readonly list: () => Promise<Backup[]>
  /** The newest complete backups, the oldest first, and the number of all. */
  readonly newest: (limit: number) => Promise<{ readonly backups: readonly Backup[]; readonly count: number }>
  /** The backup with an id, or the newest backup. @throws StartupError if the backup does not exist */
  readonly find: (id: string | undefined) => Promise<Backup>
  /** The path of the blob with a digest. */
  readonly blobFile: (digest: string) => string
  readonly databaseFile: (id: string) => string
  readonly keysFile: (id: string) => string
}

const markerName = 'acrux-backups.json'
const digestPattern = /^(sha256|sha512):([0-9a-f]{64}(?:[0-9a-f]{64})?)$/

/** A directory contains no backups, or does not exist. */
export class NoBackupsError extends StartupError {
  override readonly name = 'NoBackupsError'
  constructor(path: string) {
    super(
      `${path} contains no backups`,
      exitCodes.backupUnusable,
      'use the directory that acrux backup create wrote to',
    )
  }
}

/**
 * Opens a directory of backups for reading.
 *
 * @throws NoBackupsError if the directory contains no backups or does not exist, or StartupError if the directory cannot be read
 */
export async function openBackupFolder(directory: string): Promise<BackupFolder> {
  const path = resolve(directory)
  await stat(join(path, markerName)).catch((error: unknown) => {
    throw systemErrorCode(error) === 'ENOENT' ? new NoBackupsError(path) : unreadable(path, error)
  })
  return folderAt(path)
}

/**
 * Opens a directory of backups for writing, and creates a missing directory. No other process can write to the directory until `close`.
 *
 * @throws StartupError if the directory is in use, or contains other files
 */
export async function lockBackupFolder(
  directory: string,
): Promise<BackupFolder & { readonly blobsBeingWritten: string; readonly close: () => void }> {
  const path = resolve(directory)
  const pool = join(path, 'blobs')
  try {
    await makePrivateDirectory(path)
    const isNew = !existsSync(join(path, markerName))
    if (isNew && (await readdir(path)).length > 0) {
      throw unusable(`${path} is not empty and contains no backups`, 'use an empty or a new directory')
    }
    const lock = await lockDirectory(path)
    if (lock === undefined)
      throw unusable(`another backup is being written to ${path}`, 'wait until the other backup is complete')
    const blobsBeingWritten = join(path, 'partial')
    await rm(blobsBeingWritten, { recursive: true, force: true })
    await makePrivateDirectory(blobsBeingWritten)
    await makePrivateDirectory(join(path, 'backups'))
    await makePrivateDirectory(pool)
    if (isNew) await writeFileDurably(join(path, markerName), `${JSON.stringify({ format: 1 })}\n`, 0o600)
    return { ...folderAt(path), blobsBeingWritten, close: () => lock.close() }
  } catch (error) {
    if (error instanceof StartupError) throw error
    const reason = plainReason(error)
    throw unusable(`${path} cannot be written: ${reason}`, 'use a directory that this user can write to', error)
  }
}

/** A name for a backup that is made at a time. The alphabetical order of names is the order of their times. */
export function newBackupId(atMs: number): string {
  const time = new Date(atMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return `${time}-${randomBytes(3).toString('hex')}`
}

/** The path of the folder of one backup, relative to the directory. */
export function folderOf(path: string, id: string): string {
  return join(path, 'backups', id)
}

/** The file name of the description in the folder of a backup. */
export function descriptionIn(folder: string): string {
  return join(folder, 'backup.json')
}

function folderAt(path: string): BackupFolder {
  const newest = async (limit: number) => {
    const found = await readdir(join(path, 'backups')).catch((error: unknown) => {
      throw unreadable(path, error)
    })
    const names = found.toSorted().slice(-limit)
    const backups: Backup[] = []
    // The files are read one after the other. If the disk hangs, it blocks only one thread of the process.
    for (const name of names) {
      const backup = await readDescription(path, name)
      if (backup !== undefined) backups.push(backup)
    }
    return { backups, count: found.length - names.length + backups.length }
  }
  const list = async (): Promise<Backup[]> => (await newest(Infinity)).backups
  return {
    path,
    list,
    newest,
    find: async (id) => {
      const backups = await list()
      const found = id === undefined ? backups.at(-1) : backups.find((backup) => backup.id === id)
      if (found !== undefined) return found
      const what = id === undefined ? 'no complete backup' : `no complete backup ${id}`
      throw unusable(`${path} contains ${what}`, `list the backups: acrux backup list ${path}`)
    },
    blobFile: (digest) => {
      const [, algorithm, hex] = digestPattern.exec(digest) ?? []
      if (algorithm === undefined || hex === undefined) throw new Error(`not a digest: ${digest.slice(0, 200)}`)
      return join(path, 'blobs', algorithm, hex.slice(0, 2), hex)
    },
    databaseFile: (id) => join(folderOf(path, id), 'acrux.db'),
    keysFile: (id) => join(folderOf(path, id), 'keys.json'),
  }
}

/** The result is undefined for an incomplete backup, such as an interrupted backup. */
async function readDescription(path: string, name: string): Promise<Backup | undefined> {
  const text = await readFile(descriptionIn(folderOf(path, name)), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    const backup = backupSchema.parse(JSON.parse(text))
    return backup.id === name ? backup : undefined
  } catch (error) {
    throw unusable(
      `the description of the backup ${name} cannot be read`,
      'delete its folder, or take it from a copy',
      error,
    )
  }
}

function unreadable(path: string, error: unknown): StartupError {
  const nextStep = 'use a directory that this user can read, and check the disk of the directory'
  return unusable(`${path} cannot be read: ${plainReason(error)}`, nextStep, error)
}

/** The error for an unusable directory of backups, with a hint. */
export function unusable(message: string, nextStep: string, cause?: unknown): StartupError {
  return new StartupError(message, exitCodes.backupUnusable, nextStep, { cause })
}
