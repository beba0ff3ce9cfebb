import { everyRight, isRight } from '@acrux/shared/standards/azure/registry-rights.ts'
import { normalizeScope } from '@acrux/shared/standards/azure/resource-id.ts'
import { repositoryNameAttribute } from '@acrux/shared/standards/conditions/role-condition.ts'
import type { RegistryInQuestion, RightInQuestion } from '../rights/model.ts'
import { anonymousRights } from '../rights/repository-rights.ts'
import { type AssignedRole, type Verdict, permits } from '../roles/assigned-role.ts'
import { builtInRoles } from '../roles/built-in-roles.ts'
import type { RoleDefinition } from '../roles/model.ts'
import { createRoleUnion, rightsOfRoles } from '../roles/role-union.ts'
import { permissionGiving } from '../scope-maps/scope-map-rights.ts'
import type { ConsideredAssignment } from './considered-assignment.ts'

/** The first failed check of the assignment that came closest to allowing the action, or another reason without one. */
export type FirstFailure =
  | Exclude<Verdict, 'allows'>
  | 'no-assignment'
  | 'admin-account-is-off'
  | 'anonymous-pull-is-off'
  | 'not-for-anonymous'
  | 'scope-map-lacks-action'
  | 'another-registry'

/** The smallest change that would allow the action. */
export type SmallestChange =
  | { readonly kind: 'change-condition'; readonly assignment: AssignedRole['assignment'] }
  | {
      readonly kind: 'assign-role'
      readonly roleName: string
      readonly roleDefinitionName: string
      readonly scope: string
      /** Limits the role to the repository; undefined in legacy mode. */
      readonly condition: string | undefined
    }
  /** Adds this action to the scope map. */
  | { readonly kind: 'extend-scope-map'; readonly action: string }
  | { readonly kind: 'enable-admin-account' | 'enable-anonymous-pull' | 'sign-in' }

/** The smallest change that would allow a right at a registry; undefined if no change can. */
export function changeForRight(
  failure: FirstFailure,
  registry: RegistryInQuestion,
  asked: RightInQuestion,
  assignments: readonly ConsideredAssignment[],
): SmallestChange | undefined {
  switch (failure) {
    case 'condition-is-unreadable':
    case 'condition-cannot-be-evaluated':
    case 'condition-is-not-met': {
      const nearest = assignments.find(({ verdict }) => verdict === failure)
      return nearest && { kind: 'change-condition', assignment: nearest.assignment }
    }
    case 'no-assignment':
    case 'role-is-gone':
    case 'role-lacks-action':
      return roleForRight(registry, asked)
    case 'admin-account-is-off':
      return { kind: 'enable-admin-account' }
    case 'anonymous-pull-is-off':
      return mayBeAnonymous(asked) ? { kind: 'enable-anonymous-pull' } : { kind: 'sign-in' }
    case 'not-for-anonymous':
      return { kind: 'sign-in' }
    case 'scope-map-lacks-action':
      return extendedScopeMap(asked)
    case 'another-registry':
      return undefined
  }
}

/**
 * The assignment of a role that would allow an action of the management API, or the change of an existing assignment,
 * because a principal can have a role only once at a scope. Undefined if no built-in role permits the action.
 */
export function changeForAction(
  action: string,
  scope: string,
  assignments: readonly ConsideredAssignment[],
): SmallestChange | undefined {
  const fitting = builtInRoles.filter((role) => permits(role, { kind: 'action', name: action }))
  const [smallest] = fitting.toSorted((one, other) => breadth(one) - breadth(other))
  const same = assignments.find(
    ({ assignment }) =>
      assignment.roleDefinitionName === smallest?.name &&
      normalizeScope(assignment.scope) === normalizeScope(scope) &&
      assignment.principalType !== 'Group',
  )
  if (same !== undefined) return { kind: 'change-condition', assignment: same.assignment }
  return smallest && assignRole(smallest, scope, undefined)
}

/** Whether anonymous pull allows a right. */
export function mayBeAnonymous({ right, repository }: RightInQuestion): boolean {
  return anonymousRights.allows(right, repository)
}

/** Rights that no scope map grants need a principal with a role. */
function extendedScopeMap({ right, repository }: RightInQuestion): SmallestChange {
  const permission = permissionGiving(right)
  if (repository === undefined || permission === undefined) return { kind: 'sign-in' }
  return { kind: 'extend-scope-map', action: `repositories/${repository}/${permission}` }
}

function roleForRight({ id, roleAssignmentMode }: RegistryInQuestion, asked: RightInQuestion) {
  const role = smallestRole(asked.right, roleAssignmentMode)
  const isNarrowed = roleAssignmentMode === 'AbacRepositoryPermissions' && asked.repository !== undefined
  const condition = isNarrowed
    ? `@Request[${repositoryNameAttribute}] StringEqualsIgnoreCase '${asked.repository}'`
    : undefined
  return role && assignRole(role, id, condition)
}

function assignRole(
  { name, roleName }: RoleDefinition,
  scope: string,
  condition: string | undefined,
): SmallestChange & { readonly kind: 'assign-role' } {
  return { kind: 'assign-role', roleName, roleDefinitionName: name, scope, condition }
}

type Mode = RegistryInQuestion['roleAssignmentMode']

/** The smallest roles by mode and right. */
const smallestRoles = new Map<string, RoleDefinition | undefined>()

/** The built-in role with the right and the fewest other rights. */
function smallestRole(right: string, mode: Mode): RoleDefinition | undefined {
  if (!isRight(right)) return undefined
  const key = `${mode} ${right}`
  if (!smallestRoles.has(key)) {
    const sizes = builtInRoles.flatMap((role) => {
      const rights = rightsGivenBy(role, mode)
      if (!rights.allows(right, undefined)) return []
      const isEverything = role.permissions.some(
        ({ actions, notActions }) => actions.includes('*') && notActions.length === 0,
      )
      const size = everyRight.filter((other) => rights.allows(other, undefined)).length
      return [{ role, size: size + (isEverything ? 1 : 0) }]
    })
    smallestRoles.set(key, sizes.toSorted((one, other) => one.size - other.size)[0]?.role)
  }
  return smallestRoles.get(key)
}

/** The rights of an assignment of a role without a condition, which are the same on each repository. */
function rightsGivenBy(role: RoleDefinition, mode: Mode) {
  const assignment = { name: '', scope: '/', roleDefinitionName: '', principalId: '', principalType: 'User' } as const
  return rightsOfRoles(createRoleUnion([{ assignment, role, conditionText: null, condition: 'none' }]), mode)
}

/** Estimates how much a role permits, based on the patterns of the role. */
function breadth({ permissions }: RoleDefinition): number {
  const patterns = permissions.flatMap(({ actions, dataActions }) => [...actions, ...dataActions])
  const excluded = permissions.flatMap(({ notActions }) => notActions).length
  const widths = patterns.map((pattern) =>
    pattern === '*' ? 10_000 : pattern.startsWith('*') ? 1000 : pattern.includes('*') ? 100 : 1,
  )
  return widths.reduce((sum, width) => sum + width, 0) - excluded
}
