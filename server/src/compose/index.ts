export { type Composition, type StartOptions, type StoredFirstRun, compose } from './compose.ts'
export type { FirstRun } from './first-run.ts'
export { reachNotice } from './hosts/listened-hosts.ts'
export { startJobs } from './jobs/jobs.ts'
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
