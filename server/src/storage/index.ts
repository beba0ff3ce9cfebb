export type {
  BlobLocation,
  ByteRange,
  AppendOptions,
  StoredBlob,
  StagedUpload,
  OpenBlob,
  BlobStore,
} from './contract/model.ts'
export { BlobMissingError, BrokenSourceError, StorageFullError, TooManyBytesError } from './contract/errors.ts'
export { blobFile, createFilesystemBlobStore } from './filesystem/filesystem-blob-store.ts'
export { locationDigest, requireLocation } from './contract/location.ts'
export { createMemoryBlobStore } from './memory/memory-blob-store.ts'
