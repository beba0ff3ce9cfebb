import { systemErrorCode } from '@acrux/contract'
import { StorageFullError } from './errors.ts'

/** Does `work` and tells a full disk or an exhausted quota apart from every other failure. */
export async function orFull<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    const code = systemErrorCode(error)
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
    throw new StorageFullError('the disk has no room left for blobs', { cause: error })
  }
}

/** Does `work`; what is not there is `undefined` and no error. */
export async function orMissing<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
