import { randomUUID } from 'node:crypto'
import { ApiError, askArm } from '../../clients/arm/arm.ts'
import type { Account } from '../../clients/session/account.ts'
import { documentOf } from '../../framework/values/shape.ts'
import { type Assignment, assignmentUrl, searchAssignments, withNames } from './assignments.ts'
import { requireRoleId } from './definition.ts'
import { roleAssignment } from './documents.ts'
import type { Principal } from './principals.ts'

/** A role assignment to create. */
type NewAssignment = {
  readonly scope: string
  /** A name or an id. */
  readonly role: string
  readonly principal: Principal
  /** Further properties, such as a condition. */
  readonly properties?: object
  /** A GUID. Default: a new GUID. */
  readonly name?: string | undefined
}

/**
 * Assigns a role. If the assignment already exists, returns the existing assignment with names, as az does. @throws
 * ApiError, CommandFailure if the role does not exist
 */
export async function assignRole(
  account: Account,
  { scope, role, principal, properties, name = randomUUID() }: NewAssignment,
): Promise<Assignment> {
  const roleDefinitionId = await requireRoleId(account, scope, role)
  const body = {
    properties: {
      roleDefinitionId,
      principalId: principal.id,
      ...(principal.type !== undefined && { principalType: principal.type }),
      ...properties,
    },
  }
  try {
    const url = assignmentUrl(scope, name)
    return documentOf(roleAssignment, await askArm(account, { method: 'PUT', url, body }))
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'RoleAssignmentExists') throw error
    const found = await searchAssignments(account, { scope, objectId: principal.id, role })
    const [present] = await withNames(account, found.slice(0, 1), { scope })
    if (present === undefined) throw error
    return present
  }
}
