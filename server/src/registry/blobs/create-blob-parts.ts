import { prepareBlobReads } from './blob-store.ts'
import { type BlobSettings, defaultBlobSettings } from './blob-settings.ts'
import type { Parts } from '../parts.ts'
import { RoomMaker } from '../uploads/make-room.ts'
import { RunningUploads } from '../uploads/running-uploads.ts'
import { prepareUploadReads } from '../uploads/upload-store.ts'
import type { SharedPart, BlobParts } from './blob-parts.ts'

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
