export { type Composition, type StartOptions, chainFailure, compose, countersFailure } from './compose.ts'
export { reachNotice } from './hosts/listened-hosts.ts'
export {
  type OwnerReset,
  OwnerResetError,
  type OwnerResetRequest,
  resetOwnerWhereItIs,
} from './maintenance/owner-reset.ts'
export { scrubDataDir } from './maintenance/scrub-data-dir.ts'
export { listenerFigures } from './monitoring/figures.ts'
export { migrations } from './state/migrations.ts'
