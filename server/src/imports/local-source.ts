import { CorruptContentError, OciError, type RegistryContent } from '../registry/index.ts'
import { type Reference, referenceText } from '@acrux/shared/standards/oci/reference.ts'
import type { ImportSource } from './import-source.ts'
import { ImportError, type ImportFrom } from './model.ts'

type LocalSource = ImportFrom & { readonly kind: 'local' }

/** A repository of a registry of this server. The caller's permission to pull from it has been checked. */
export function openLocalSource(content: RegistryContent, from: LocalSource): ImportSource {
  const { repository } = from
  return {
    manifest: async (reference) => {
      const { bytes, mediaType } = await readManifest(content, from, reference)
      return { bytes, contentType: mediaType }
    },
    blob: async (digest) => {
      const heldBy = await content.findHolder(from, digest)
      if (heldBy === undefined) throw notFound(`${repository}: ${digest}`)
      return { heldBy }
    },
  }
}

/** The digest that a reference has now. @throws ImportError if it has none */
export async function pinLocalSource(
  content: RegistryContent,
  from: LocalSource,
  reference: Reference,
): Promise<Reference> {
  const { digest } = await readManifest(content, from, reference)
  return { kind: 'digest', digest }
}

async function readManifest(content: RegistryContent, from: LocalSource, reference: Reference) {
  const manifest = await content.readManifest(from, reference).catch((error: unknown) => {
    throw unreadable(error)
  })
  if (manifest === undefined) throw notFound(`${from.repository}: ${referenceText(reference)}`)
  return manifest
}

function unreadable(error: unknown): unknown {
  if (error instanceof CorruptContentError) return new ImportError('source', error.message)
  if (error instanceof OciError) return new ImportError('source', 'the source is locked against reading')
  return error
}

function notFound(what: string): ImportError {
  return new ImportError('not-found', `the source has no ${what}`)
}
