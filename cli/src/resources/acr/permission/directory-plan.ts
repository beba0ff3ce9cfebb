import {
  type ChangedAssignment,
  addRepositories,
  allowsAll,
  ownAssignment,
  removeRepositories,
} from '@acrux/shared/permissions/directory-assignments.ts'
import { type GrantForm, type GrantedAction, grantForms, roleFor } from '@acrux/shared/permissions/granted-action.ts'
import { type RepositoryPattern, exampleOf } from '@acrux/shared/permissions/repository-pattern.ts'
import type { AccessExplanation, ConsideredAssignment } from '@acrux/shared/wire/api-types.ts'
import type { PermissionChange } from './change.ts'
import { type PermissionRegistry, explainAccess } from './permission-registry.ts'
import type { DirectorySubject } from './subject.ts'

/** A permission of a principal of the directory. */
export type DirectoryPermission = {
  readonly registry: PermissionRegistry
  readonly subject: DirectorySubject
  readonly action: GrantedAction
  readonly pattern: RepositoryPattern
}

/** The changes that are needed to grant a permission. */
export type GrantPlan = {
  /** Whether the subject has the permission. */
  readonly isAllowed: boolean
  readonly changes: readonly PermissionChange[]
  /** Whether the role would allow more repositories than the pattern contains. */
  readonly isWider: boolean
}

/** The data actions of the questions. */
const dataActions: Readonly<Record<string, string>> = {
  pull: 'content/read',
  push: 'content/write',
  delete: 'content/delete',
  metadata_read: 'metadata/read',
}

/** Plans how to grant a permission to a user, a group, an application or a managed identity. @throws ApiError */
export async function planDirectoryGrant(permission: DirectoryPermission): Promise<GrantPlan> {
  const { registry, subject, action, pattern } = permission
  const form = grantForms[action]
  const missing: string[] = []
  let assignments: readonly ConsideredAssignment[] = []
  for (const right of form.rights) {
    const explanation = await explainAccess(registry, subject, { action: right, repository: exampleOf(pattern) })
    ;({ assignments } = explanation)
    if (!isAllowedOnAll(explanation, right, pattern)) missing.push(right)
  }
  if (missing.length === 0) return { isAllowed: true, changes: [], isWider: false }
  const own = (role: string) => ownAssignment(assignments, registry, subject.id, role)
  if (registry.isPerRepository) {
    const changes = addRepositories(form.role, own(form.role.name), [pattern], form.excluded)
    return { isAllowed: false, changes, isWider: false }
  }
  const changes = registryRolesFor(form, missing).map((role) => assignRegistryRole(role, own(role)))
  return { isAllowed: false, changes, isWider: pattern.kind !== 'all' }
}

/**
 * Plans how to let a principal pull from all repositories. `present` is the existing assignment of the pull role at the
 * registry.
 */
export function planPullFromAll(
  { isPerRepository }: PermissionRegistry,
  present: ChangedAssignment | undefined,
): PermissionChange[] {
  const { role, excluded } = grantForms.pull
  if (isPerRepository) return addRepositories(role, present, [{ kind: 'all' }], excluded)
  return present?.condition === null ? [] : [assignRegistryRole(roleFor('pull', isPerRepository), present)]
}

/** Plans to revoke a permission. Push and delete include pull, which the principal keeps. @throws ApiError */
export async function planDirectoryRevoke(
  permission: DirectoryPermission,
  { assignments }: AccessExplanation,
): Promise<PermissionChange[]> {
  const { registry, subject, action, pattern } = permission
  const own = (role: string) => ownAssignment(assignments, registry, subject.id, role)
  const form = grantForms[action]
  if (!registry.isPerRepository) return pattern.kind === 'all' ? revokeRegistryRole(action, own) : []
  const present = own(form.role.name)
  if (present === undefined) return []
  const { changes, removed } = removeRepositories(present, pattern)
  const kept = removed.flatMap((each) => (each.kind === 'repositories' ? [each] : []))
  const keep = (smaller: GrantedAction, having: (excluded: readonly string[]) => boolean) => {
    const { role, excluded } = grantForms[smaller]
    const patterns = kept.filter((each) => having(each.excluded)).flatMap((each) => each.patterns)
    return patterns.length === 0 ? [] : addRepositories(role, own(role.name), patterns, excluded)
  }
  const isPush = (excluded: readonly string[]) => action === 'delete' && !excluded.includes('content/write')
  const keptChanges =
    action === 'pull' ? [] : [...keep('push', isPush), ...keep('pull', (excluded) => !isPush(excluded))]
  return [...keptChanges, ...changes]
}

function isAllowedOnAll(explanation: AccessExplanation, right: string, pattern: RepositoryPattern): boolean {
  if (explanation.roleAssignmentMode === 'LegacyRegistryPermissions') return explanation.allowed
  return explanation.assignments.some((each) => allowsAll(each, dataActions[right] ?? '', pattern))
}

/** The roles that grant the missing actions. For delete, AcrPull is included only if the principal cannot pull. */
function registryRolesFor({ registryRoles, rights }: GrantForm, missing: readonly string[]): readonly string[] {
  const [own = '', ...others] = registryRoles
  if (others.length === 0) return [own]
  const [right = '', ...included] = rights
  return [...(missing.includes(right) ? [own] : []), ...(included.some((each) => missing.includes(each)) ? others : [])]
}

function assignRegistryRole(roleName: string, present: ChangedAssignment | undefined): PermissionChange {
  if (present === undefined)
    return { kind: 'create-assignment', roleName, condition: null, description: `assign ${roleName}` }
  const description = `remove the condition of ${roleName}`
  return { kind: 'change-assignment', id: present.id, roleName, condition: null, description }
}

function revokeRegistryRole(
  action: GrantedAction,
  own: (role: string) => ConsideredAssignment | undefined,
): PermissionChange[] {
  const [roleName = ''] = grantForms[action].registryRoles
  const present = own(roleName)
  if (present === undefined) return []
  const keepsPull = action === 'push' && own('AcrPull') === undefined
  return [
    ...(keepsPull ? [assignRegistryRole('AcrPull', undefined)] : []),
    { kind: 'delete-assignment', id: present.id, roleName, description: `remove ${roleName}` },
  ]
}
