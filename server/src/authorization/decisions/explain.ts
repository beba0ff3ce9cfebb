import { scopeChain } from '@acrux/shared/standards/azure/resource-id.ts'
import { repositoryNameAttribute } from '@acrux/shared/standards/conditions/role-condition.ts'
import { type AssignedRole, type Verdict, judge } from '../roles/assigned-role.ts'
import type { ActionNeed, Principal, RegistryInQuestion, RightInQuestion } from '../rights/model.ts'
import type { createAssignedRoles } from '../roles/assigned-roles.ts'
import { builtInRoles } from '../roles/built-in-roles.ts'
import {
  type RegistryRights,
  anonymousRights,
  everyRight,
  needsOf,
  repositoryInQuestion,
} from '../rights/repository-rights.ts'
import { rightsOfRoles, createRoleUnion } from '../roles/role-union.ts'
import { permissionGiving } from '../scope-maps/scope-map-rights.ts'
import type { ScopeMap } from '../scope-maps/scope-maps.ts'
import type { RoleAssignmentStore } from '../roles/role-assignment-store.ts'
import type { RoleAssignment } from '../roles/model.ts'

/** An assignment that was considered, and its verdict. */
export type ConsideredAssignment = {
  readonly assignment: AssignedRole['assignment']
  /** Undefined if the role has been deleted. */
  readonly roleName: string | undefined
  readonly condition: string | null
  readonly verdict: Verdict
  /** Whether the role allows the action only by a wildcard, such as Reader, which may pull in legacy mode. [faults 25] */
  readonly byWildcard: boolean
}

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

/** Why a principal is allowed an action, or denied. */
export type Explanation = {
  readonly allowed: boolean
  /** The actions of a role that grant the right in this mode; any one suffices. */
  readonly needs: readonly ActionNeed[]
  readonly assignments: readonly ConsideredAssignment[]
  /** The scope map of a scoped token, or of anonymous access. */
  readonly scopeMap: Pick<ScopeMap, 'name' | 'actions'> | undefined
  readonly firstFailure: FirstFailure | undefined
  readonly smallestChange: SmallestChange | undefined
}

/** A principal with assignments that allow an action. */
export type AllowedPrincipal = {
  readonly principalId: string
  readonly principalType: RoleAssignment['principalType']
  readonly assignments: readonly ConsideredAssignment[]
}

/** Explanations of decisions about registries. */
export interface Explain {
  /** Explains whether a principal is allowed a right at a registry. It uses the same code as the decision. */
  explain(principal: Principal, registry: RegistryInQuestion, asked: RightInQuestion): Promise<Explanation>
  /** The principals with an own assignment that allows a right. Members of groups are not listed. */
  whoMay(registry: RegistryInQuestion, asked: RightInQuestion): Promise<AllowedPrincipal[]>
}

type ExplainContext = {
  readonly store: RoleAssignmentStore
  readonly assigned: ReturnType<typeof createAssignedRoles>
  readonly rightsAt: (principal: Principal, registry: RegistryInQuestion) => Promise<RegistryRights>
  readonly scopeMapOf: (principal: Principal, registry: RegistryInQuestion) => Promise<ScopeMap | undefined>
}

/** Creates the explanations. */
export function createExplain({ store, assigned, rightsAt, scopeMapOf }: ExplainContext): Explain {
  const consideredBy = (registry: RegistryInQuestion, asked: RightInQuestion) => (role: AssignedRole) =>
    consider(role, registry, asked)

  return {
    explain: async (principal, registry, asked) => {
      const rights = await rightsAt(principal, registry)
      const allowed = rights.allows(asked.right, asked.repository)
      const roles = principal.kind === 'directory' ? (await assigned.unionOf(principal, registry.id)).roles : []
      const assignments = roles.map(consideredBy(registry, asked))
      const needs = needsOf(asked.right, registry.roleAssignmentMode)
      const scopeMap = await scopeMapOf(principal, registry)
      const facts = { allowed, needs, assignments, scopeMap }
      if (allowed) return { ...facts, firstFailure: undefined, smallestChange: undefined }
      const firstFailure =
        principal.kind === 'anonymous'
          ? failureOfAnonymous(registry, asked, scopeMap)
          : failureOf(principal, registry, assignments)
      return { ...facts, firstFailure, smallestChange: changeFor(firstFailure, registry, asked, assignments) }
    },

    whoMay: async (registry, asked) => {
      const roles = (await store.assignedAt(scopeChain(registry.id))).map(assigned.toAssignedRole)
      const allowing = roles.map(consideredBy(registry, asked)).filter(({ verdict }) => verdict === 'allows')
      const byPrincipal = Map.groupBy(allowing, ({ assignment }) => assignment.principalId)
      return [...byPrincipal].map(([principalId, assignments]) => ({
        principalId,
        principalType: assignments[0]?.assignment.principalType ?? 'User',
        assignments,
      }))
    },
  }
}

