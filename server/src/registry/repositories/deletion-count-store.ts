import { andThen } from '../../platform/memory/authority-memory.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { RegistryTables } from '../rows/rows.ts'

/** How many repositories have been deleted so far, as it is committed. */
export type DeletionCount = () => number | Promise<number>

/** Counts the deletions of repositories, from memory as long as no authority changes, which every deletion does. */
export function createDeletionCount(database: Database): DeletionCount {
  let known = { revision: Number.NaN, count: 0 }
  const read = async (revision: number): Promise<number> => {
    const row = await database
      .tables<RegistryTables>()
      .selectFrom('repository_deletions')
      .select('count')
      .executeTakeFirstOrThrow()
    // A look that began before the latest one known must not bring an older count back.
    if (!(known.revision > revision)) known = { revision, count: row.count }
    return row.count
  }
  return () =>
    andThen(database.authorityRevision(), (revision) => (revision === known.revision ? known.count : read(revision)))
}
