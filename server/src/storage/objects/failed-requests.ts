import { StorageFullError, StorageUnavailableError } from '../contract/errors.ts'

/** Translates the error of an SDK. */
export type Failure = {
  readonly isMissing: boolean
  readonly isFull: boolean
  readonly status: number | undefined
  readonly code: string | undefined
}

/** Translates the errors of requests. `failureOf` knows those of one SDK. */
export function translating(failureOf: (error: unknown) => Failure) {
  const translate = (error: unknown): Error => {
    const { isFull, status, code } = failureOf(error)
    if (isFull) return new StorageFullError('the object store is full', { cause: error })
    const what = status === undefined ? 'failed' : `answered ${status}`
    return new StorageUnavailableError(`the object store ${what}: ${code}`, { cause: error, status })
  }
  return {
    translated: async <Result>(work: Promise<Result>): Promise<Result> => {
      try {
        return await work
      } catch (error) {
        throw translate(error)
      }
    },
    undefinedIfMissing: async <Result>(work: Promise<Result>): Promise<Result | undefined> => {
      try {
        return await work
      } catch (error) {
        if (failureOf(error).isMissing) return undefined
        throw translate(error)
      }
    },
  }
}
