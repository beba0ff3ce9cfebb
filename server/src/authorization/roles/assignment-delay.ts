import type { AssignedRole } from './assigned-role.ts'
import type { AssignedRoleRow } from './rows.ts'

/** The subject of a decision: the management API, or the content of registries. */
export type DecidedBy = 'management' | 'registries'

/**
 * The delays of role assignments, in a server that imitates the delays of Azure. The results may change only together
 * with the authority revision, because the roles of a principal are cached.
 */
export type AssignmentDelay = {
  /** Whether a new assignment does not count yet for a principal. */
  readonly isNew: (
    assignment: Pick<AssignedRole['assignment'], 'name' | 'scope'>,
    objectId: string,
    decidedBy: DecidedBy,
  ) => boolean
  /** Called with a deleted assignment in the same transaction. */
  readonly keepDeleted: (row: AssignedRoleRow) => void
  /**
   * The deleted assignments of an assignee that still count for a principal: the principal is the assignee or a member
   * of the group.
   */
  readonly deletedOf: (assignee: string, objectId: string, decidedBy: DecidedBy) => readonly AssignedRoleRow[]
}

/** Selects the assignments that count in decisions of one kind. */
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
