import type { BlobLocation, BlobStore, StoredBlob } from './model.ts'

/**
 * Like `find`. But before it calls a blob missing, the store shows that it is itself, looks again, and shows it once more: one wrong
 * response, or a mount that was missing for a moment, is not enough.
 *
 * @throws StorageUnavailableError
 */
export async function findProven(
  blobs: Pick<BlobStore, 'find' | 'requireSelf'>,
  location: BlobLocation,
): Promise<StoredBlob | undefined> {
  const found = await blobs.find(location)
  if (found !== undefined) return found
  await blobs.requireSelf()
  const again = await blobs.find(location)
  if (again === undefined) await blobs.requireSelf()
  return again
}
