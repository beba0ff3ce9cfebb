import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { StorageFullError, StorageUnavailableError } from '../contract/errors.ts'

/**
 * Maps the errors of the disk of a write: a full disk or an exhausted quota, and a directory that is missing, as of a mount.
 *
 * @throws StorageFullError, StorageUnavailableError, and other errors unchanged
 */
export async function mapUnusable<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT') throw new StorageUnavailableError('a directory of the blobs is missing', { cause: error })
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
    throw new StorageFullError('the disk has no space left for blobs', { cause: error })
  }
}

/** Maps a missing file to undefined. */
export async function undefinedIfMissing<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
