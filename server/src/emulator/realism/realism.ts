import type { Access, AssignmentDelay } from '../../authorization/index.ts'
import type { Audit } from '../../audit/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { Interceptor } from '../../platform/http/interceptor.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Resources } from '../../resources/index.ts'
import { roleAssignmentId } from '@acrux/shared/standards/azure/resource-id.ts'
import { createRealismInterceptor } from './interceptor.ts'
import { membershipKey, observeChanges, passwordKey } from './observed-events.ts'
import { PendingChanges, delaysMs } from './pending-changes.ts'
import type { IsPending, RealismPorts } from './ports.ts'

/** The delays that the documents of Azure describe, measured with the clock of the emulator. */
export type Realism = {
  /** The dependencies that a server receives. */
  readonly delays: {
    readonly assignments: AssignmentDelay
    readonly ofAccess: (access: Access) => Access
    readonly ofDirectory: (directory: Directory) => Directory
    readonly ofResources: (resources: Resources) => Resources
  }
  readonly wrapAudit: (audit: Audit) => Audit
  readonly interceptor: Interceptor
  /** The caller calls this function with each server, before the server accepts connections. */
  readonly attach: (ports: RealismPorts) => void
  /** The state of the delays in a snapshot. Without an argument, `restore` ends all delays. */
  readonly kept: { readonly save: () => SavedRealism; readonly restore: (saved?: SavedRealism) => void }
}

/** The state that a version of the emulator saves. */
export type SavedRealism = {
  readonly changes: ReturnType<PendingChanges['save']>
  readonly deleted: readonly (readonly [id: string, row: DeletedAssignment])[]
}

type DeletedAssignment = Parameters<AssignmentDelay['keepDeleted']>[0]

/** The maximum number of stored deleted assignments. */
const maxDeleted = 1000

/** Creates the delays of an emulator. */
export function createRealism(clock: Clock): Realism {
  const changes = new PendingChanges()
  const isPending: IsPending = (kind, key) => changes.isPending(kind, key, clock.now())
  let ports: RealismPorts | undefined
  let mustDecide = false
  let decidedMs = clock.now()
  let deleted = new Map<string, DeletedAssignment>()

  /** Whether a change of an assignment has not taken effect yet in the decisions about a principal. */
  function isDelayed(
    kind: 'assignment' | 'deletion',
    id: string,
    { objectId, decidedBy }: { readonly objectId: string; readonly decidedBy: 'management' | 'registries' },
  ): boolean {
    const nowMs = clock.now()
    const madeMs = changes.find(kind, id, nowMs)
    if (madeMs === undefined) return false
    if (decidedBy === 'management') return nowMs < madeMs + delaysMs['assignment-in-management']
    const signedInMs = changes.find('sign-in', objectId, nowMs) ?? -Infinity
    const hasSignedIn = signedInMs >= madeMs
    return nowMs < madeMs + delaysMs[hasSignedIn ? 'assignment-after-sign-in' : 'assignment-in-registries']
  }

  /** Whether permissions may have changed since the last request, because a delay has passed or a principal has signed in. */
  function mustDecideAgain(): boolean {
    const nowMs = clock.now()
    const isDue = mustDecide || changes.dueTimes().some((dueMs) => dueMs > decidedMs && dueMs <= nowMs)
    mustDecide = false
    decidedMs = nowMs
    return isDue
  }

  return {
    delays: {
      assignments: {
        isNew: (assignment, objectId, decidedBy) =>
          isDelayed('assignment', roleAssignmentId(assignment), { objectId, decidedBy }),
        keepDeleted: (row) => {
          deleted.set(roleAssignmentId(row), row)
          const [oldest] = deleted.keys()
          if (deleted.size > maxDeleted && oldest !== undefined) deleted.delete(oldest)
        },
        deletedOf: (assignee, objectId, decidedBy) =>
          [...deleted].flatMap(([id, row]) =>
            row.principal_id === assignee && isDelayed('deletion', id, { objectId, decidedBy }) ? [row] : [],
          ),
      },
      ofAccess: (access) => withPasswordDelay(access, isPending),
      ofDirectory: (directory) => withMembershipDelay(directory, isPending),
      ofResources: (resources) => ({
        ...resources,
        verifyAdminPassword: async (rid, password) => {
          const version = await resources.verifyAdminPassword(rid, password)
          return version && isPending('password', passwordKey(rid, version.name)) ? undefined : version
        },
      }),
    },
    wrapAudit: (audit) =>
      observeChanges(audit, changes, clock.now, () => {
        mustDecide = true
      }),
    interceptor: createRealismInterceptor({
      clock,
      isPending,
      mustDecideAgain,
      ports: () => ports,
      noteSignIn: (objectId) => {
        changes.note('sign-in', objectId, clock.now())
        mustDecide = true
      },
    }),
    attach: (of) => {
      ports = of
    },
    kept: {
      save: () => ({ changes: changes.save(), deleted: [...deleted] }),
      restore: (saved) => {
        changes.restore(saved?.changes ?? [])
        deleted = new Map(saved?.deleted)
      },
    },
  }
}

/** A scoped token's password does not authenticate immediately after it was generated. */
function withPasswordDelay(access: Access, isPending: IsPending): Access {
  const verify: Access['verifyScopedTokenPassword'] = async (rid, name, password) => {
    const verified = await access.verifyScopedTokenPassword(rid, name, password)
    if (verified === undefined) return undefined
    const key = passwordKey(verified.passwordId.tokenId, verified.passwordName)
    return isPending('password', key) ? undefined : verified
  }
  return {
    ...access,
    verifyScopedTokenPassword: verify,
    checkScopedTokenPassword: async (rid, name, password) => {
      const outcome = await access.checkScopedTokenPassword(rid, name, password)
      const isDelayed = outcome === 'verified' && (await verify(rid, name, password)) === undefined
      return isDelayed ? 'wrong-password' : outcome
    },
  }
}

/** A managed identity that has just become a member of a group does not yet have the roles of the group. */
function withMembershipDelay(directory: Directory, isPending: IsPending): Directory {
  return {
    ...directory,
    groupIdsOf: async (objectId) => {
      const groupIds = await directory.groupIdsOf(objectId)
      const isNew = (groupId: string) => isPending('membership', membershipKey(objectId, groupId))
      if (!groupIds.some(isNew)) return groupIds
      const identity = await directory.managedIdentities.findById(objectId)
      return identity === undefined ? groupIds : groupIds.filter((groupId) => !isNew(groupId))
    },
  }
}
