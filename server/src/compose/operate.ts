import type { AuditFile } from '../audit/index.ts'
import type { Configuration } from '../configuration/index.ts'
import {
  type DataDirScrub,
  type OwnerReset,
  type OwnerResetRequest,
  type Relocated,
  type RelocationEvents,
  type RelocationSize,
  measureRelocation as measure,
  openAuditLog as openAudit,
  relocateDataDir as relocate,
  removeOldMasterKeys as removeKeys,
  resetOwnerIn as resetOwner,
  rotateMasterKey as rotateKey,
  scrubDataDir as scrub,
} from '../operations/index.ts'
import type { MasterKeySource } from '../platform/keys/master-key-source.ts'
import type { ScrubProgress } from '../registry/index.ts'
import { migrations } from './state/migrations.ts'

/* The operator's commands on a data directory: the functions of `operations`, with the migrations of this version. */

/** Where a data directory is to be moved, by the configuration afterwards. */
export type RelocationTarget = {
  readonly target: Configuration
  readonly movesRows: boolean
  readonly movesBlobs: boolean
}

const placeOf = (configuration: Configuration) => ({ ...configuration, migrations })
const targetOf = (to: RelocationTarget) => ({ ...to, target: placeOf(to.target) })

/** Opens the audit log of a data directory, whose server may be running. @throws StartupError */
export function openAuditLog(configuration: Configuration): Promise<AuditFile> {
  return openAudit(placeOf(configuration))
}

/** Resets an owner in a data directory, whose server may be running. @throws OwnerResetError; StartupError */
export function resetOwnerIn(configuration: Configuration, request: OwnerResetRequest): Promise<OwnerReset> {
  return resetOwner(placeOf(configuration), request)
}

/** Replaces the master key, also of a running server. @throws StartupError */
export function rotateMasterKey(configuration: Configuration, to: MasterKeySource | undefined): Promise<void> {
  return rotateKey(placeOf(configuration), to)
}

/** Invalidates all master keys except the configured master key. @throws StartupError */
export function removeOldMasterKeys(configuration: Configuration): Promise<number> {
  return removeKeys(placeOf(configuration))
}

/** Scrubs the data directory of a stopped server. @throws StartupError */
export function scrubDataDir(configuration: Configuration, options: DataDirScrub): Promise<ScrubProgress> {
  return scrub(placeOf(configuration), options)
}

/** Counts the data that a relocation would move, without changing anything. @throws StartupError */
export function measureRelocation(source: Configuration, to: RelocationTarget): Promise<RelocationSize> {
  return measure(placeOf(source), targetOf(to))
}

/** Moves the rows or the blobs of a data directory to other places. @throws StartupError */
export function relocateDataDir(
  source: Configuration,
  to: RelocationTarget,
  events: RelocationEvents,
): Promise<Relocated> {
  return relocate(placeOf(source), targetOf(to), events)
}
