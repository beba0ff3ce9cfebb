import { normalizeScope, scopeChain } from '../../standards/azure/resource-id.ts'
import type { RoleAssignment } from './model.ts'
import type { Place, RoleAssignmentStore } from './role-assignment-store.ts'
import type { RoleAssignmentRow } from './rows.ts'

/** The assignments that a list contains: those at `scope` and above it, and with `includeBelow` also those below it. */
export type AssignmentFilter = {
  readonly scope: string
  readonly includeBelow: boolean
  /** Undefined for those of every principal. */
  readonly principalIds?: readonly string[] | undefined
  readonly roleDefinitionName?: string | undefined
}

/** A part of a list: at most `limit` assignments after another one. */
export type AssignmentListPart = {
  readonly after?: Pick<RoleAssignment, 'scope' | 'name'> | undefined
  readonly limit?: number
}

/**
 * Reads a list, or a part of it: first the assignments at the scope, then those above it from the inside to the outside, then those
 * below it; by names. The cost of a part does not grow with the list. The assignments of principals are read as a whole, because a
 * principal has few.
 */
export async function readAssignmentList(
  store: RoleAssignmentStore,
  filter: AssignmentFilter,
  { after, limit = Infinity }: AssignmentListPart,
): Promise<readonly RoleAssignmentRow[]> {
  const { scope, includeBelow, principalIds, roleDefinitionName } = filter
  const list: ListedScopes = {
    chain: scopeChain(scope).toReversed(),
    belowKey: includeBelow ? normalizeScope(scope) : undefined,
  }
  const place = after && { scopeKey: normalizeScope(after.scope), name: after.name.toLowerCase() }
  if (principalIds === undefined) return readPart(store, list, { place, limit, roleDefinitionName })
  const lists = await Promise.all(principalIds.map((id) => store.ofPrincipal(id, list.chain, list.belowKey)))
  return lists
    .flat()
    .filter((row) => roleDefinitionName === undefined || row.role_definition_name === roleDefinitionName)
    .map((row) => ({ row, place: { scopeKey: row.scope_key, name: row.name } }))
    .filter((each) => place === undefined || compare(list, place, each.place) < 0)
    .toSorted((one, other) => compare(list, one.place, other.place))
    .slice(0, limit)
    .map(({ row }) => row)
}

type ListedScopes = {
  /** The scope and those above it, in the order of the list. */
  readonly chain: readonly string[]
  /** The scope below which assignments are listed too. */
  readonly belowKey: string | undefined
}

type Part = {
  readonly place: Place | undefined
  readonly limit: number
  readonly roleDefinitionName: string | undefined
}

async function readPart(
  store: RoleAssignmentStore,
  list: ListedScopes,
  { place, limit, roleDefinitionName }: Part,
): Promise<readonly RoleAssignmentRow[]> {
  const { chain, belowKey } = list
  const rows: RoleAssignmentRow[] = []
  const rest = () => ({ roleDefinitionName, limit: limit === Infinity ? undefined : limit - rows.length })
  const first = place === undefined ? 0 : rankOf(list, place)
  for (const scopeKey of chain.slice(first)) {
    if (rows.length === limit) return rows
    rows.push(...(await store.at(scopeKey, scopeKey === place?.scopeKey ? place.name : '', rest())))
  }
  if (belowKey === undefined || rows.length === limit) return rows
  rows.push(...(await store.below(belowKey, first === chain.length ? place : undefined, rest())))
  return rows
}

/** Where the scope of an assignment is in the order of the list. */
function rankOf({ chain }: ListedScopes, { scopeKey }: Place): number {
  const rank = chain.indexOf(scopeKey)
  return rank === -1 ? chain.length : rank
}

function compare(list: ListedScopes, one: Place, other: Place): number {
  const ranks = rankOf(list, one) - rankOf(list, other)
  if (ranks !== 0) return ranks
  if (one.scopeKey !== other.scopeKey) return one.scopeKey < other.scopeKey ? -1 : 1
  if (one.name === other.name) return 0
  return one.name < other.name ? -1 : 1
}
