import { hash } from 'node:crypto'
import { type Digest, digestAlgorithm } from '../../spec/digest.ts'

/** Whether the stored bytes of a manifest have its digest. */
export function isManifestIntact({
  digest,
  content,
}: {
  readonly digest: Digest
  readonly content: Uint8Array
}): boolean {
  const algorithm = digestAlgorithm(digest)
  return `${algorithm}:${hash(algorithm, content, 'hex')}` === digest
}
