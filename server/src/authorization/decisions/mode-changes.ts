import { scopeChain } from '@acrux/shared/standards/azure/resource-id.ts'
import {
  type ConditionPlaces,
  everywhere,
  isEverywhere,
  isNowhere,
  nowhere,
  placesOf,
  unionOfPlaces,
} from '@acrux/shared/standards/conditions/role-condition-places.ts'
import type { ActionNeed, RegistryInQuestion } from '../rights/model.ts'
import { needsOf } from '../rights/repository-rights.ts'
import { type JudgedRole, grantOf, judge } from '../roles/assigned-role.ts'
import type { AssignedRoles } from '../roles/assigned-roles.ts'
import type { RoleAssignment } from '../roles/model.ts'
import type { RoleAssignmentStore } from '../roles/role-assignment-store.ts'
import type { PrincipalRoleRow } from '../roles/rows.ts'

type Mode = RegistryInQuestion['roleAssignmentMode']

/** The compared rights, which administrators grant. */
const comparedRights = ['pull', 'push', 'delete', 'catalog'] as const

type ComparedRight = (typeof comparedRights)[number]

/** A right that a principal gains or loses. */
export type RightChange = {
  readonly right: ComparedRight
  /** The repositories: all repositories except `except`, or these repositories. */
  readonly places: ConditionPlaces
  readonly except: ConditionPlaces
}

/** A principal whose own role assignments permit something else after a switch of the mode. */
export type ModeChange = {
  readonly principalId: string
  readonly principalType: RoleAssignment['principalType']
  /** The names of the principal's roles. */
  readonly roleNames: readonly string[]
  readonly lost: readonly RightChange[]
  readonly gained: readonly RightChange[]
}

/** A page of the principals that a switch of the mode changes. */
export type ModeChangePage = {
  readonly changes: readonly ModeChange[]
  /** The principal after which the next page begins. */
  readonly next: string | undefined
  /** The number of principals from this page on, and whether the count is complete. */
  readonly count: number
  readonly isCountComplete: boolean
}

/** The effect of a switch of the mode. */
export interface ModeChanges {
  /**
   * The principals that gain or lose rights at a registry if it switches to a mode, in the order of their ids: at most
   * `size` principals after `after`, which is empty for the first page. Members of groups are not listed.
   */
  listModeChanges(
    registry: RegistryInQuestion,
    mode: Mode,
    page: { readonly after: string; readonly size: number },
  ): Promise<ModeChangePage>
}

/** The number of assignments that are read at once, and the maximum for one page. */
const usualLimits = { readTogether: 1000, maxRead: 11_000 }

/** A new role or condition on a page takes as much time as this number of assignments. */
const costOfRole = 8

/** Creates the comparison of both modes. */
export function createModeChanges(
  store: RoleAssignmentStore,
  { toGivenRole }: AssignedRoles,
  { readTogether, maxRead } = usualLimits,
): ModeChanges {
  return {
    listModeChanges: async (registry, mode, { after, size }) => {
      const found: ModeChange[] = []
      if (mode === registry.roleAssignmentMode) {
        return { changes: found, next: undefined, count: 0, isCountComplete: true }
      }
      const scopes = scopeChain(registry.id)
      const { compare, roleCount } = createComparison(mode, toGivenRole)
      let readUpTo: string | undefined = after
      for (let read = 0; readUpTo !== undefined && read < maxRead - costOfRole * roleCount(); read += readTogether) {
        // The first page counts all changes. The function fills later pages without counting further changes.
        if (after !== '' && found.length > size) break
        const rows = await store.assignedAfter(scopes, readUpTo, readTogether)
        readUpTo = rows.length < readTogether ? undefined : rows.at(-1)?.principal_id
        // The assignments of the last principal may continue after the read part.
        const last = readUpTo === undefined ? [] : await store.rolesOn(readUpTo, scopes)
        const others = readUpTo === undefined ? rows : rows.filter((row) => row.principal_id !== readUpTo)
        found.push(...compare(others), ...compare(last))
      }
      const changes = found.slice(0, size)
      const next = found.length > size ? changes.at(-1)?.principalId : readUpTo
      return { changes, next, count: found.length, isCountComplete: readUpTo === undefined }
    },
  }
}

