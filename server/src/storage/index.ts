export type { BlobLocation, StoredBlob, OpenBlob, BlobStore } from './contract/model.ts'
export {
  BlobMissingError,
  BrokenSourceError,
  StagedChangedError,
  StorageFullError,
  StorageUnavailableError,
  TooManyBytesError,
} from './contract/errors.ts'
export { findAzureCredential } from './azure-blob/azure-credential.ts'
export { openAzureBlobObjects } from './azure-blob/azure-blob-objects.ts'
export { findProven } from './contract/find-proven.ts'
export {
  blobFile,
  createFilesystemBlobStore,
  markFiles,
  readFilesMark,
  requireFilesMark,
  type StoreMark,
} from './filesystem/filesystem-blob-store.ts'
export { locationDigest, locationMark, requireLocation, uploadMark } from './contract/location.ts'
export { createMemoryBlobStore } from './memory/memory-blob-store.ts'
export { claimObjects } from './objects/claim-objects.ts'
export { createObjectBlobStore } from './objects/object-blob-store.ts'
export type { ObjectStore } from './objects/object-store.ts'
export { renewalOf, renewedObjects } from './objects/renewed-objects.ts'
export { openRenewedS3Objects } from './s3/s3-objects.ts'