/** The order of the checks: a later verdict is closer to allowing. */
const order = [
  'role-is-gone',
  'role-lacks-action',
  'condition-is-unreadable',
  'condition-cannot-be-evaluated',
  'condition-is-not-met',
  'allows',
] as const satisfies readonly Verdict[]

/** The verdict that came closest to allowing. */
export function furthest(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce((best, one) => (order.indexOf(one) > order.indexOf(best) ? one : best), order[0])
}

function consider(role: AssignedRole, registry: RegistryInQuestion, asked: RightInQuestion): ConsideredAssignment {
  const mode = registry.roleAssignmentMode
  const repository = repositoryInQuestion(asked.repository, mode)
  const needs = needsOf(asked.right, mode)
  const verdicts = needs.map((need) => judge(role, need, repository))
  return {
    assignment: role.assignment,
    roleName: role.role?.roleName,
    condition: role.conditionText,
    verdict: furthest(verdicts),
    byWildcard: verdicts.includes('allows') && !needs.some((need) => names(role.role, need)),
  }
}

/** Whether a role contains exactly this action. */
export function names(role: AssignedRole['role'], { kind, name }: ActionNeed): boolean {
  const blocks = role?.permissions ?? []
  const named = blocks.flatMap(({ actions, dataActions }) => (kind === 'action' ? actions : dataActions))
  return named.some((one) => one.toLowerCase() === name.toLowerCase())
}

/** A scope map of anonymous access grants reading of repositories, and nothing else. */
function failureOfAnonymous(
  { anonymousPullEnabled }: RegistryInQuestion,
  asked: RightInQuestion,
  scopeMap: Explanation['scopeMap'],
): FirstFailure {
  if (anonymousPullEnabled) return 'not-for-anonymous'
  if (scopeMap === undefined || asked.right === 'catalog') return 'anonymous-pull-is-off'
  return mayBeAnonymous(asked) ? 'scope-map-lacks-action' : 'not-for-anonymous'
}

function failureOf(
  principal: Exclude<Principal, { readonly kind: 'anonymous' }>,
  registry: RegistryInQuestion,
  assignments: readonly ConsideredAssignment[],
): FirstFailure {
  switch (principal.kind) {
    case 'admin':
      return principal.rid === registry.rid ? 'admin-account-is-off' : 'another-registry'
    case 'scoped-token':
      return principal.rid === registry.rid ? 'scope-map-lacks-action' : 'another-registry'
    case 'directory': {
      if (assignments.length === 0) return 'no-assignment'
      const best = furthest(assignments.map(({ verdict }) => verdict))
      if (best === 'allows') throw new Error('an assignment allows an action that was denied')
      return best
    }
  }
}

function changeFor(
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
      return smallestRole(registry, asked)
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

/** Rights that no scope map grants need a principal with a role. */
function extendedScopeMap({ right, repository }: RightInQuestion): SmallestChange {
  const permission = permissionGiving(right)
  if (repository === undefined || permission === undefined) return { kind: 'sign-in' }
  return { kind: 'extend-scope-map', action: `repositories/${repository}/${permission}` }
}

function mayBeAnonymous({ right, repository }: RightInQuestion): boolean {
  return anonymousRights.allows(right, repository)
}

/** The built-in role with the right and the fewest other rights. */
function smallestRole(
  { id, roleAssignmentMode }: RegistryInQuestion,
  asked: RightInQuestion,
): SmallestChange | undefined {
  const assignment = { name: '', scope: id, roleDefinitionName: '', principalId: '', principalType: 'User' } as const
  const sizes = builtInRoles.flatMap((role) => {
    const union = createRoleUnion([{ assignment, role, conditionText: null, condition: 'none' }])
    const rights = rightsOfRoles(union, roleAssignmentMode)
    if (!rights.allows(asked.right, asked.repository)) return []
    const everything = role.permissions.some(
      ({ actions, notActions }) => actions.includes('*') && notActions.length === 0,
    )
    return [
      {
        role,
        size: everyRight.filter((right) => rights.allows(right, asked.repository)).length + (everything ? 1 : 0),
      },
    ]
  })
  const [smallest] = sizes.toSorted((one, other) => one.size - other.size)
  if (smallest === undefined) return undefined
  const { name, roleName } = smallest.role
  const isNarrowed = roleAssignmentMode === 'AbacRepositoryPermissions' && asked.repository !== undefined
  const condition = isNarrowed
    ? `@Request[${repositoryNameAttribute}] StringEqualsIgnoreCase '${asked.repository}'`
    : undefined
  return { kind: 'assign-role', roleName, roleDefinitionName: name, scope: id, condition }
}
