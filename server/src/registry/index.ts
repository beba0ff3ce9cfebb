export { type StoredBlobRow, hasStoredBlobs, listStoredBlobs, relocateBlob } from './blobs/stored-blob-store.ts'
export type { RegistryContent } from './content.ts'
export { CorruptContentError } from './integrity/blob-integrity.ts'
export { manifestDigest } from './integrity/manifest-integrity.ts'
export { blobDescriptors } from './manifests/image-blobs.ts'
export type { ParsedManifest } from './manifests/read-here.ts'
export { manifestCacheFigure } from './manifest-cache-figure.ts'
export { registryMigrations } from './migrations.ts'
export { QuotaConflictError, type QuotaUsage } from './quotas/registry-quotas.ts'
export { createRegistry, type Registry } from './registry.ts'
export { createRegistryReader, type RegistryReader } from './registry-reader.ts'
export type { ContentQuestion, FoundContent } from './repositories/content-search-store.ts'
export { createDeletionCount } from './repositories/deletion-count-store.ts'
export type { RepositoryTarget } from './repositories/repositories.ts'
export { readsStream, registryRoutes } from './routes.ts'
export { scrubStopped } from './scrub-stopped.ts'
export type { Finding, ScrubProgress } from './scrub/scrub-run.ts'
export type { ScrubReport } from './scrub/scrubs.ts'
export { type CollectionReport, collectionSteps } from './garbage/collection.ts'
export type { Preparation } from './garbage/collections.ts'
export { OciError } from './protocol/errors.ts'
export type {
  Actor,
  Admission,
  AdmittedCaller,
  Gate,
  HostedRegistry,
  RateClass,
  RegistryCaller,
  RegistryNeed,
  RegistryDenial,
  RepositoryView,
} from './protocol/ports.ts'
export type { OpenUploadState } from './uploads/open-uploads.ts'
export { BlobSizeError } from './uploads/store-blob.ts'
