import { statfsSync } from 'node:fs'

const gibibyte = 1024 ** 3
const maxDefaultReserveBytes = 20 * gibibyte

/** How long a reading is used. Others write to the file system too. */
const reuseMs = 250

/** What of a file system is in use. */
type Reading = { readonly freeBytes: number; readonly totalBytes: number; readonly freeFiles: number | undefined }

/** How many files a file system must still take. */
const minFreeFiles = 1000

/** The space of a file system as others may see it. */
export type SpaceState = {
  /** What this process may still write. */
  readonly freeBytes: number
  /** What of it is kept for everything but content. */
  readonly reserveBytes: number
  /** Whether content is denied. */
  readonly isLow: boolean
}

/**
 * The space that content may take. It ends before the file system does: the rest, the reserve, is for rows, keys and logs,
 * so that a server whose content has no space left still signs people in, deletes, and collects garbage.
 */
export interface ContentSpace {
  state(): SpaceState
  /** Whether so many bytes of content fit. Cheap: the file system is asked again only after a while, or near the reserve. */
  hasRoomFor(bytes: number): boolean
  /** The same, for bytes that are written now. */
  take(bytes: number): boolean
  /** Whether a write that has begun may go into the first half of the reserve. */
  isExhausted(): boolean
}

/** Space without an end, for a store that is not on a file system. */
export const unlimitedSpace: ContentSpace = {
  state: () => ({ freeBytes: Infinity, reserveBytes: 0, isLow: false }),
  hasRoomFor: () => true,
  take: () => true,
  isExhausted: () => false,
}

/**
 * Watches the file system of a directory.
 *
 * @param reserveBytes undefined for the default: 5 % of the file system, at least 1 GiB and at most 20 GiB, and never more
 * than a quarter
 */
export function watchFreeSpace(
  directory: string,
  reserveBytes: number | undefined,
  read: (directory: string) => Reading = readFileSystem,
): ContentSpace {
  let reading = read(directory)
  let readAtMs = performance.now()
  let takenBytes = 0

  function refresh(): void {
    reading = read(directory)
    readAtMs = performance.now()
    takenBytes = 0
  }

  function reserve(): number {
    return reserveBytes ?? defaultReserveBytes(reading.totalBytes)
  }

  function fits(bytes: number): boolean {
    const { freeFiles, totalBytes } = reading
    const lacksFiles = freeFiles !== undefined && freeFiles < minFreeFiles && totalBytes > gibibyte
    return !lacksFiles && reading.freeBytes - takenBytes - bytes >= reserve()
  }

  function hasRoomFor(bytes: number): boolean {
    if (performance.now() - readAtMs >= reuseMs) refresh()
    if (fits(bytes)) return true
    // What was counted as taken may have been deleted since.
    refresh()
    return fits(bytes)
  }

  return {
    state: () => {
      const isLow = !hasRoomFor(0)
      return { freeBytes: reading.freeBytes - takenBytes, reserveBytes: reserve(), isLow }
    },
    hasRoomFor,
    take: (bytes) => {
      const hasRoom = hasRoomFor(bytes)
      if (hasRoom) takenBytes += bytes
      return hasRoom
    },
    isExhausted: () => {
      refresh()
      return reading.freeBytes < reserve() / 2
    },
  }
}

/** How much of a file system of this size is kept for everything but content, unless a setting says otherwise. */
export function defaultReserveBytes(totalBytes: number): number {
  const wanted = Math.max(gibibyte, totalBytes * 0.05)
  return Math.floor(Math.min(wanted, maxDefaultReserveBytes, totalBytes / 4))
}

function readFileSystem(directory: string): Reading {
  const { bavail, bsize, blocks, files, ffree } = statfsSync(directory)
  // Some file systems make files as they need them, and say that they have none.
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeFiles: files > 0 ? ffree : undefined }
}
