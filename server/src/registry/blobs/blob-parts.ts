import type { BlobReads } from './blob-store.ts'
import type { BlobSettings } from './blob-settings.ts'
import type { Parts } from '../parts.ts'
import { RunningUploads } from '../uploads/running-uploads.ts'
import type { UploadReads } from '../uploads/upload-store.ts'

/** What of the room's parts blobs and uploads use. */
export type SharedPart =
  | 'database'
  | 'clock'
  | 'audit'
  | 'log'
  | 'blobs'
  | 'repositories'
  | 'integrity'
  | 'space'
  | 'staged'
  | 'staging'
  | 'quotas'

/** What the use cases of blobs and uploads share. */
export type BlobParts = Pick<Parts, SharedPart> & {
  readonly settings: BlobSettings
  readonly blobReads: BlobReads
  readonly uploadReads: UploadReads
  readonly running: RunningUploads
  readonly makeRoom: () => Promise<number>
}
