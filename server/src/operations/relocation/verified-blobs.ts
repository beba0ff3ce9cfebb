import { open, readFile } from 'node:fs/promises'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import type { BlobLocation } from '../../storage/index.ts'
import { requireLocation } from '../../storage/index.ts'

/**
 * The blobs whose bytes were read back from the target. A file stores the locations of these blobs, so that a repeated copy does not read
 * them again.
 */
export type VerifiedBlobs = {
  readonly has: (location: BlobLocation) => boolean
  readonly add: (location: BlobLocation) => Promise<void>
  readonly all: () => Iterable<BlobLocation>
  readonly close: () => Promise<void>
}

/** Opens or creates the file. If a process was killed while it wrote the last line, the function ignores this line. */
export async function openVerifiedBlobs(file: string): Promise<VerifiedBlobs> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return ''
    throw error
  })
  const known = new Set(text.split('\n').slice(0, -1).map(requireLocation))
  const handle = await open(file, 'a', 0o600)
  await handle.truncate(text.lastIndexOf('\n') + 1)
  return {
    has: (location) => known.has(location),
    add: async (location) => {
      // The line is not flushed. If a power failure loses the line, the next copy only reads the blob again.
      await handle.appendFile(`${location}\n`)
      known.add(location)
    },
    all: () => known,
    close: () => handle.close(),
  }
}
