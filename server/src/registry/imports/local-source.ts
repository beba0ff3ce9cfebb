import { referenceText } from '../../standards/oci/reference.ts'
import { findHeldBy } from '../blobs/blob-store.ts'
import { isManifestIntact } from '../integrity/manifest-integrity.ts'
import { ImportError, type ImportFrom, type ImportSource } from './import-source.ts'
import type { Parts } from '../parts.ts'

/** A repository of a registry of this server. Whoever asks has been found to have the right to pull from it. */
export function openLocalSource(parts: Parts, from: ImportFrom & { readonly kind: 'here' }): ImportSource {
  const { rid, repository } = from
  return {
    manifest: async (reference) => {
      const row = await (reference.kind === 'tag'
        ? parts.manifests.getByTag.first({ rid, repository, tag: reference.tag })
        : parts.manifests.getByDigest.first({ rid, repository, digest: reference.digest }))
      if (row === undefined || row.quarantined_at_ms !== null)
        throw notThere(`${repository}: ${referenceText(reference)}`)
      if (!isManifestIntact(row)) {
        const { message } = await parts.integrity.refuseRead(row.digest, repository, 'digest')
        throw new ImportError('source', message)
      }
      const isReadable = row.read_enabled !== 0 && row.repository_read_enabled !== 0 && row.tag_read_enabled !== 0
      if (!isReadable) throw new ImportError('source', 'the source is locked against reading')
      return { bytes: row.content, contentType: row.media_type }
    },
    blob: async (digest) => {
      const heldBy = await findHeldBy(parts.database, rid, repository, digest)
      if (heldBy === undefined) throw notThere(`${repository}: ${digest}`)
      return { heldBy }
    },
  }
}

function notThere(what: string): ImportError {
  return new ImportError('not-found', `the source has no ${what}`)
}
