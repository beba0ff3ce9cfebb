import type { Readable } from 'node:stream'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { Reference } from '@acrux/shared/standards/oci/reference.ts'

/** A repository that an image is imported from. The importer verifies all bytes. */
export interface ImportSource {
  /** @throws ImportError */
  manifest(reference: Reference): Promise<{ readonly bytes: Uint8Array; readonly contentType: string | undefined }>
  /** The bytes of a blob, or the id of the repository of this server that holds it. @throws ImportError */
  blob(digest: Digest): Promise<Readable | { readonly heldBy: string }>
}
