import type { Account } from '../../clients/session/account.ts'
import { listArm } from '../../clients/arm/arm.ts'
import { documentOf } from '../../framework/values/shape.ts'
import { requireRoleId } from './definitions.ts'
import { roleAssignment } from './documents.ts'

/** The api-version of role assignments that az 2.74 sends. */
export const assignmentVersion = '2022-04-01'

/** The path and query of an assignment. */
export function assignmentUrl(scope: string, name: string): string {
  return `${scope.replace(/\/+$/, '')}/providers/Microsoft.Authorization/roleAssignments/${encodeURIComponent(name)}?api-version=${assignmentVersion}`
}

/** Which assignments are searched. Without a scope, those of the whole subscription. */
export type Search = {
  readonly scope: string | undefined
  readonly objectId?: string | undefined
  readonly role?: string | undefined
  readonly includesInherited?: boolean
  /** Whether the assignments of the groups of the principal are searched too. */
  readonly includesGroups?: boolean
}

/** A role assignment, as az prints it. */
export type Assignment = Readonly<Record<string, unknown>>

/** Searches role assignments. @throws ApiError */
export async function searchAssignments(account: Account, search: Search): Promise<Assignment[]> {
  const { scope, objectId, role, includesInherited = false, includesGroups = false } = search
  const base = scope ?? `/subscriptions/${account.subscription.id}`
  const filter = filterOf(search)
  const url = `${base.replace(/\/+$/, '')}/providers/Microsoft.Authorization/roleAssignments?api-version=${assignmentVersion}`
  const all = await listArm(account, filter === undefined ? url : `${url}&$filter=${encodeURIComponent(filter)}`)
  const found = all
    .map((each) => documentOf(roleAssignment, each))
    .filter((each) => scope === undefined || includesInherited || isAt(each, scope))
    .filter((each) => objectId === undefined || includesGroups || each['principalId'] === objectId)
  if (role === undefined || found.length === 0) return found
  const roleId = await requireRoleId(account, base, role)
  return found.filter((each) => each['roleDefinitionId'] === roleId)
}

/** The filter of the service. It does not accept a principal and `atScope` together. */
function filterOf({ scope, objectId, includesGroups }: Search): string | undefined {
  const ofGroups = objectId !== undefined && includesGroups === true ? `assignedTo('${objectId}')` : undefined
  if (scope !== undefined) return ofGroups === undefined ? 'atScope()' : `atScope() and ${ofGroups}`
  return ofGroups ?? (objectId === undefined ? undefined : `principalId eq '${objectId}'`)
}

function isAt(assignment: Assignment, scope: string): boolean {
  return String(assignment['scope']).toLowerCase() === scope.toLowerCase()
}
