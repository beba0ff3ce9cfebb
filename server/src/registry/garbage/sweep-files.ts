import { type BlobLocation, locationDigest, locationMark, uploadMark } from '../../storage/index.ts'
import type { Collection } from './collection.ts'
import type { GarbageContext } from './context.ts'
import { type DeletedBlob, namedLocations } from '../blobs/blob-store.ts'
import { openUploads } from '../uploads/upload-store.ts'

/** The number of files that are compared with rows at a time. */
const batchSize = 300

/** Deletes files without a row, such as files of a process that was killed after it wrote the bytes and before it wrote the row. */
export async function sweepUnnamedFiles(context: GarbageContext, { counts, reached }: Collection): Promise<void> {
  for await (const locations of inBatches(context.blobs.list())) {
    for (const { sizeBytes } of await deleteUnnamed(context, await findUnnamed(context, locations))) {
      counts.blobs += 1
      counts.bytes += sizeBytes
    }
    await reached('files')
  }
}

/** Deletes the files that {@link findUnnamed} has found, and returns the deleted files. */
export async function deleteUnnamed(
  { blobs }: GarbageContext,
  unnamed: readonly BlobLocation[],
): Promise<DeletedBlob[]> {
  // If this is the wrong store, its files also have no rows.
  if (unnamed.length > 0) await blobs.requireSelf()
  const deleted: DeletedBlob[] = []
  for (const location of unnamed) {
    // A file that was listed and is not found has an interrupted deletion.
    const sizeBytes = (await blobs.find(location))?.sizeBytes ?? 0
    await blobs.delete(location)
    deleted.push({ location, sizeBytes })
  }
  return deleted
}

/**
 * Returns the files that no row names and that no row will ever name. The transaction that names a file also ends the upload whose mark the
 * file has. So a file gets no row if its upload had ended before the rows were read, even if the commit was suspended for a long time. No
 * times are compared, because the clocks of servers may differ.
 */
export async function findUnnamed(
  { database }: Pick<GarbageContext, 'database'>,
  locations: readonly BlobLocation[],
): Promise<BlobLocation[]> {
  const candidates = await withoutRow(database, locations)
  if (candidates.length === 0) return []
  const open = await openUploads(database)
  // The files of such an upload have no mark, so any of the files may still get a row.
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

/** Returns the items in batches. */
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
