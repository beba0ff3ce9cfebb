import type { RepositoryTarget } from '../registry/index.ts'
import type { Reference, Tag } from '../standards/oci/reference.ts'
import type { RepositoryName } from '../standards/oci/repository-name.ts'

/** An import failed. The message is for the caller, and reveals nothing about internal networks. */
export class ImportError extends Error {
  override readonly name = 'ImportError'
  readonly reason: 'source' | 'credentials' | 'not-found' | 'conflict' | 'limit' | 'busy' | 'target'

  constructor(reason: ImportError['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** A user name and password for the source registry only. */
export type ImportCredentials = { readonly username: string; readonly password: string }

/** The source of an import: a registry of this server, or another one by its host. */
export type ImportFrom =
  | { readonly kind: 'local'; readonly rid: string; readonly repository: RepositoryName }
  | {
      readonly kind: 'remote'
      /** As people write it, with a port if it has one. */
      readonly host: string
      readonly repository: RepositoryName
      readonly credentials: ImportCredentials | undefined
    }

/** An import to start. The caller's permissions on source and targets have been checked. */
export type ImportRequest = {
  readonly from: ImportFrom
  readonly reference: Reference
  readonly into: Omit<RepositoryTarget, 'path'>
  /** The tags to set, by repository; a repository may have none. */
  readonly targets: ReadonlyMap<RepositoryName, readonly Tag[]>
  /** Whether existing tags may be moved. */
  readonly force: boolean
  /** Who may read the status. */
  readonly requester: string
}

/** The status of an import. */
export type ImportStatus =
  | { readonly state: 'running' | 'succeeded' }
  | { readonly state: 'failed'; readonly reason: string; readonly message: string }
