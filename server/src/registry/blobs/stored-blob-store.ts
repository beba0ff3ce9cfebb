import type { Kysely } from 'kysely'
import type { Transaction } from '../../platform/sql/database.ts'
import { type BlobLocation, requireLocation } from '../../storage/index.ts'
import type { RegistryTables } from '../rows/rows.ts'

/** A blob in the database: its digest and location. */
export type StoredBlobRow = {
  readonly digest: string
  readonly location: BlobLocation
  readonly sizeBytes: number
  /** Whether its bytes are known to be missing or corrupt. */
  readonly isQuarantined: boolean
}

const pageRows = 1000

/** Whether a database names a blob. */
export async function hasStoredBlobs(tables: Kysely<unknown>): Promise<boolean> {
  for await (const _ of listStoredBlobs(tables)) return true
  return false
}

/** All blobs in a database, by digest. */
export async function* listStoredBlobs(tables: Kysely<unknown>): AsyncGenerator<StoredBlobRow> {
  const registry = tables as Kysely<RegistryTables>
  for (let after = ''; ;) {
    const page = registry
      .selectFrom('blob')
      .select(['digest', 'location', 'size_bytes', 'quarantined_at_ms'])
      .where('digest', '>', after)
    const rows = await page.orderBy('digest').limit(pageRows).execute()
    for (const { digest, location, size_bytes: sizeBytes, quarantined_at_ms: quarantinedAtMs } of rows) {
      yield { digest, location: requireLocation(location), sizeBytes, isQuarantined: quarantinedAtMs !== null }
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRows) return
    after = last.digest
  }
}

/** Changes where the bytes of a digest are, after they were copied to another store. */
export async function relocateBlob(transaction: Transaction, digest: string, location: BlobLocation): Promise<void> {
  transaction.changesContent()
  await transaction
    .tables<RegistryTables>()
    .updateTable('blob')
    .set({ location })
    .where('digest', '=', digest)
    .execute()
}
