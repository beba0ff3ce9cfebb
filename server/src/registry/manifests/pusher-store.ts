import type { Database } from '../../platform/sql/database.ts'
import type { Actor } from '../protocol/ports.ts'
import { pusherOf } from '../repositories/pusher.ts'
import { chunked } from '../rows/piece-store.ts'
import type { RegistryTables } from '../rows/rows.ts'

/** The minimum size in bytes of a manifest for which a list omits the pusher. SQLite reads the column of the pusher after the content. */
const maxListedContent = 256 * 1024

/** The principal that made the last push of some manifests, by digest. Manifests of more than 256 KiB are omitted. */
export async function readPushers(
  database: Database,
  repositoryId: string,
  digests: readonly string[],
): Promise<Map<string, Actor>> {
  const found = new Map<string, Actor>()
  for (const chunk of chunked(digests)) {
    const rows = await database
      .tables<RegistryTables>()
      .selectFrom('manifest')
      .select(['digest', 'updated_at_ms', 'pushed_at_ms', 'pushed_by_kind', 'pushed_by_id', 'pushed_by_name'])
      .where('repository_id', '=', repositoryId)
      .where('digest', 'in', chunk)
      .where('size_bytes', '<=', maxListedContent)
      .execute()
    for (const row of rows) {
      const by = pusherOf(row)
      if (by !== undefined) found.set(row.digest, by)
    }
  }
  return found
}
