import type { BlobLocation, BlobStore, StoredBlob } from './model.ts'

/**
 * Like `find`, but before it returns undefined, it verifies the store, looks again, and verifies the store once more. So one wrong
 * response, or a mount that was missing for a moment, does not make a blob missing.
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
