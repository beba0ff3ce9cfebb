export type { PolicedRegistry } from './model.ts'
export { type StoredBlobRow, listStoredBlobs } from './blobs/stored-blob-rows.ts'
export { ImportError, type ImportFrom } from './imports/import-source.ts'
export type { ImportRequest, ImportStatus } from './imports/imports.ts'
export type { Finding, ScrubProgress } from './integrity/scrub-run.ts'
export { scrubStopped } from './integrity/scrub-stopped.ts'
export type { ScrubReport } from './integrity/scrubs.ts'
export { registryMigrations } from './migrations.ts'
export { QuotaConflictError, type QuotaUsage } from './quotas/registry-quotas.ts'
export {
  createRegistryRoom,
  type GarbageFigures,
  type RegistryUsage,
  type RegistryRoomOptions,
  type RegistryRoom,
} from './registry.ts'
export { createDeletionCount, type DeletionCount } from './repositories/deletion-count-store.ts'
export type { Admission, Gate, HostedRegistry, RegistryCaller, RegistryNeed, RegistryRefusal } from './ports.ts'
export { registryRoutes } from './routes.ts'
export type { OpenUploadState } from './uploads/open-uploads.ts'
