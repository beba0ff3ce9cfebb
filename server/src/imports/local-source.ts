import { CorruptContentError, OciError, type RegistryContent } from '../registry/index.ts'
import { referenceText } from '../standards/oci/reference.ts'
import type { ImportSource } from './import-source.ts'
import { ImportError, type ImportFrom } from './model.ts'

/** A repository of a registry of this server. The caller's permission to pull from it has been checked. */
export function openLocalSource(content: RegistryContent, from: ImportFrom & { readonly kind: 'local' }): ImportSource {
  const { repository } = from
  return {
    manifest: async (reference) => {
      const manifest = await content.readManifest(from, reference).catch((error: unknown) => {
        throw unreadable(error)
      })
      if (manifest === undefined) throw notFound(`${repository}: ${referenceText(reference)}`)
      return { bytes: manifest.bytes, contentType: manifest.mediaType }
    },
    blob: async (digest) => {
      const heldBy = await content.findHolder(from, digest)
      if (heldBy === undefined) throw notFound(`${repository}: ${digest}`)
      return { heldBy }
    },
  }
}

function unreadable(error: unknown): unknown {
  if (error instanceof CorruptContentError) return new ImportError('source', error.message)
  if (error instanceof OciError) return new ImportError('source', 'the source is locked against reading')
  return error
}

function notFound(what: string): ImportError {
  return new ImportError('not-found', `the source has no ${what}`)
}
