import { type BlobLocation, locationDigest, locationMark, uploadMark } from '../../storage/index.ts'
import type { Collection } from './collection.ts'
import type { GarbageContext } from './context.ts'
import { type DeletedBlob, namedLocations } from '../blobs/blob-store.ts'
import { openUploads } from '../uploads/upload-store.ts'

/** How many files are compared with rows at once. */
const batchSize = 300

/**
 * Deletes files without a row, such as those of a process that was killed after it wrote the bytes and before it
 * wrote the row.
 */
export async function sweepUnnamedFiles(context: GarbageContext, { counts, reached }: Collection): Promise<void> {
  for await (const locations of inBatches(context.blobs.list())) {
    for (const { sizeBytes } of await deleteUnnamed(context, await findUnnamed(context, locations))) {
      counts.blobs += 1
      counts.bytes += sizeBytes
    }
    await reached('files')
  }
}

/** Deletes files that {@link findUnnamed} has found, and returns them. */
export async function deleteUnnamed(
  { blobs }: GarbageContext,
  unnamed: readonly BlobLocation[],
): Promise<DeletedBlob[]> {
  // The files of another store have no rows either.
  if (unnamed.length > 0) await blobs.requireSelf()
  const deleted: DeletedBlob[] = []
  for (const location of unnamed) {
    // Listed and not found: its deletion was interrupted.
    const sizeBytes = (await blobs.find(location))?.sizeBytes ?? 0
    await blobs.delete(location)
    deleted.push({ location, sizeBytes })
  }
  return deleted
}

/**
 * The files that no row names, and that no row will ever name. The transaction that names a file also ends the upload
 * whose mark the file has. So a file gets no row if its upload had ended before the rows were read, however long its commit was
 * suspended. No time is compared: the clocks of servers may differ.
 */
export async function findUnnamed(
  { database }: Pick<GarbageContext, 'database'>,
  locations: readonly BlobLocation[],
): Promise<BlobLocation[]> {
  const candidates = await withoutRow(database, locations)
  if (candidates.length === 0) return []
  const open = await openUploads(database)
  // Its locations have no mark, so that each of the files may get its row.
  if (open.some(({ isOfEarlierVersion }) => isOfEarlierVersion)) return []
  const marks = new Set(open.map(({ id }) => uploadMark(id)))
  return withoutRow(
    database,
    candidates.filter((location) => !marks.has(locationMark(location))),
  )
}

async function withoutRow(
  database: GarbageContext['database'],
  locations: readonly BlobLocation[],
): Promise<BlobLocation[]> {
  const named = await namedLocations(database, locations.map(locationDigest))
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