/**
 * The repositories on which a role, with its condition, allows a right. Without permissions per repository, the result
 * is all repositories or none.
 */
type RightInBothModes = { readonly isLegacy: boolean; readonly abac: ConditionPlaces }
type RoleInBothModes = { readonly name: string | undefined; readonly rights: readonly RightInBothModes[] }

type Difference = Omit<ModeChange, 'principalId' | 'principalType'>

/** Compares the modes for assignments in the order of principals. Many principals have the same role with the same condition. */
function createComparison(mode: Mode, toGivenRole: AssignedRoles['toGivenRole']) {
  const roles = new Map<string, RoleInBothModes>()
  const differences = new Map<RoleInBothModes, Difference | undefined>()

  const roleOf = (row: PrincipalRoleRow): RoleInBothModes => {
    const key = row.condition === null ? row.role_definition_name : `${row.role_definition_name} ${row.condition}`
    const known = roles.get(key)
    if (known !== undefined) return known
    const role = inBothModes(toGivenRole(row))
    roles.set(key, role)
    return role
  }

  const differenceOf = (own: readonly RoleInBothModes[]): Difference | undefined => {
    const [first] = own
    if (first === undefined || own.length > 1) return difference(own, mode)
    if (!differences.has(first)) differences.set(first, difference(own, mode))
    return differences.get(first)
  }

  const compare = (rows: readonly PrincipalRoleRow[]): readonly ModeChange[] => {
    const changes: ModeChange[] = []
    for (let start = 0, end = 0; start < rows.length; start = end) {
      const { principal_id: principalId, principal_type: principalType } = rows[start] as PrincipalRoleRow
      while (rows[end]?.principal_id === principalId) end += 1
      const changed = differenceOf(rows.slice(start, end).map(roleOf))
      if (changed === undefined) continue
      changes.push({ principalId, principalType: principalType as ModeChange['principalType'], ...changed })
    }
    return changes
  }

  return { compare, roleCount: () => roles.size }
}

/** The permissions that a principal with these roles gains and loses. Undefined without a change. */
function difference(own: readonly RoleInBothModes[], mode: Mode): Difference | undefined {
  const onlyLegacy: RightChange[] = []
  const onlyAbac: RightChange[] = []
  for (const [index, right] of comparedRights.entries()) {
    const rights = own.flatMap((role) => role.rights[index] ?? [])
    const isLegacy = rights.some((each) => each.isLegacy)
    const abac = unionOfPlaces(rights.map((each) => each.abac))
    if (isLegacy ? isEverywhere(abac) : isNowhere(abac)) continue
    if (isLegacy) onlyLegacy.push({ right, places: everywhere, except: abac })
    else onlyAbac.push({ right, places: abac, except: nowhere })
  }
  if (onlyLegacy.length + onlyAbac.length === 0) return undefined
  const roleNames = [...new Set(own.flatMap(({ name }) => name ?? []))]
  const [lost, gained] = mode === 'AbacRepositoryPermissions' ? [onlyLegacy, onlyAbac] : [onlyAbac, onlyLegacy]
  return { roleNames, lost, gained }
}

function inBothModes(given: JudgedRole): RoleInBothModes {
  return { name: given.role?.roleName, rights: comparedRights.map((right) => rightInBothModes(given, right)) }
}

function rightInBothModes(given: JudgedRole, right: ComparedRight): RightInBothModes {
  const isOnRegistry = (mode: Mode) => needsOf(right, mode).some((need) => judge(given, need, undefined) === 'allows')
  const isLegacy = isOnRegistry('LegacyRegistryPermissions')
  if (right === 'catalog') return { isLegacy, abac: isOnRegistry('AbacRepositoryPermissions') ? everywhere : nowhere }
  const needs = needsOf(right, 'AbacRepositoryPermissions')
  return { isLegacy, abac: unionOfPlaces(needs.map((need) => placesOfRole(given, need))) }
}

/** The repositories on which a role permits an action. */
function placesOfRole(given: JudgedRole, need: ActionNeed): ConditionPlaces {
  const grant = grantOf(given, need)
  if (typeof grant === 'object') return placesOf(grant, need.name)
  return grant === 'allows' ? everywhere : nowhere
}
