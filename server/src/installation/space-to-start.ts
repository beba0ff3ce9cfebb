import type { Ballast } from '../platform/files/ballast.ts'
import type { ContentSpace } from '../platform/files/free-space.ts'
import type { Log } from '../platform/log/log.ts'
import type { BlobStore } from '../storage/index.ts'

type Start = {
  readonly space: ContentSpace
  readonly ballast: Ballast
  /** The value is undefined if blobs are not on the same file system, or if other servers may use them. */
  readonly blobs: BlobStore | undefined
  readonly log: Log
}

/** The space that is needed to open the database, complete its log and write the first rows. */
const neededBytes = 4 * 1024 * 1024

/**
 * Frees the space that a start needs on a full disk, before the database is opened. The function first releases the ballast, and then
 * deletes staged uploads, the largest first. No upload is in progress, and the server has not acknowledged any of the deleted uploads.
 */
export async function freeSpaceToStart({ space, ballast, blobs, log }: Start): Promise<void> {
  const isShort = (): boolean => space.state().freeBytes < Math.min(neededBytes, space.state().reserveBytes)
  if (!isShort()) return
  ballast.release()
  if (blobs === undefined) return
  const staged = (await Array.fromAsync(blobs.listStaged())).toSorted((a, b) => b.sizeBytes - a.sizeBytes)
  let discarded = 0
  for (const { uploadId } of staged) {
    if (space.hasRoomFor(0)) break
    await blobs.discard(uploadId)
    discarded += 1
  }
  log.warn({ uploads: discarded }, 'the disk was full at the start: discarded unfinished uploads')
}
