export { type Composition, type StartOptions, type StoredFirstRun, compose } from './compose.ts'
export { reachNotice } from './hosts/listened-hosts.ts'
export {
  type RelocationTarget,
  measureRelocation,
  openAuditLog,
  relocateDataDir,
  removeOldMasterKeys,
  resetOwnerIn,
  rotateMasterKey,
  scrubDataDir,
} from './operate.ts'
