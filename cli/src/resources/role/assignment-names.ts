import type { Account } from '../../clients/session/account.ts'
import { valueAt } from '../../framework/values/shape.ts'
import type { Assignment } from './assignments.ts'
import { listDefinitions } from './definitions.ts'
import { principalNames } from './principals.ts'

/** Which names are added, and the scope whose roles are listed: the subscription by default. */
export type NameOptions = {
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
