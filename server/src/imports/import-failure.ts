import { outageOf } from '../platform/process/outage.ts'
import { OciError } from '../registry/index.ts'
import { BrokenSourceError } from '../storage/index.ts'
import { ImportError } from './model.ts'

/** The reason and message of the status of a failed import. */
export type ImportFailure = { readonly reason: string; readonly message: string }

/** The status of an import whose process has stopped. */
export const stopped = {
  state: 'failed',
  reason: 'stopped',
  message: 'the server was stopped before the import ended; start the import again',
} as const

/** Why an import failed, for its caller; undefined for an internal error, whose cause is not revealed. */
export function explainFailure(error: unknown): ImportFailure | undefined {
  if (error instanceof ImportError) return { reason: error.reason, message: error.message }
  if (error instanceof OciError && error.status < 500) {
    const reason = error.code === 'CONFLICT' ? 'conflict' : error.code === 'DIGEST_INVALID' ? 'source' : 'target'
    return { reason, message: error.message }
  }
  if (outageOf(error)?.kind === 'disk-full') {
    return { reason: 'target', message: 'the server has run out of disk space' }
  }
  if (error instanceof BrokenSourceError) return { reason: 'source', message: 'the connection to the source was lost' }
  if (error instanceof Error && error.name === 'TimeoutError') {
    return { reason: 'limit', message: 'the import took too long, including the time in the queue' }
  }
  return undefined
}
