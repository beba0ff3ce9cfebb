import { randomBytes } from 'node:crypto'
import { statSync, truncateSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { ContentSpace } from './free-space.ts'

/** How large it is at most, and which part of the reserve. Collecting garbage writes a few megabytes at a time. */
const maxBallastBytes = 8 * 1024 * 1024
const reservePart = 4

/** How large the file is, rounded down to whole pieces of this size. */
const pieceBytes = 64 * 1024

/**
 * A file that only takes up space. On a disk that others have filled, deleting something takes a row first, and a row
 * takes space: this file gives that back.
 */
export type Ballast = {
  /** Gives up the space at once, without a write. */
  readonly release: () => void
  /** Releases it where the disk is all but full, and fills it again where content has space besides. */
  readonly adjust: () => Promise<void>
}

/** Uses `file`, which need not be there yet. */
export function createBallast(file: string, space: ContentSpace): Ballast {
  const wantedBytes = (): number => {
    const bytes = Math.min(maxBallastBytes, space.state().reserveBytes / reservePart)
    return Math.floor(bytes / pieceBytes) * pieceBytes
  }
  function release(): void {
    if (sizeOf(file) > 0) truncateSync(file, 0)
  }
  return {
    release,
    adjust: async () => {
      const bytes = wantedBytes()
      const heldBytes = sizeOf(file)
      if (space.state().freeBytes < bytes) release()
      else if (heldBytes < bytes && space.hasRoomFor(2 * (bytes - heldBytes))) await fill(file, bytes)
    },
  }
}

/** Random bytes, so that a file system that compresses still gives them space. */
async function fill(file: string, bytes: number): Promise<void> {
  const handle = await open(file, 'w', 0o600)
  try {
    for (let position = 0; position < bytes; position += pieceBytes) {
      await handle.write(randomBytes(pieceBytes), 0, pieceBytes, position)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
