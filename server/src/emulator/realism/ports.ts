import type { Directory } from '../../directory/index.ts'
import type { PendingChanges } from './pending-changes.ts'

/** The functions of the running server that the delays need. */
export type RealismPorts = {
  /** Increments the authority revision, so that the server does not decide from its caches. */
  readonly decideAgain: () => Promise<void>
  readonly directory: Pick<Directory, 'findServicePrincipalByAppId' | 'tenant'>
}

/** Whether the time since a change is shorter than the delay of the change. */
export type IsPending = (kind: Parameters<PendingChanges['isPending']>[0], key: string) => boolean
