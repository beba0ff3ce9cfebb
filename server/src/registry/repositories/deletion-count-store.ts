import { RevisionCache } from '../../platform/memory/revision-cache.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { RegistryTables } from '../rows/rows.ts'

/** Returns how many repositories have been deleted so far. */
export type DeletionCount = () => Promise<number>

/**
 * Reads the number of deletions. The number is cached until the authority revision changes, which happens at every
 * deletion.
 */
export function createDeletionCount(database: Database): DeletionCount {
  const cache = new RevisionCache<number>(1)
  return async () => {
    const revision = await database.authorityRevision()
    const cached = cache.get(revision, '', 0)
    if (cached !== undefined) return cached
    const { count } = await database
      .tables<RegistryTables>()
      .selectFrom('repository_deletions')
      .select('count')
      .executeTakeFirstOrThrow()
    cache.set(revision, '', count, Infinity)
    return count
  }
}
