import { type BlobReads, prepareBlobReads } from './blob-rows.ts'
import { type BlobSettings, defaultBlobSettings } from './blob-settings.ts'
import type { Parts } from '../parts.ts'
import { RunningUploads } from '../uploads/running-uploads.ts'
import { prepareUploadReads, type UploadReads } from '../uploads/upload-rows.ts'

/** What the use cases of blobs and uploads share. */
export type BlobParts = Pick<Parts, 'database' | 'clock' | 'audit' | 'blobs' | 'repositories' | 'integrity'> & {
  readonly settings: BlobSettings
  readonly blobReads: BlobReads
  readonly uploadReads: UploadReads
  readonly running: RunningUploads
}

/** Prepares what the use cases of blobs share. */
export function createBlobParts(
  parts: Pick<Parts, 'database' | 'clock' | 'audit' | 'blobs' | 'repositories' | 'integrity'>,
  settings: Partial<BlobSettings>,
): BlobParts {
  return {
    ...parts,
    settings: { ...defaultBlobSettings, ...settings },
    blobReads: prepareBlobReads(parts.database),
    uploadReads: prepareUploadReads(parts.database),
    running: new RunningUploads(),
  }
}
