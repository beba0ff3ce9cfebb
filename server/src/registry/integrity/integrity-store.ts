import type { Transaction } from '../../platform/sql/database.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { BlobLocation } from '../../storage/index.ts'
import type { RegistryTables } from '../rows/rows.ts'

/** Bytes at a location. The row of their digest may already name another location. */
export type PlacedBlob = { readonly digest: Digest; readonly location: BlobLocation }

/** A manifest in a repository, with its stored bytes. */
export type PlacedManifest = { readonly repository_id: string; readonly digest: Digest; readonly content: Uint8Array }

/** The maximum number of repositories that the audit event of a quarantine names. */
const maxNamedHolders = 20

const missing = 'missing'

/**
 * Whether the bytes of a quarantined blob may be found again. This is possible if the bytes were missing, or if an earlier version
 * quarantined the blob without a reason.
 */
export function mayReturn(reason: string | null): boolean {
  return reason === null || reason === missing
}

/**
 * Quarantines a blob at a location. If the blob is already in quarantine because its bytes are missing or without a reason, replaces the
 * reason. Returns false if the blob has moved, or is in quarantine for another reason.
 */
export async function quarantineBlob(
  transaction: Transaction,
  { digest, location }: PlacedBlob,
  { nowMs, reason }: { readonly nowMs: number; readonly reason: string },
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .tables<RegistryTables>()
    .updateTable('blob')
    .set({ quarantined_at_ms: nowMs, quarantine_reason: reason, verified_at_ms: null })
    .where('digest', '=', digest)
    .where('location', '=', location)
    .where((blob) =>
      blob.or([
        blob('quarantined_at_ms', 'is', null),
        ...(mayReturn(reason) ? [] : [blob('quarantine_reason', 'is', null), blob('quarantine_reason', '=', missing)]),
      ]),
    )
    .executeTakeFirst()
  if (numUpdatedRows > 0n) transaction.changesContent()
  return numUpdatedRows > 0n
}

/** Records that the bytes at a location are intact. This ends a quarantine. */
export async function recordVerified(
  transaction: Transaction,
  { digest, location }: PlacedBlob,
  verifiedAtMs: number,
): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .updateTable('blob')
    .set({ verified_at_ms: verifiedAtMs, quarantined_at_ms: null, quarantine_reason: null })
    .where('digest', '=', digest)
    .where('location', '=', location)
    .execute()
}

/** Returns some of the repositories that contain a blob. The operator has to push the blob again to one of these repositories. */
export async function holdersOf(
  transaction: Transaction,
  digest: Digest,
): Promise<{ readonly rid: string; readonly name: string }[]> {
  return transaction
    .tables<RegistryTables>()
    .selectFrom('repository_blob')
    .innerJoin('repository', 'repository.id', 'repository_blob.repository_id')
    .select(['repository.rid', 'repository.name'])
    .where('repository_blob.digest', '=', digest)
    .limit(maxNamedHolders)
    .execute()
}

/** Quarantines a manifest. Returns false if the manifest is already in quarantine, or if its bytes have changed. */
export async function quarantineManifest(
  transaction: Transaction,
  { repository_id, digest, content }: PlacedManifest,
  nowMs: number,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .tables<RegistryTables>()
    .updateTable('manifest')
    .set({ quarantined_at_ms: nowMs })
    .where('repository_id', '=', repository_id)
    .where('digest', '=', digest)
    .where('content', '=', content)
    .where('quarantined_at_ms', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows > 0n) transaction.changesContent()
  return numUpdatedRows > 0n
}
