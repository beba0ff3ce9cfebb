import { statfsSync } from 'node:fs'

const gibibyte = 1024 ** 3
const maxDefaultReserveBytes = 20 * gibibyte

/**
 * How long the server uses a measurement of the free space. The time is short because other programs also write to the
 * file system.
 */
const reuseMs = 250

/** The measured usage of a file system. */
type Reading = { readonly freeBytes: number; readonly totalBytes: number; readonly freeFiles: number | undefined }

/** The minimum number of free inodes. */
const minFreeFiles = 1000

/** The space of a file system, for reports. */
export type SpaceState = {
  readonly totalBytes: number
  /** The space that this process may still write. */
  readonly freeBytes: number
  /** The space that content must not use. */
  readonly reserveBytes: number
  /** Whether the server denies new content. */
  readonly isLow: boolean
}

/**
 * The space that content may use. The rest of the file system, the reserve, is for rows, keys and logs, so that
 * sign-in, deletes and garbage collection still work when there is no space for content.
 */
export interface ContentSpace {
  state(): SpaceState
  /**
   * Whether there is space for this many bytes of content. The call is fast, because a measurement is reused for a
   * short time unless the free space is near the reserve.
   */
  hasRoomFor(bytes: number): boolean
  /** Like {@link hasRoomFor}, but also counts the bytes as used. */
  take(bytes: number): boolean
  /** Whether a write in progress must stop, because the free space is less than half of the reserve. */
  isExhausted(): boolean
}

/** Unlimited space, for a store that is not on a file system. */
export const unlimitedSpace: ContentSpace = {
  state: () => ({ totalBytes: Infinity, freeBytes: Infinity, reserveBytes: 0, isLow: false }),
  hasRoomFor: () => true,
  take: () => true,
  isExhausted: () => false,
}

/**
 * The space of a file system if content is stored in another place. The rows about the content still need some space.
 */
export function elsewhere(space: ContentSpace): ContentSpace {
  return { ...space, hasRoomFor: () => space.hasRoomFor(0), take: () => space.hasRoomFor(0) }
}

/**
 * Watches the file system of a directory.
 *
 * @param reserveBytes undefined for the default: 5 % of the file system, at least 1 GiB and at most 20 GiB, and never
 * more than a quarter of the file system
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
    // The server may have deleted some of the counted content since the last measurement.
    refresh()
    return fits(bytes)
  }

  return {
    state: () => {
      const isLow = !hasRoomFor(0)
      const { totalBytes, freeBytes } = reading
      return { totalBytes, freeBytes: freeBytes - takenBytes, reserveBytes: reserve(), isLow }
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

/** The default reserve for a file system of this size. */
export function defaultReserveBytes(totalBytes: number): number {
  const wanted = Math.max(gibibyte, totalBytes * 0.05)
  return Math.floor(Math.min(wanted, maxDefaultReserveBytes, totalBytes / 4))
}

function readFileSystem(directory: string): Reading {
  const { bavail, bsize, blocks, files, ffree } = statfsSync(directory)
  // Some file systems allocate inodes dynamically and report no number of inodes.
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeFiles: files > 0 ? ffree : undefined }
}
