import { type BlobLocation, locationDigest } from '../../storage/index.ts'
import type { GarbageContext } from './context.ts'
import { namedLocations } from '../blobs/blob-store.ts'

/** How many files are compared with the rows at once. */
const batchSize = 300

/**
 * Deletes the blobs that no row names: of a process that was killed between its bytes and its rows, or between its rows
 * and its bytes. Returns how many. Younger ones than a lease may get their row yet.
 */
export async function sweepUnnamedFiles(context: GarbageContext): Promise<number> {
  let count = 0
  for await (const locations of inBatches(context.blobs.list()))
    count += (await deleteUnnamed(context, locations)).length
  return count
}

/**
 * Deletes those of the files that no row names and that are older than a lease, and returns which.
 *
 * Age alone does not tell: a machine that slept goes on with its commits and finds that they are a day old. So those that
 * are under way in this process get their row first, and the rows are read once more.
 */
export async function deleteUnnamed(
  context: GarbageContext,
  locations: readonly BlobLocation[],
): Promise<BlobLocation[]> {
  const { blobs, clock, settings, running } = context
  const beforeMs = clock.now() - settings.leaseMs
  const old: BlobLocation[] = []
  for (const location of await withoutRow(context, locations)) {
    const stored = await blobs.find(location)
    if (stored !== undefined && stored.committedAtMs < beforeMs) old.push(location)
  }
  if (old.length === 0) return []
  await running.settleCommits()
  const unnamed = await withoutRow(context, old)
  for (const location of unnamed) await blobs.delete(location)
  return unnamed
}

/** Those of the files that no row names, as it is committed. */
export async function withoutRow(context: GarbageContext, locations: readonly BlobLocation[]): Promise<BlobLocation[]> {
  const named = await namedLocations(context.database, locations.map(locationDigest))
  return locations.filter((location) => !named.has(location))
}

/** The items in runs of a bounded length. */
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
