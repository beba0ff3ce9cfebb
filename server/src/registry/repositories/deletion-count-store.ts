import type { Database } from '../../platform/sql/database.ts'
import type { RegistryTables } from '../rows/rows.ts'

/** Returns how many repositories have been deleted so far. */
export type DeletionCount = () => Promise<number>

/** Reads the number of deletions. It is cached until the authority revision changes, as it does with every deletion. */
export function createDeletionCount(database: Database): DeletionCount {
  let known = { revision: Number.NaN, count: 0 }
  const read = async (revision: number): Promise<number> => {
    const row = await database
      .tables<RegistryTables>()
      .selectFrom('repository_deletions')
      .select('count')
      .executeTakeFirstOrThrow()
    // A read that began before the cached one must not overwrite it with an older count.
    if (!(known.revision > revision)) known = { revision, count: row.count }
    return row.count
  }
  return async () => {
    const revision = await database.authorityRevision()
    return revision === known.revision ? known.count : read(revision)
  }
}
