import type { Readable } from 'node:stream'
import type { Digest } from '../../standards/oci/digest.ts'
import type { Reference } from '../../standards/oci/reference.ts'
import type { RepositoryName } from '../../standards/oci/repository-name.ts'

/** Why an import failed; the message is for who asked for it, and tells nothing of what was found within a network. */
export class ImportError extends Error {
  override readonly name = 'ImportError'
  readonly reason: 'source' | 'credentials' | 'not-found' | 'conflict' | 'limit' | 'target'

  constructor(reason: ImportError['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** A name and password for another registry, and for nobody else. */
export type ImportCredentials = { readonly username: string; readonly password: string }

/** Where an image is imported from: a registry of this server, or another one by its host. */
export type ImportFrom =
  | { readonly kind: 'here'; readonly rid: string; readonly repository: RepositoryName }
  | {
      readonly kind: 'elsewhere'
      /** As people write it, with a port if it has one. */
      readonly host: string
      readonly repository: RepositoryName
      readonly credentials: ImportCredentials | undefined
    }

/** What a source gives. All bytes are checked by whoever asks for them. */
export interface ImportSource {
  /** @throws ImportError */
  manifest(reference: Reference): Promise<{ readonly bytes: Uint8Array; readonly contentType: string | undefined }>
  /** The bytes of a blob; undefined where they are on this server and only have to be held. @throws ImportError */
  blob(digest: Digest): Promise<Readable | { readonly heldBy: string }>
}
