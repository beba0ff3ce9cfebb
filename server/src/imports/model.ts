import type { RepositoryTarget } from '../registry/index.ts'
import type { Reference, Tag } from '@acrux/shared/standards/oci/reference.ts'
import type { RepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import type { ImportedImage } from './rows.ts'

/** An import failed. The message is for the caller, and reveals nothing about internal networks. */
export class ImportError extends Error {
  override readonly name = 'ImportError'
  readonly reason:
    'source' | 'credentials' | 'not-found' | 'conflict' | 'limit' | 'busy' | 'target' | 'revoked' | 'cancelled'

  constructor(reason: ImportError['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** A user name and password for the source registry only. */
export type ImportCredentials = { readonly username: string; readonly password: string }

/** The source of an import: a registry of this server, or another one by its host. */
export type ImportFrom =
  | {
      readonly kind: 'local'
      readonly rid: string
      /** The login server of the registry. */
      readonly host: string
      readonly repository: RepositoryName
    }
  | {
      readonly kind: 'remote'
      /** As people write it, with a port if it has one. */
      readonly host: string
      readonly repository: RepositoryName
      readonly credentials: ImportCredentials | undefined
    }

/** An import to start. The caller's permissions on source and targets have been checked, and are checked again. */
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
  /**
   * Decides now whether the import is permitted: the caller and the credential are valid, and have the permissions on
   * source and target. Returns why not, as the message of the status.
   */
  readonly explainDenial: () => Promise<string | undefined>
  /** Waits, before each change, until the caller may use more of the processor. */
  readonly pace: () => Promise<void>
}

/** The status of an import. */
export type ImportStatus =
  | { readonly state: 'running' | 'succeeded' }
  | { readonly state: 'failed'; readonly reason: string; readonly message: string }

/** An import in a list. */
export type ListedImport = {
  readonly id: string
  readonly state: 'running' | 'cancelling' | 'succeeded' | 'failed'
  readonly requester: string
  readonly image: ImportedImage
  readonly startedAtMs: number
  /** Undefined while it is running. */
  readonly endedAtMs: number | undefined
  /** Why it failed. */
  readonly reason: string | undefined
  readonly message: string | undefined
}
