import type { Collection } from './collection.ts'
import type { GarbageContext } from './context.ts'
import { sweepUnnamedFiles } from './sweep-files.ts'
import { discardStray } from '../uploads/end-upload.ts'
import { sweepDeletedRegistries } from './deleted-registry-store.ts'
import { sweepHeldBlobs, sweepUnheldBlobs, sweepUploads } from './sweep-rows.ts'

/**
 * Deletes unreachable content while the server runs: expired uploads, the content of deleted registries, unneeded blobs
 * and, with `comparesFiles`, files without a row. `docs/explanation/durability.md` explains why garbage collection never
 * removes acknowledged data.
 */
export async function collectUnreachable(
  context: GarbageContext,
  collection: Collection,
  { comparesFiles }: { readonly comparesFiles: boolean },
): Promise<void> {
  const { counts, reached } = collection
  await reached('uploads')
  // Bytes without a row are deleted first: on a full disk, that makes space for the transactions that follow.
  counts.uploads += await discardStray(context)
  await sweepUploads(context, collection)
  await reached('registries')
  await sweepDeletedRegistries(context)
  await reached('blobs')
  await sweepHeldBlobs(context, collection)
  await sweepUnheldBlobs(context, collection)
  if (!comparesFiles) return
  await reached('files')
  await sweepUnnamedFiles(context, collection)
}
