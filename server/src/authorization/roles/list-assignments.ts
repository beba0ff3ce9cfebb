import { normalizeScope, scopeChain } from '@acrux/shared/standards/azure/resource-id.ts'
import type { RoleAssignment } from './model.ts'
import type { Place, RoleAssignmentStore } from './role-assignment-store.ts'
import type { RoleAssignmentRow } from './rows.ts'

/** The assignments that a list contains: the assignments at `scope` and above, and with `includeBelow` also below. */
export type AssignmentFilter = {
  readonly scope: string
  readonly includeBelow: boolean
  /** Undefined for the assignments of all principals. */
  readonly principalIds?: readonly string[] | undefined
  readonly roleDefinitionName?: string | undefined
}

/** A part of a list: at most `limit` assignments after another one. */
export type AssignmentListPart = {
  readonly after?: Pick<RoleAssignment, 'scope' | 'name'> | undefined
  readonly limit?: number
}

/**
 * Reads a list, or a part of it: first the assignments at the scope, then at each parent scope, then below the scope;
 * each group is sorted by name. The cost of a part does not grow with the list.
 */
export async function readAssignmentList(
  store: RoleAssignmentStore,
  { scope, includeBelow, principalIds, roleDefinitionName }: AssignmentFilter,
  { after, limit = Infinity }: AssignmentListPart,
): Promise<readonly RoleAssignmentRow[]> {
  const chain = scopeChain(scope).toReversed()
  const place = after && { scopeKey: normalizeScope(after.scope), name: after.name.toLowerCase() }
  const rows: RoleAssignmentRow[] = []
  const rest = () => ({ principalIds, roleDefinitionName, limit: limit === Infinity ? undefined : limit - rows.length })
  const first = place === undefined ? 0 : rankOf(chain, place)
  for (const scopeKey of chain.slice(first)) {
    if (rows.length === limit) return rows
    rows.push(...(await store.at(scopeKey, scopeKey === place?.scopeKey ? place.name : '', rest())))
  }
  if (!includeBelow || rows.length === limit) return rows
  rows.push(...(await store.below(normalizeScope(scope), first === chain.length ? place : undefined, rest())))
  return rows
}

/** Where the scope of an assignment is in the order of the list. */
function rankOf(chain: readonly string[], { scopeKey }: Place): number {
  const rank = chain.indexOf(scopeKey)
  return rank === -1 ? chain.length : rank
}
