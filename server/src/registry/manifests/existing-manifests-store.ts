import type { Database, Transaction } from '../../platform/sql/database.ts'
import { chunked } from '../rows/piece-store.ts'
import type { RegistryTables } from '../rows/rows.ts'

/** Returns the digests, of the given digests, whose manifests clients find in the repository. */
export async function existingManifests(
  source: Pick<Database | Transaction, 'tables'>,
  repositoryId: string,
  digests: readonly string[],
): Promise<Set<string>> {
  const found = new Set<string>()
  for (const chunk of chunked(digests)) {
    const rows = await source
      .tables<RegistryTables>()
      .selectFrom('manifest')
      .select('digest')
      .where('repository_id', '=', repositoryId)
      .where('digest', 'in', chunk)
      .where('quarantined_at_ms', 'is', null)
      .execute()
    for (const { digest } of rows) found.add(digest)
  }
  return found
}
