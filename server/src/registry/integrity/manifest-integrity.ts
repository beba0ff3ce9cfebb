import { hash } from 'node:crypto'
import { newTimeOrderedId } from '../../platform/process/time-ordered-id.ts'
import { type Digest, digestAlgorithm } from '../../standards/oci/digest.ts'
import type { Parts } from '../parts.ts'
import { quarantineManifest, type StoredManifest } from '../scrub/scrub-store.ts'

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

type QuarantineParts = Pick<Parts, 'database' | 'clock' | 'audit' | 'log' | 'manifestCache' | 'integrity'>

type CorruptManifest = Pick<StoredManifest, 'repository_id' | 'digest' | 'content' | 'rid' | 'repository'>

/** Makes a manifest whose stored bytes have not its digest unknown to clients until it is pushed again. */
export async function quarantineCorrupt(
  { database, clock, audit, log, manifestCache, integrity }: QuarantineParts,
  manifest: CorruptManifest,
): Promise<void> {
  const nowMs = clock.now()
  const done = await database.transaction(async (transaction) => {
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
  })
  manifestCache?.forget(manifest.rid, manifest.repository)
  if (!done) return
  integrity.figures.quarantined += 1
  log.error(
    { digest: manifest.digest, repository: manifest.repository },
    'a stored manifest is corrupt and was quarantined',
  )
}
