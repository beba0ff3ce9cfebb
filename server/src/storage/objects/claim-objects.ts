import { StorageUnavailableError } from '../contract/errors.ts'
import type { ObjectStore } from './object-store.ts'
import { readWhole } from './read-object.ts'

const claimKey = 'installation'

/** Whether an object store belongs to an installation. */
export type Claim = 'ours' | 'foreign' | 'lost' | 'empty'

/**
 * Marks an empty object store as that of an installation. Garbage collection deletes all blobs without a row, so two
 * installations must never share a store: the blobs of one have no rows in the other.
 *
 * @param mayBeEmpty whether the installation may have no blobs yet
 * @returns 'foreign' for the store of another installation, 'lost' for blobs without a mark, and 'empty' for a store that lacks the
 * blobs of the installation
 */
export async function claimObjects(
  objects: ObjectStore,
  installationId: string,
  mayBeEmpty: () => Promise<boolean>,
): Promise<Claim> {
  const found = await readWhole(objects, claimKey)
  if (found !== undefined) return found.toString() === installationId ? 'ours' : 'foreign'
  for await (const _ of objects.list('blobs/')) return 'lost'
  if (!(await mayBeEmpty())) return 'empty'
  await objects.put(claimKey, Buffer.from(installationId), {})
  return 'ours'
}

/** @throws StorageUnavailableError unless the store has the mark of the installation */
export async function requireClaim(objects: ObjectStore, installationId: string): Promise<void> {
  const found = await readWhole(objects, claimKey)
  if (found?.toString() === installationId) return
  const problem = found === undefined ? 'is missing' : 'names another installation'
  throw new StorageUnavailableError(`the object ${claimKey} ${problem} in ${objects.description}`)
}
