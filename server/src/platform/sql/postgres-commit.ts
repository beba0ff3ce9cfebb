import { lockNotAvailable, movedState } from '../leases/lease-statements.ts'
import { AuthorityMovedError } from '../process/authorized-work.ts'
import { DatabaseBusyError } from '../process/outage.ts'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { commits } from './postgres-pool.ts'

/** The message that commits a transaction. */
export type Commit = { message: string; readonly admittedAt: number | undefined }

/**
 * Runs a transaction whose commit message contains further statements.
 *
 * @throws AuthorityMovedError if the caller was admitted at another authority revision
 * @throws DatabaseBusyError if a process that stopped during a revocation holds the lock on the authority revision
 */
export async function committing<Result>(
  run: (commit: Commit) => Promise<Result>,
  admittedAt: number | undefined,
): Promise<Result> {
  const commit: Commit = { message: 'commit', admittedAt }
  try {
    return await commits.run(commit, () => run(commit))
  } catch (error) {
    const code = commit.message === 'commit' ? undefined : systemErrorCode(error)
    if (code === movedState) throw new AuthorityMovedError('the authority revision has moved', { cause: error })
    if (code === lockNotAvailable) throw new DatabaseBusyError(heldByOther, { cause: error })
    throw error
  }
}

const heldByOther =
  'a process that stopped within a revocation holds the authority revision: restart or end this process'
