import { StorageFullError } from './errors.ts'

/** The operating system's code of an error, as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Does `work` and tells a full disk or an exhausted quota apart from every other failure. */
export async function orFull<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    const code = errorCode(error)
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
    throw new StorageFullError('the disk has no room left for blobs', { cause: error })
  }
}

/** Does `work`; what is not there is `undefined` and no error. */
export async function orMissing<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
