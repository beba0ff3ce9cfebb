import { setImmediate as nextTurn } from 'node:timers/promises'
import { databaseTimeMs } from '../../platform/sql/database-time.ts'
import { type Collection, partBefore } from './collection.ts'
import type { GarbageContext } from './context.ts'
import { timeOfDeletions } from '../deletion/time-of-deletions.ts'
import {
  type DeletedBlob,
  deleteUnheld,
  type HeldPlace,
  listBlobs,
  listLapsed,
  unlinkLapsed,
} from '../blobs/blob-store.ts'
import { boundExpiry, deleteExpired, listExpired } from '../uploads/upload-store.ts'

/** How many rows one statement reads: it takes about a millisecond of the thread that also serves requests. */
const readRows = 300

/** How many rows one transaction deletes: pushes wait for it. */
const deletedRows = 50

/**
 * How much longer than an idle upload any upload may live: an import needs its time before its uploads are idle. A later expiry was
 * written by a clock that was ahead.
 */
const maxLongerMs = 24 * 60 * 60 * 1000

/** Ends expired uploads and deletes their bytes. An upload that is being written is not deleted. */
export async function sweepUploads(context: GarbageContext, { counts, reached }: Collection): Promise<void> {
  const { database, blobs, running, settings, clock } = context
  // The later time: a server whose clock is behind must not end the uploads of the others.
  const latestNowMs = Math.max(clock.now(), database.kind === 'postgres' ? await databaseTimeMs(database) : 0)
  await boundExpiry(database, latestNowMs + settings.uploadLifetimeMs + maxLongerMs)
  for (;;) {
    const nowMs = await timeOfDeletions(context)
    // An expired upload cannot be continued. Its bytes are deleted first: deleting the row needs space, which a full disk lacks.
    const expired: string[] = []
    for (const id of await listExpired(database, nowMs, readRows)) {
      running.dropHash(id)
      if ((await running.aloneIfIdle(id, () => blobs.discard(id), { ends: true })) !== undefined) expired.push(id)
    }
    if (expired.length === 0) return
    const ended: string[] = []
    for (const ids of inRuns(expired)) {
      ended.push(...(await database.transaction((transaction) => deleteExpired(transaction, ids, nowMs))))
    }
    if (ended.length === 0) return
    counts.uploads += ended.length
    await reached('uploads')
  }
}

/**
 * Unlinks blobs with an expired grace period that no manifest of their repository names, and deletes those that no repository
 * holds any more. Each blob is checked again in the transaction that deletes it.
 */
export async function sweepHeldBlobs(context: GarbageContext, collection: Collection): Promise<void> {
  const { database } = context
  const nowMs = await timeOfDeletions(context)
  let place: HeldPlace | undefined = { grace_until_ms: -1, repository_id: '', digest: '' }
  while (place !== undefined) {
    const rows: Awaited<ReturnType<typeof listLapsed>> = await listLapsed(database, place, nowMs, readRows)
    const lapsed = rows.filter(({ needed }) => needed === null)
    for (const places of inRuns(lapsed)) {
      const unnamed = await database.transaction(async (transaction) => {
        await unlinkLapsed(transaction, places, nowMs)
        return deleteUnheld(
          transaction,
          places.map(({ digest }) => digest),
        )
      })
      await deleteBytes(context, unnamed, collection)
    }
    place = rows.length === readRows ? rows.at(-1) : undefined
    await collection.reached('blobs')
    await nextTurn()
  }
}

/** Deletes the blobs that no repository holds, as after the deletion of a repository. */
export async function sweepUnheldBlobs(context: GarbageContext, collection: Collection): Promise<void> {
  const { database } = context
  let after: string | undefined = ''
  while (after !== undefined) {
    const rows: Awaited<ReturnType<typeof listBlobs>> = await listBlobs(database, after, readRows)
    const unheld = rows.filter(({ held }) => held === null).map(({ digest }) => digest)
    for (const digests of inRuns(unheld)) {
      const unnamed = await database.transaction((transaction) => deleteUnheld(transaction, digests))
      await deleteBytes(context, unnamed, collection)
    }
    after = rows.length === readRows ? rows.at(-1)?.digest : undefined
    await collection.reached('blobs', after === undefined ? 1 : partBefore(after))
    await nextTurn()
  }
}

/** Deletes the bytes after their rows. Locations are never reused, so no row can name them again. */
async function deleteBytes(
  { blobs }: GarbageContext,
  unnamed: readonly DeletedBlob[],
  { counts }: Collection,
): Promise<void> {
  for (const { location, sizeBytes } of unnamed) {
    await blobs.delete(location)
    counts.blobs += 1
    counts.bytes += sizeBytes
  }
}

function* inRuns<Row>(rows: readonly Row[]): Generator<Row[]> {
  for (let start = 0; start < rows.length; start += deletedRows) yield rows.slice(start, start + deletedRows)
}
