import type { Transaction } from '../../platform/sql/database.ts'
import type { BlobContext } from './context.ts'
import { type DeletedBlob, deleteUnheld, holdsBlob, isBlobNeeded, unlinkBlob } from './blob-store.ts'
import { type OciCall, sendEmpty } from '../protocol/call.ts'
import { OciError } from '../protocol/errors.ts'
import { blobUnknown } from './get-blob.ts'
import { requireContentDeletable } from '../repositories/locks.ts'
import { changeEvent, requireCurrentCredential } from '../repositories/repositories.ts'
import { findRepository } from '../repositories/repository-store.ts'

/**
 * `DELETE` of a blob: unlinks it from the repository of the call, and deletes its bytes if no other repository holds
 * it. A blob that a manifest of the repository names is not deleted, so that every manifest can be pulled. [OCI
 * distribution-spec, Deleting Blobs]
 *
 * @throws OciError BLOB_UNKNOWN, UNSUPPORTED or REGISTRY_DISALLOWED_OPERATION
 */
export async function deleteBlob(context: BlobContext, call: OciCall<'blob'>): Promise<void> {
  const unnamed = await context.database.transaction((transaction) => unlink(context, call, transaction))
  for (const { location } of unnamed) await context.blobs.delete(location)
  sendEmpty(call, 202)
}

async function unlink({ audit }: BlobContext, call: OciCall<'blob'>, transaction: Transaction): Promise<DeletedBlob[]> {
  const { registry, path, caller } = call
  const { digest } = path
  const repository = await findRepository(transaction, registry.rid, path.repository)
  if (repository === undefined) throw blobUnknown(digest)
  requireCurrentCredential(caller, repository)
  if (!(await holdsBlob(transaction, repository.id, digest))) throw blobUnknown(digest)
  requireContentDeletable(registry, repository)
  if (await isBlobNeeded(transaction, repository.id, digest)) {
    throw new OciError('UNSUPPORTED', {
      message: 'a manifest of this repository refers to the blob; delete the manifest first',
      detail: { digest },
    })
  }
  await unlinkBlob(transaction, repository.id, digest)
  await audit.record(transaction, changeEvent(call, 'blob.delete', `@${digest}`))
  return deleteUnheld(transaction, [digest])
}
