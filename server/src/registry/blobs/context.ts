import type { ContentSpace } from '../../platform/files/free-space.ts'
import type { BlobIntegrity } from '../integrity/blob-integrity.ts'
import type { IntegrityContext } from '../integrity/context.ts'
import type { Quotas } from '../quotas/quotas.ts'
import type { ContentCache } from '../repositories/content-cache.ts'
import type { RepositoryContext } from '../repositories/context.ts'
import type { BlobSettings } from './blob-settings.ts'
import type { BlobReads, HeldBlob } from './blob-store.ts'

/** The context of the handlers of blobs. */
export type BlobContext = Pick<IntegrityContext, 'database' | 'clock' | 'audit' | 'blobs'> &
  Pick<RepositoryContext, 'repositories'> & {
    readonly blobReads: BlobReads
    /** A cache of the rows of blobs that clients read. Undefined if reading a row takes no longer than reading a cache. */
    readonly heldBlobs: ContentCache<HeldBlob> | undefined
    readonly integrity: BlobIntegrity
    readonly quotas: Quotas
    readonly settings: BlobSettings
    /** The space that content may use on the file system of the blobs. */
    readonly space: ContentSpace
  }
