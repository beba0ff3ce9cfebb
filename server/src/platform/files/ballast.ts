import { randomBytes } from 'node:crypto'
import { statSync, truncateSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { ContentSpace } from './free-space.ts'

/**
 * The maximum size of the file, and the number by which the reserve is divided. Garbage collection writes a few
 * megabytes at a time.
 */
const maxBallastBytes = 8 * 1024 * 1024
const reservePart = 4

/** The file size is rounded down to a multiple of this size. */
const pieceBytes = 64 * 1024

/**
 * A file that only reserves space. On a disk that other programs have filled, a delete must first write a row, which
 * needs space. The server truncates this file to free the space.
 */
export type Ballast = {
  /** Frees the space at once, without a write. */
  readonly release: () => void
  /** Frees the space if the disk is nearly full. Reserves the space again when there is enough space for content. */
  readonly adjust: () => Promise<void>
}

/** Creates a ballast in `file`. The file does not need to exist. */
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

/** Writes random bytes, so that a file system with compression also allocates the space. */
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
