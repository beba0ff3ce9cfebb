import { scopeChain } from '@acrux/shared/standards/azure/resource-id.ts'
import type { ActionNeed, Principal, RegistryInQuestion, RightInQuestion } from '../rights/model.ts'
import { type GivenScopeMap, type RegistryRights, needsOf, repositoryInQuestion } from '../rights/repository-rights.ts'
import type { AssignedRoles } from '../roles/assigned-roles.ts'
import type { RoleAssignment } from '../roles/model.ts'
import type { RoleAssignmentStore } from '../roles/role-assignment-store.ts'
import type { RoleUnion } from '../roles/role-union.ts'
import { type ConsideredAssignment, consider, considerAll, furthest } from './considered-assignment.ts'
import {
  type FirstFailure,
  type SmallestChange,
  changeForAction,
  changeForRight,
  mayBeAnonymous,
} from './smallest-change.ts'

/** Why a principal is allowed an action, or denied. */
export type Explanation = {
  readonly asked: { readonly action: string; readonly repository: string | null; readonly scope: string }
  /** The mode of the registry; null for an action of the management API. */
  readonly roleAssignmentMode: RegistryInQuestion['roleAssignmentMode'] | null
  readonly allowed: boolean
  /** The actions of a role that grant the right in this mode; one action is sufficient. */
  readonly needs: readonly ActionNeed[]
  readonly assignments: readonly ConsideredAssignment[]
  /** The scope map of a scoped token, or of anonymous access. */
  readonly scopeMap: GivenScopeMap | undefined
  readonly firstFailure: FirstFailure | undefined
  readonly smallestChange: SmallestChange | undefined
}

/** The rights of a principal at a registry, and the roles that grant the rights, if roles grant them. */
export type GivenRights = RegistryRights & { readonly union?: RoleUnion }

/**
 * Whether the rights come from roles, and at least one of these roles still exists. The token exchange requires this
 * condition.
 */
export function hasRole({ union }: GivenRights): boolean {
  return union?.roles.some(({ role }) => role !== undefined) ?? false
}

/** A principal at a registry, and the rights that decide about the principal. An explanation has no other data. */
export type Decided = {
  readonly principal: Principal
  readonly registry: RegistryInQuestion
  readonly rights: GivenRights
}

/** Explains what the given rights decide about a right. */
export function explainRight({ principal, registry, rights }: Decided, asked: RightInQuestion): Explanation {
  const { id, roleAssignmentMode } = registry
  const needs = needsOf(asked.right, roleAssignmentMode)
  const allowed = rights.allows(asked.right, asked.repository)
  const repository = repositoryInQuestion(asked.repository, roleAssignmentMode)
  const assignments = considerAll(rights.union, needs, repository)
  const firstFailure = allowed ? undefined : failureOf({ principal, registry, rights }, asked, assignments)
  return {
    asked: { action: asked.right, repository: asked.repository ?? null, scope: id },
    roleAssignmentMode,
    allowed,
    needs,
    assignments,
    scopeMap: rights.scopeMap?.(),
    firstFailure,
    smallestChange: firstFailure && changeForRight(firstFailure, registry, asked, assignments),
  }
}

/** Explains what roles decide about an action of the management API at the scope of the roles. */
export function explainRoles(union: RoleUnion, action: string, scope: string): Explanation {
  const need = { kind: 'action', name: action } as const
  const allowed = union.allows(need, undefined)
  const assignments = considerAll(union, [need], undefined)
  return {
    asked: { action, repository: null, scope },
    roleAssignmentMode: null,
    allowed,
    needs: [need],
    assignments,
    scopeMap: undefined,
    firstFailure: allowed ? undefined : failureOfRoles(assignments),
    smallestChange: allowed ? undefined : changeForAction(action, scope, assignments),
  }
}

/** A principal with assignments that allow an action. */
export type AllowedPrincipal = {
  readonly principalId: string
  readonly principalType: RoleAssignment['principalType']
  readonly assignments: readonly ConsideredAssignment[]
}

/** Explanations of present decisions. */
export interface Explain {
  /** Explains whether a principal is allowed a right at a registry. */
  explain(principal: Principal, registry: RegistryInQuestion, asked: RightInQuestion): Promise<Explanation>
  /** Explains whether a principal may carry out a management action at a scope. */
  explainAction(
    principal: Principal & { readonly kind: 'directory' },
    action: string,
    scope: string,
  ): Promise<Explanation>
  /** The principals with an own assignment that allows a right. Members of groups are not listed. */
  whoMay(registry: RegistryInQuestion, asked: RightInQuestion): Promise<AllowedPrincipal[]>
}

type ExplainContext = {
  readonly store: RoleAssignmentStore
  readonly assigned: AssignedRoles
  readonly rightsAt: (principal: Principal, registry: RegistryInQuestion) => Promise<GivenRights>
}

/** Creates the explanations. */
export function createExplain({ store, assigned, rightsAt }: ExplainContext): Explain {
  return {
    explain: async (principal, registry, asked) =>
      explainRight({ principal, registry, rights: await rightsAt(principal, registry) }, asked),
    explainAction: async (principal, action, scope) =>
      explainRoles(await assigned.unionOf(principal, scope), action, scope),
    whoMay: async ({ id, roleAssignmentMode }, { right, repository }) => {
      const needs = needsOf(right, roleAssignmentMode)
      const inQuestion = repositoryInQuestion(repository, roleAssignmentMode)
      const roles = (await store.assignedAt(scopeChain(id))).map(assigned.toAssignedRole)
      const allowing = roles
        .map((role) => consider(role, needs, inQuestion))
        .filter(({ verdict }) => verdict === 'allows')
      const byPrincipal = Map.groupBy(allowing, ({ assignment }) => assignment.principalId)
      return [...byPrincipal].map(([principalId, assignments]) => ({
        principalId,
        principalType: assignments[0]?.assignment.principalType ?? 'User',
        assignments,
      }))
    },
  }
}

function failureOf(
  { principal, registry, rights }: Decided,
  asked: RightInQuestion,
  assignments: readonly ConsideredAssignment[],
): FirstFailure {
  switch (principal.kind) {
    case 'anonymous':
      // A scope map of anonymous access grants reading of repositories, and nothing else.
      if (registry.anonymousPullEnabled) return 'not-for-anonymous'
      if (rights.scopeMap === undefined || asked.right === 'catalog') return 'anonymous-pull-is-off'
      return mayBeAnonymous(asked) ? 'scope-map-lacks-action' : 'not-for-anonymous'
    case 'admin':
      return principal.rid === registry.rid ? 'admin-account-is-off' : 'another-registry'
    case 'scoped-token':
      return principal.rid === registry.rid ? 'scope-map-lacks-action' : 'another-registry'
    case 'directory':
      return failureOfRoles(assignments)
  }
}

function failureOfRoles(assignments: readonly ConsideredAssignment[]): FirstFailure {
  if (assignments.length === 0) return 'no-assignment'
  const best = furthest(assignments.map(({ verdict }) => verdict))
  if (best === 'allows') throw new Error('an assignment allows an action that was denied')
  return best
}
