import { createHash, randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { type BlobLocation, type BlobStore, BrokenSourceError } from '../../storage/index.ts'

/**
 * Copies the blob with a digest to a store, and the store gives the blob a new location. Afterwards, the store contains either the right
 * bytes or nothing. Returns the problem of the source, if the source has a problem.
 */
export async function copyToStore(
  copy: {
    readonly from: () => Promise<Readable>
    readonly to: BlobStore
    readonly digest: string
    readonly relocated: Map<string, BlobLocation>
  },
  onBytes: (count: number) => void,
): Promise<'missing' | 'corrupt' | undefined> {
  const { from, to, digest, relocated } = copy
  const [algorithm = ''] = digest.split(':')
  const hash = createHash(algorithm)
  const uploadId = randomUUID()
  const observe = (piece: Uint8Array) => {
    hash.update(piece)
    onBytes(piece.byteLength)
  }
  try {
    await to.append(uploadId, await from(), { offset: 0, observe })
    if (`${algorithm}:${hash.digest('hex')}` === digest) {
      relocated.set(digest, await to.commit(uploadId, digest))
      return undefined
    }
    await to.discard(uploadId)
    return 'corrupt'
  } catch (error) {
    await to.discard(uploadId).catch(() => undefined)
    if (error instanceof BrokenSourceError && systemErrorCode(error.cause) === 'ENOENT') return 'missing'
    throw error
  }
}
