import { type BlobLocation, locationDigest } from '../../storage/index.ts'
import type { Collection } from './collection.ts'
import type { GarbageContext } from './context.ts'
import { type DeletedBlob, namedLocations } from '../blobs/blob-store.ts'
import { oldestUploadAtMs } from '../uploads/upload-store.ts'

/** How far the clocks of servers and of the store may differ. */
const clockToleranceMs = 60_000

/** How many files are compared with rows at once. */
const batchSize = 300

/**
 * Deletes files without a row, such as those of a process that was killed after it wrote the bytes and before it
 * wrote the row. Files
 * younger than a lease are not deleted, because their rows may not be written yet.
 */
export async function sweepUnnamedFiles(context: GarbageContext, { counts, reached }: Collection): Promise<void> {
  for await (const locations of inBatches(context.blobs.list())) {
    for (const { sizeBytes } of await deleteUnnamed(context, locations)) {
      counts.blobs += 1
      counts.bytes += sizeBytes
    }
    await reached('files')
  }
}

/**
 * Deletes the files without a row that are older than a lease, and returns them. Age alone is not
 * sufficient: after a suspend, a commit of any process may continue with a file that is a day old. The row of its upload
 * exists until it ends, so only files are deleted that are older than all uploads. Then the rows are read again.
 */
export async function deleteUnnamed(
  context: GarbageContext,
  locations: readonly BlobLocation[],
): Promise<DeletedBlob[]> {
  const { blobs, clock, settings } = context
  const oldestMs = (await oldestUploadAtMs(context.database)) ?? Infinity
  const beforeMs = Math.min(clock.now() - settings.leaseMs, oldestMs - clockToleranceMs)
  const old = new Map<BlobLocation, number>()
  for (const location of await withoutRow(context, locations)) {
    const stored = await blobs.find(location)
    // Listed and not found: its deletion was interrupted.
    if (stored === undefined || stored.committedAtMs < beforeMs) old.set(location, stored?.sizeBytes ?? 0)
  }
  if (old.size === 0) return []
  const unnamed = await withoutRow(context, [...old.keys()])
  for (const location of unnamed) await blobs.delete(location)
  return unnamed.map((location) => ({ location, sizeBytes: old.get(location) ?? 0 }))
}

/** The files that no row names. */
export async function withoutRow(context: GarbageContext, locations: readonly BlobLocation[]): Promise<BlobLocation[]> {
  const named = await namedLocations(context.database, locations.map(locationDigest))
  return locations.filter((location) => !named.has(location))
}

/** The items in batches. */
export async function* inBatches<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item[]> {
  let batch: Item[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < batchSize) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
