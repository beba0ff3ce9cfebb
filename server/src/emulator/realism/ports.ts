import type { Directory } from '../../directory/index.ts'
import type { PendingChanges } from './pending-changes.ts'

/** What the delays need of the running server. */
export type RealismPorts = {
  /** Moves the revision of authority, so that nothing is decided by what was cached. */
  readonly decideAgain: () => Promise<void>
  readonly directory: Pick<Directory, 'findServicePrincipalByAppId' | 'tenant'>
}

/** Whether a change was made less than its delay ago. */
export type IsPending = (kind: Parameters<PendingChanges['isPending']>[0], key: string) => boolean
