import { listArm } from '../../clients/arm/arm.ts'
import type { Account } from '../../clients/session/account.ts'
import { documentOf, valueAt } from '../../framework/values/shape.ts'
import { listDefinitions, requireRoleId } from './definition.ts'
import { roleAssignment } from './documents.ts'
import { principalNames } from './principals.ts'

/** The api-version of role assignments that az 2.74 sends. */
export const assignmentVersion = '2022-04-01'

/** The path and query of an assignment. */
export function assignmentUrl(scope: string, name: string): string {
  return `${scope.replace(/\/+$/, '')}/providers/Microsoft.Authorization/roleAssignments/${encodeURIComponent(name)}?api-version=${assignmentVersion}`
}

/** Selects the assignments to search. Without a scope, the whole subscription is searched. */
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

/** The filter of the service. The service does not accept a principal and `atScope` together. */
function filterOf({ scope, objectId, includesGroups }: Search): string | undefined {
  const ofGroups = objectId !== undefined && includesGroups === true ? `assignedTo('${objectId}')` : undefined
  if (scope !== undefined) return ofGroups === undefined ? 'atScope()' : `atScope() and ${ofGroups}`
  return ofGroups ?? (objectId === undefined ? undefined : `principalId eq '${objectId}'`)
}

function isAt(assignment: Assignment, scope: string): boolean {
  return String(assignment['scope']).toLowerCase() === scope.toLowerCase()
}

/** Which names are added, and the scope whose roles are listed: the subscription by default. */
type NameOptions = {
  readonly scope: string | undefined
  readonly fillRoleDefinitionName?: boolean
  readonly fillPrincipalName?: boolean
}

/** Adds the names of roles and principals to assignments. @throws ApiError */
export async function withNames(
  account: Account,
  found: readonly Assignment[],
  { scope, fillRoleDefinitionName, fillPrincipalName }: NameOptions,
): Promise<Assignment[]> {
  if (found.length === 0) return []
  const at = scope ?? `/subscriptions/${account.subscription.id}`
  const roles = fillRoleDefinitionName === false ? undefined : await listDefinitions(account, at)
  const roleNames = roles && new Map(roles.map((each) => [valueAt(each, 'id'), valueAt(each, 'properties.roleName')]))
  const ids = [...new Set(found.map((each) => String(each['principalId'])))]
  const names = fillPrincipalName === false ? undefined : await principalNames(account, ids)
  return found.map((each) => ({
    ...each,
    ...(roleNames !== undefined && { roleDefinitionName: roleNames.get(each['roleDefinitionId']) ?? null }),
    ...(names !== undefined && { principalName: names.get(String(each['principalId'])) ?? '' }),
  }))
}
