export { type Composition, type StartOptions, type StoredFirstRun, compose } from './compose.ts'
export type { FirstRun } from './first-run.ts'
export { reachNotice } from './hosts/listened-hosts.ts'
export { startJobs } from './jobs/jobs.ts'
export { type OwnerReset, OwnerResetError, resetOwnerIn } from './maintenance/owner-reset.ts'
export { backUp, restoreTo } from './maintenance/back-up.ts'
export { removeOldMasterKeys, rotateMasterKey } from './maintenance/master-key.ts'
export { openAuditLog } from './maintenance/open-audit.ts'
export { scrubDataDir } from './maintenance/scrub-data-dir.ts'
export {
  measureRelocation,
  type Relocated,
  relocateDataDir,
  type RelocationTarget,
} from './relocation/relocate-data-dir.ts'
export { listenerFigures } from './monitoring/thread-figures.ts'
