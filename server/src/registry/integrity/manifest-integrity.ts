import { withoutCaller } from '../../platform/process/authorized-work.ts'
import { hash } from 'node:crypto'
import { newTimeOrderedId } from '../../platform/process/time-ordered-id.ts'
import { type Digest, digestAlgorithm, type DigestAlgorithm } from '@acrux/shared/standards/oci/digest.ts'
import type { IntegrityContext } from './context.ts'
import type { RepositoryCache } from '../repositories/context.ts'
import type { BlobIntegrity } from './blob-integrity.ts'
import { type PlacedManifest, quarantineManifest } from './integrity-store.ts'

/** Whether the stored bytes of a manifest match its digest. */
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

type QuarantineContext = Omit<IntegrityContext, 'blobs'> & {
  readonly integrity: BlobIntegrity
  readonly manifestCache: RepositoryCache
}

type CorruptManifest = PlacedManifest & { readonly rid: string; readonly repository: string }

/** Quarantines a corrupt manifest. Clients do not find the manifest until it is pushed again. */
export async function quarantineCorrupt(
  { database, clock, audit, log, manifestCache, integrity }: QuarantineContext,
  manifest: CorruptManifest,
): Promise<void> {
  const nowMs = clock.now()
  const done = await withoutCaller(() =>
    database.transaction(async (transaction) => {
      if (!(await quarantineManifest(transaction, manifest, nowMs))) return false
      await audit.record(transaction, {
        action: 'manifest.quarantine',
        outcome: 'success',
        actor: { kind: 'system', id: 'integrity' },
        target: manifest.digest,
        detail: { repositories: [{ rid: manifest.rid, name: manifest.repository }] },
        origin: { correlationId: newTimeOrderedId(nowMs), remoteAddress: '', userAgent: undefined },
      })
      return true
    }),
  )
  manifestCache.drop(manifest.rid, manifest.repository)
  if (!done) return
  integrity.figures.quarantined += 1
  log.error(
    { digest: manifest.digest, repository: manifest.repository },
    'a stored manifest is corrupt and was quarantined',
  )
}

/** The digest of a manifest's bytes. */
export function manifestDigest(algorithm: DigestAlgorithm, bytes: Uint8Array): Digest {
  return `${algorithm}:${hash(algorithm, bytes, 'hex')}` as Digest
}
