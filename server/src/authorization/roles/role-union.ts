import type { RoleCondition } from '@acrux/shared/standards/conditions/role-condition.ts'
import { type ConditionSet, createConditionSet } from '../conditions/condition-set.ts'
import {
  type RepositoryGuard,
  isNever,
  repositoryGuard,
  unionOfGuards,
} from '@acrux/shared/standards/conditions/role-condition-guard.ts'
import type { ActionNeed, RegistryInQuestion } from '../rights/model.ts'
import { type RegistryRights, needsOf, repositoryInQuestion } from '../rights/repository-rights.ts'
import { type AssignedRole, grantOf } from './assigned-role.ts'

/** All roles of a principal at a scope. A request is allowed if one role allows the request. */
export type RoleUnion = {
  readonly roles: readonly AssignedRole[]
  /** Whether one of the roles allows the action; `repository` is undefined for an action without a repository. */
  allows(need: ActionNeed, repository: string | undefined): boolean
}

/** Combines roles. Each action is compiled on first use. */
export function createRoleUnion(roles: readonly AssignedRole[]): RoleUnion {
  const compiled = { action: new Map<string, ConditionSet>(), 'data-action': new Map<string, ConditionSet>() }
  return {
    roles,
    allows: (need, repository) => {
      const known = compiled[need.kind].get(need.name)
      if (known !== undefined) return known(repository)
      const conditions = compile(roles, need)
      compiled[need.kind].set(need.name, conditions)
      return conditions(repository)
    },
  }
}

/** The rights of roles at a registry, in the registry's role assignment mode. */
export function rightsOfRoles(
  union: RoleUnion,
  mode: RegistryInQuestion['roleAssignmentMode'],
): RegistryRights & { readonly union: RoleUnion } {
  const allows = (right: string, repository: string | undefined) =>
    needsOf(right, mode).some((need) => union.allows(need, repositoryInQuestion(repository, mode)))
  let known: RepositoryGuard | undefined
  const pullable = () => (known ??= pullableBy(union, mode, () => allows('pull', undefined)))
  return {
    union,
    allows: (right, repository) => allows(right, repository) || (right === 'repositories' && !isNever(pullable())),
    pullable,
    allowsEverywhere: (right) =>
      needsOf(right, mode).some((need) => union.roles.some((role) => grantOf(role, need) === 'allows')),
  }
}

/** In legacy mode, the answer is the same for all repositories. */
function pullableBy(
  { roles }: RoleUnion,
  mode: RegistryInQuestion['roleAssignmentMode'],
  isAllowed: () => boolean,
): RepositoryGuard {
  if (mode === 'LegacyRegistryPermissions') return isAllowed() ? { kind: 'any' } : unionOfGuards([])
  const guards = needsOf('pull', mode).flatMap((need) =>
    roles.flatMap((role): RepositoryGuard[] => {
      const grant = grantOf(role, need)
      if (grant === 'allows') return [{ kind: 'any' }]
      return typeof grant === 'object' ? [repositoryGuard(grant, need.name)] : []
    }),
  )
  return unionOfGuards(guards)
}

function compile(roles: readonly AssignedRole[], need: ActionNeed): ConditionSet {
  const conditions = new Set<RoleCondition>()
  for (const role of roles) {
    const grant = grantOf(role, need)
    if (grant === 'allows') return () => true
    if (typeof grant === 'object') conditions.add(grant)
  }
  return conditions.size === 0 ? () => false : createConditionSet([...conditions], need.name)
}
