export { backUp, restoreTo } from './backup/back-up.ts'
export { openBackupFolder } from './backup/backup-folder.ts'
export { Backups } from './backup/backups.ts'
export type { Backup, BlobProblem, OnProgress } from './backup/model.ts'
export { requireEmpty } from './backup/restore.ts'
export { readBackupKeys, verifyBackup } from './backup/verify.ts'
export { controlHandler } from './control.ts'
export { type Job, logFailure, startJobs } from './jobs/jobs.ts'
export { removeOldMasterKeys, rotateMasterKey } from './keys/master-key.ts'
export { openClockWatch } from './monitoring/clock-watch.ts'
export { figuresOf } from './monitoring/figures.ts'
export { healthComponents } from './monitoring/health-components.ts'
export { readHostCertificates } from './monitoring/host-certificates.ts'
export { readServerStatus } from './monitoring/server-status.ts'
export { openAuditLog } from './open-audit.ts'
export {
  type FirstRun,
  type FixedFirstRun,
  completeFirstRun,
  createFirstRun,
  updateFirstRun,
} from './owners/first-run.ts'
export { type OwnerReset, OwnerResetError, type OwnerResetRequest, resetOwnerIn } from './owners/owner-reset.ts'
export { type MoveProgress, moveData } from './relocation/move.ts'
export {
  type Relocated,
  type RelocationEvents,
  type RelocationSize,
  measureRelocation,
  relocateDataDir,
} from './relocation/relocate-data-dir.ts'
export { createWritePause } from './relocation/write-pause.ts'
export { type DataDirScrub, scrubDataDir } from './scrub/scrub-data-dir.ts'
