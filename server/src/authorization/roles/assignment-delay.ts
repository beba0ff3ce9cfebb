import type { AssignedRole } from './assigned-role.ts'
import type { AssignedRoleRow } from './rows.ts'

/** What a decision is about: the management API, or the content of registries. */
export type DecidedBy = 'management' | 'registries'

/**
 * The delays of role assignments, in a server that imitates the delays of Azure. The answers may only change together with the
 * authority revision, because the roles of a principal are cached.
 */
export type AssignmentDelay = {
  /** Whether a new assignment does not count yet for a principal. */
  readonly isNew: (
    assignment: Pick<AssignedRole['assignment'], 'name' | 'scope'>,
    objectId: string,
    decidedBy: DecidedBy,
  ) => boolean
  /** Called with an assignment in the transaction that deletes it. */
  readonly keepDeleted: (row: AssignedRoleRow) => void
  /** The deleted assignments of an assignee that still count for a principal: the assignee itself, or a member of this group. */
  readonly deletedOf: (assignee: string, objectId: string, decidedBy: DecidedBy) => readonly AssignedRoleRow[]
}

/** Which assignments count in decisions of one kind. */
export type Counting = {
  readonly counts: (role: AssignedRole, objectId: string) => boolean
  readonly deletedOf: (assignee: string, objectId: string) => readonly AssignedRoleRow[]
}

/** The assignments that count in decisions of one kind; undefined without delays. */
export function countingIn(delay: AssignmentDelay | undefined, decidedBy: DecidedBy): Counting | undefined {
  return (
    delay && {
      counts: ({ assignment }, objectId) => !delay.isNew(assignment, objectId, decidedBy),
      deletedOf: (assignee, objectId) => delay.deletedOf(assignee, objectId, decidedBy),
    }
  )
}
