import type { BlobContext } from '../blobs/context.ts'
import type { StagedBytes } from '../quotas/staged-bytes.ts'
import type { RunningUploads } from './running-uploads.ts'
import type { Staging } from './staging.ts'
import type { UploadReads } from './upload-store.ts'

/** The context of the handlers of uploads. */
export type UploadContext = BlobContext & {
  readonly uploadReads: UploadReads
  readonly running: RunningUploads
  readonly staged: StagedBytes
  readonly staging: Staging
  /** Ends idle uploads if the file system has no space for content; returns how many. */
  readonly reclaimSpace: () => Promise<number>
}
