import { randomBytes } from 'node:crypto'
import { statSync, truncateSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { ContentSpace } from './free-space.ts'

/** The maximum size, and the size as a share of the reserve. Garbage collection writes a few megabytes at a time. */
const maxBallastBytes = 8 * 1024 * 1024
const reservePart = 4

/** The file size is rounded down to a multiple of this. */
const pieceBytes = 64 * 1024

/**
 * A file that only reserves space. On a disk that other programs have filled, a delete must first write a row, which
 * takes space: truncating this file frees it.
 */
export type Ballast = {
  /** Frees the space at once, without a write. */
  readonly release: () => void
  /** Frees the space if the disk is nearly full, and reserves it again when there is enough space for content. */
  readonly adjust: () => Promise<void>
}

/** Uses `file`, which may not exist yet. */
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

/** Random bytes, so that a compressing file system also allocates the space. */
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
