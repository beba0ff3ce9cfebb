import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import { requireWritable } from '../repositories/locks.ts'
import { type RepositoryTarget, requireCurrentCredential } from '../repositories/repositories.ts'
import { openRepository } from '../repositories/repository-store.ts'
import { holdsIntactBlob, linkBlob } from './blob-store.ts'
import type { BlobContext } from './context.ts'

/** The repository to which a blob should be linked, and whether this repository contains the blob now. */
export type HeldIn = { readonly repositoryId: string; readonly isHeld: boolean }

/**
 * Opens a repository, and links a blob to this repository. This repository or another repository must already contain the blob.
 *
 * @param heldBy the id of the other repository
 * @throws OciError NAME_UNKNOWN, DENIED or REGISTRY_DISALLOWED_OPERATION
 * @throws OutdatedCredentialError
 */
export async function holdBlob(
  { database, clock, settings, quotas }: BlobContext,
  { registry, caller, path }: RepositoryTarget,
  digest: Digest,
  heldBy: string | undefined,
): Promise<HeldIn> {
  const nowMs = clock.now()
  const { rid } = registry
  return quotas.reserving(({ measure }) =>
    database.transaction(async (transaction) => {
      const { id, ...repository } = await openRepository(transaction, rid, path.repository, nowMs)
      requireCurrentCredential(caller, repository)
      requireWritable(repository)
      const isHeld =
        (await holdsIntactBlob(transaction, id, digest)) ||
        (heldBy !== undefined && (await holdsIntactBlob(transaction, heldBy, digest)))
      const link = () => linkBlob(transaction, id, digest, { nowMs, gracePeriodMs: settings.gracePeriodMs })
      if (isHeld) await measure(transaction, { rid, repository: path.repository, repositoryId: id }, link)
      return { repositoryId: id, isHeld }
    }),
  )
}
