import type { AssignedRole } from './assigned-role.ts'

/** What a decision is about: the management API, or the content of registries. */
export type DecidedBy = 'management' | 'registries'

/**
 * Whether a new role assignment does not count yet, in a server that imitates the delays of Azure. Its answer may only change
 * together with the authority revision, because the roles of a principal are cached.
 */
export type AssignmentDelay = (
  assignment: Pick<AssignedRole['assignment'], 'name' | 'scope'>,
  objectId: string,
  decidedBy: DecidedBy,
) => boolean

/** Whether an assignment counts for a principal. */
export type Counts = (role: AssignedRole, objectId: string) => boolean

/** The assignments that count in decisions of one kind; undefined without delays. */
export function countsIn(delay: AssignmentDelay | undefined, decidedBy: DecidedBy): Counts | undefined {
  return delay && (({ assignment }, objectId) => !delay(assignment, objectId, decidedBy))
}
