import { type BlobReads, prepareBlobReads } from './blob-rows.ts'
import { type BlobSettings, defaultBlobSettings } from './blob-settings.ts'
import type { Parts } from '../parts.ts'
import { RoomMaker } from '../uploads/make-room.ts'
import { RunningUploads } from '../uploads/running-uploads.ts'
import { prepareUploadReads, type UploadReads } from '../uploads/upload-rows.ts'

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

/** Prepares what the use cases of blobs share. */
export function createBlobParts(parts: Pick<Parts, SharedPart>, settings: Partial<BlobSettings>): BlobParts {
  const prepared = {
    ...parts,
    settings: { ...defaultBlobSettings, ...settings },
    blobReads: prepareBlobReads(parts.database),
    uploadReads: prepareUploadReads(parts.database),
    running: new RunningUploads(),
    makeRoom: () => roomMaker.makeRoom(),
  }
  const roomMaker = new RoomMaker(prepared)
  return prepared
}
