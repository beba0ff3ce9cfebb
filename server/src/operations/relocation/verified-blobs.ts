import { open, readFile } from 'node:fs/promises'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import type { BlobLocation } from '../../storage/index.ts'
import { requireLocation } from '../../storage/index.ts'

/** The blobs whose bytes were read back from the target. A file remembers them, so that a repetition does not read them again. */
export type VerifiedBlobs = {
  readonly has: (location: BlobLocation) => boolean
  readonly add: (location: BlobLocation) => Promise<void>
  readonly all: () => Iterable<BlobLocation>
  readonly close: () => Promise<void>
}

/** Opens the file, or creates it. Its last line is ignored if its process was killed while it was written. */
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
      // Not flushed: a line that a power failure loses is only a blob that is read again.
      await handle.appendFile(`${location}\n`)
      known.add(location)
    },
    all: () => known,
    close: () => handle.close(),
  }
}
