import type { UploadContext } from './context.ts'
import { discardStray, endUnlessWriting } from './end-upload.ts'

/** How long an upload of anybody but the largest holder must have been idle. Between two chunks nothing is written either. */
const idleMs = 10_000

/** How much more than the reserve is made free, in parts of it, so that the next push does not meet the end again. */
const surplusPart = 4

/** How often idle uploads are looked through at most. */
const intervalMs = 1000

/** Ends idle uploads where the file system has no space for content. */
export class SpaceReclaimer {
  #context: UploadContext
  #running: Promise<number> | undefined
  #endedAtMs = -Infinity

  constructor(context: UploadContext) {
    this.#context = context
  }

  /**
   * Ends the uploads of the caller that holds most first, and of those the ones that were idle longest, until there is
   * space. Uploads that are being written to stay. Returns how many were ended. A call while another is at work waits for
   * the same end.
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

/** The uploads that hold bytes: those of the largest holder first, and of each the one that was idle longest. */
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
