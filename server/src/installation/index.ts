export { OtherStorageError, claimAs, hasFiles, requireOwnFiles } from './claim-storage.ts'
export { openAcme } from './open-acme.ts'
export {
  applyMigrations,
  openCurrentDatabase,
  openDatabase,
  postgresAccess,
  requireDatabase,
  requireSameProduct,
  requireSameSchema,
} from './open-database.ts'
export { masterKeySource, openDatabaseSealer } from './open-keys.ts'
export { type Storage, openObjects, openStorage } from './open-storage.ts'
export { installationIdOf, markPostgres, requireOwnRows } from './postgres-marker.ts'
export {
  type RelocationState,
  keepMovedDatabase,
  readRelocation,
  requireComplete,
  writeRelocation,
} from './relocation-state.ts'
export { denyEmulatorRows, denyPrepared, emulatorTenantId } from './prepared-copy.ts'
export type { DatabasePlace, StoragePlace } from './settings.ts'
export { freeSpaceToStart } from './space-to-start.ts'
