export { type StoredBlobRow, listStoredBlobs } from './blobs/stored-blob-store.ts'
export type { RegistryContent, RepositoryPlace } from './content.ts'
export { CorruptContentError } from './integrity/blob-integrity.ts'
export { manifestDigest } from './integrity/manifest-integrity.ts'
export { blobDescriptors } from './manifests/image-blobs.ts'
export type { ParsedManifest } from './manifests/read-here.ts'
export { registryMigrations } from './migrations.ts'
export { QuotaConflictError, type QuotaUsage } from './quotas/registry-quotas.ts'
export {
  createRegistry,
  type GarbageFigures,
  type Registry,
  type RegistryOptions,
  type RegistryUsage,
} from './registry.ts'
export { createDeletionCount, type DeletionCount } from './repositories/deletion-count-store.ts'
export type { RepositoryTarget } from './repositories/repositories.ts'
export type { PolicedRegistry } from './retention/model.ts'
export { registryRoutes } from './routes.ts'
export { scrubStopped } from './scrub-stopped.ts'
export type { Finding, ScrubProgress } from './scrub/scrub-run.ts'
export type { ScrubReport } from './scrub/scrubs.ts'
export { OciError } from './surface/errors.ts'
export type { Admission, Gate, HostedRegistry, RegistryCaller, RegistryNeed, RegistryRefusal } from './surface/ports.ts'
export type { OpenUploadState } from './uploads/open-uploads.ts'
export { BlobSizeError } from './uploads/store-blob.ts'
