import { StorageFullError } from '../contract/errors.ts'

/** The code of an error of the operating system, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Maps a full disk or an exhausted quota to StorageFullError. @throws StorageFullError, and other errors unchanged */
export async function mapDiskFull<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    const code = errorCode(error)
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
    throw new StorageFullError('the disk has no room left for blobs', { cause: error })
  }
}

/** Maps a missing file to undefined. */
export async function undefinedIfMissing<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
