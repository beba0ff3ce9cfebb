import { movedState } from '../leases/lease-statements.ts'
import { AuthorityMovedError } from '../process/authorized-work.ts'
import { systemErrorCode } from '../process/plain-reason.ts'
import { commits } from './postgres-pool.ts'

/** The message that commits a transaction. */
export type Commit = { message: string; readonly admittedAt: number | undefined }

/**
 * Runs a transaction that commits with its own message.
 *
 * @throws AuthorityMovedError if its caller was admitted at another authority revision
 */
export async function committing<Result>(
  run: (commit: Commit) => Promise<Result>,
  admittedAt: number | undefined,
): Promise<Result> {
  const commit: Commit = { message: 'commit', admittedAt }
  try {
    return await commits.run(commit, () => run(commit))
  } catch (error) {
    const isMoved = commit.message !== 'commit' && systemErrorCode(error) === movedState
    throw isMoved ? new AuthorityMovedError('the authority revision has moved', { cause: error }) : error
  }
}
