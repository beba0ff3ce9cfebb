import { systemErrorCode } from '../../platform/process/plain-reason.ts'
import { StorageFullError } from '../contract/errors.ts'

/** Maps a full disk or an exhausted quota to StorageFullError. @throws StorageFullError, and other errors unchanged */
export async function mapDiskFull<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    const code = systemErrorCode(error)
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
