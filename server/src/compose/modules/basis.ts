import type { Audit } from '../../audit/index.ts'
import type { Access, AssignmentDelay } from '../../authorization/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { Log } from '../../platform/log/log.ts'
import type { SharedCallers } from '../../platform/limits/shared-callers.ts'
import type { Outbound } from '../../platform/outbound/outbound.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Resources } from '../../resources/index.ts'
import type { State } from '../state/state.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** The resources that the modules need. Tests supply a test database, blobs in memory and a separate clock. */
export type ModuleBasis = Pick<State, 'database' | 'sealer' | 'blobs'> & {
  readonly clock: Clock
  readonly log: Log
  /** Connects to other servers. */
  readonly outbound: Outbound
  /** Scheme, host and port at which clients reach the server. */
  readonly publicOrigin: PublicOrigin
  /** Limits the space for content; unlimited by default. */
  readonly space?: State['space']
  /** The revisions that threads share; by default, the revisions of this thread only. */
  readonly revisions?: State['revisions']
  /** The processes that share the database; by default, only this process. */
  readonly processes?: State['processes']
  /** The usage of callers in other threads; by default, there are no other threads. */
  readonly callers?: SharedCallers | undefined
  /** The data directory, if the server has one. A scrub verifies the audit log in the data directory. */
  readonly dataDir?: Pick<State['dataDir'], 'path'>
  /** In an emulator: wraps the audit log, so that the emulator sees every event. */
  readonly wrapAudit?: ((audit: Audit) => Audit) | undefined
  /** In an emulator: the delays of Azure. */
  readonly delays?: Delays | undefined
}

/** The delays of Azure: role assignments count later, and each function wraps a module, which then acts later. */
export type Delays = {
  readonly assignments: AssignmentDelay
  readonly ofAccess: (access: Access) => Access
  readonly ofDirectory: (directory: Directory) => Directory
  readonly ofResources: (resources: Resources) => Resources
}
