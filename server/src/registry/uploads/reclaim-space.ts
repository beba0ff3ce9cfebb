import type { UploadContext } from './context.ts'
import { discardStray, endUnlessWriting } from './end-upload.ts'

/**
 * How long an upload must have been idle, unless its caller holds the most bytes. Nothing is written between two
 * chunks.
 */
const idleMs = 10_000

/** The reciprocal of the part of the reserve that is freed in addition, so that the next push does not fail at once. */
const surplusPart = 4

/** The minimum time between two runs. */
const intervalMs = 1000

/** Ends idle uploads if the file system has no space for content. */
export class SpaceReclaimer {
  #context: UploadContext
  #running: Promise<number> | undefined
  #endedAtMs = -Infinity

  constructor(context: UploadContext) {
    this.#context = context
  }

  /**
   * Ends idle uploads until there is space, beginning with the caller that has the most bytes, and with the upload that
   * has been idle longest. Uploads that are being written are not ended. Returns how many were ended. Concurrent calls
   * share one run.
   */
  reclaimSpace(): Promise<number> {
    if (performance.now() - this.#endedAtMs < intervalMs) return this.#running ?? Promise.resolve(0)
    this.#running ??= reclaimSpace(this.#context).finally(() => {
      this.#running = undefined
      this.#endedAtMs = performance.now()
    })
    return this.#running
  }
}

async function reclaimSpace(context: UploadContext): Promise<number> {
  if (!isShort(context)) return 0
  await context.staging.load()
  let count = await discardStray(context)
  for (const [rank, uploads] of uploadsByHolder(context).entries()) {
    const beforeMs = rank === 0 ? Infinity : context.clock.now() - idleMs
    for (const { id, atMs } of uploads) {
      if (!isShort(context)) return count
      if (atMs < beforeMs && (await endUnlessWriting(context, id))) count += 1
    }
  }
  return count
}

type IdleUpload = { readonly id: string; readonly atMs: number }

/** The uploads with bytes, by caller: the caller with the most bytes first, longest idle first. */
function uploadsByHolder({ staged }: UploadContext): IdleUpload[][] {
  const holders = new Map<string, { bytes: number; readonly uploads: IdleUpload[] }>()
  for (const [id, { rid, callerKey, stagedBytes, changedAtMs }] of staged.entries()) {
    if (stagedBytes === 0) continue
    const key = `${rid} ${callerKey}`
    const holder = holders.get(key) ?? { bytes: 0, uploads: [] }
    holder.bytes += stagedBytes
    holder.uploads.push({ id, atMs: changedAtMs })
    holders.set(key, holder)
  }
  return [...holders.values()]
    .toSorted((a, b) => b.bytes - a.bytes)
    .map(({ uploads }) => uploads.toSorted((a, b) => a.atMs - b.atMs))
}

function isShort({ space }: UploadContext): boolean {
  return !space.hasRoomFor(space.state().reserveBytes / surplusPart)
}
