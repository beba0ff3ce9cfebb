import { withoutCaller } from '../../platform/process/authorized-work.ts'
import type { Transaction, Database } from '../../platform/sql/database.ts'
import type { ChangeContext } from './context.ts'
import type { RepositoryTarget } from '../repositories/repositories.ts'
import { OciError } from '../protocol/errors.ts'
import { whileTime } from '../rows/piece-store.ts'
import { UnsweptError, sweepManifest } from './deleted-content-store.ts'

/**
 * Changes the repository of a call in one transaction. Every change of manifests, tags and locks uses this function.
 */
export async function changeRepository<Result>(
  context: ChangeContext,
  call: RepositoryTarget,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  try {
    return await changeSwept(context.database, work)
  } finally {
    context.manifestCache.drop(call.registry.rid, call.path.repository)
  }
}

/** How many times a change waits for rows of earlier deletions: clients may continue to delete. */
const maxWaits = 10

/**
 * Runs a transaction. If rows of a deleted manifest are in its way, deletes them first, in batches.
 *
 * @throws OciError TOOMANYREQUESTS when there are always more of them
 */
export async function changeSwept<Result>(
  database: Database,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  for (let waits = 0; waits < maxWaits; waits += 1) {
    try {
      return await database.transaction(work)
    } catch (error) {
      if (!(error instanceof UnsweptError)) throw error
      const { repositoryId } = error
      const sweep = (transaction: Transaction) => whileTime(() => sweepManifest(transaction, repositoryId))
      while (!(await withoutCaller(() => database.transaction(sweep)))) continue
    }
  }
  throw new OciError('TOOMANYREQUESTS', {
    message: 'manifests of this repository are being deleted; try again',
    headers: { 'retry-after': '1' },
  })
}
