import type { Database } from '../../platform/sql/database.ts'
import { chunked } from '../rows/piece-store.ts'
import type { LastPullRow, RegistryTables } from '../rows/rows.ts'

/** Writes the last pull times of manifests and tags, unless a later time is already recorded. */
export async function writeLastPulls(database: Database, rows: readonly LastPullRow[]): Promise<void> {
  for (const chunk of chunked(rows)) {
    await database.transaction((transaction) =>
      transaction
        .tables<RegistryTables>()
        .insertInto('last_pull')
        .values(chunk)
        .onConflict((conflict) =>
          conflict
            .columns(['repository_id', 'reference'])
            .doUpdateSet((builder) => ({ pulled_at_ms: builder.ref('excluded.pulled_at_ms') }))
            .whereRef('excluded.pulled_at_ms', '>', 'last_pull.pulled_at_ms'),
        )
        .execute(),
    )
  }
}

/** Returns the written last pull times of manifests or tags of a repository, by digest or name. */
export async function readLastPulls(
  database: Database,
  repositoryId: string,
  references: readonly string[],
): Promise<Map<string, number>> {
  const pulls = new Map<string, number>()
  for (const chunk of chunked(references)) {
    const rows = await database
      .tables<RegistryTables>()
      .selectFrom('last_pull')
      .select(['reference', 'pulled_at_ms'])
      .where('repository_id', '=', repositoryId)
      .where('reference', 'in', chunk)
      .execute()
    for (const { reference, pulled_at_ms } of rows) pulls.set(reference, pulled_at_ms)
  }
  return pulls
}

/** A position in the list of rows. */
export type LastPullPlace = Pick<LastPullRow, 'repository_id' | 'reference'>

/** Returns the rows after a position, and whether the manifest or tag of each row still exists. */
export function listLastPulls(database: Database, after: LastPullPlace, limit: number) {
  return database
    .tables<RegistryTables>()
    .selectFrom('last_pull')
    .select(['repository_id', 'reference'])
    .select((row) =>
      row
        .or([
          row.exists(
            row
              .selectFrom('manifest')
              .select('digest')
              .whereRef('manifest.repository_id', '=', 'last_pull.repository_id')
              .whereRef('manifest.digest', '=', 'last_pull.reference'),
          ),
          row.exists(
            row
              .selectFrom('tag')
              .select('name')
              .whereRef('tag.repository_id', '=', 'last_pull.repository_id')
              .whereRef('tag.name', '=', 'last_pull.reference'),
          ),
        ])
        .as('is_held'),
    )
    .where((row) =>
      row(row.refTuple('repository_id', 'reference'), '>', row.tuple(after.repository_id, after.reference)),
    )
    .orderBy('repository_id')
    .orderBy('reference')
    .limit(limit)
    .execute()
}

/** Deletes rows. A later pull creates a new row. */
export function deleteLastPulls(database: Database, places: readonly LastPullPlace[]): Promise<void> {
  return database.transaction(async (transaction) => {
    for (const { repository_id, reference } of places) {
      await transaction
        .tables<RegistryTables>()
        .deleteFrom('last_pull')
        .where('repository_id', '=', repository_id)
        .where('reference', '=', reference)
        .execute()
    }
  })
}
