import { appendToUpload } from '../uploads/append-to-upload.ts'
import type { BlobParts, SharedPart } from './blob-parts.ts'
import { createBlobParts } from './create-blob-parts.ts'
import type { BlobSettings } from './blob-settings.ts'
import { type Collected, GarbageCollector } from '../garbage/collect-garbage.ts'
import { deleteBlob } from './delete-blob.ts'
import { finishUpload } from '../uploads/finish-upload.ts'
import { getBlob, headBlob } from './get-blob.ts'
import type { Parts } from '../parts.ts'
import type { RegistryHandlers } from '../routes.ts'
import { startUpload } from '../uploads/start-upload.ts'
import { cancelUpload, uploadStatus } from '../uploads/upload-status.ts'

type BlobHandlers = Pick<
  RegistryHandlers,
  | 'getBlob'
  | 'headBlob'
  | 'deleteBlob'
  | 'startUpload'
  | 'uploadStatus'
  | 'appendToUpload'
  | 'finishUpload'
  | 'cancelUpload'
>

/** Blobs and uploads: the handlers of their routes, and the collector of what nobody needs any more. */
export type Blobs = {
  readonly handlers: BlobHandlers
  readonly parts: BlobParts
  readonly collectGarbage: () => Promise<Collected>
}

/** Opens that part of the room. What `settings` leaves out is as in `defaultBlobSettings`. */
export function createBlobs(given: Pick<Parts, SharedPart>, settings: Partial<BlobSettings> = {}): Blobs {
  const parts = createBlobParts(given, settings)
  const collector = new GarbageCollector(parts)
  return {
    handlers: {
      getBlob: (call) => getBlob(parts, call),
      headBlob: (call) => headBlob(parts, call),
      deleteBlob: (call) => deleteBlob(parts, call),
      startUpload: (call) => startUpload(parts, call),
      uploadStatus: (call) => uploadStatus(parts, call),
      appendToUpload: (call) => appendToUpload(parts, call),
      finishUpload: (call) => finishUpload(parts, call),
      cancelUpload: (call) => cancelUpload(parts, call),
    },
    parts,
    collectGarbage: () => collector.collect(),
  }
}
