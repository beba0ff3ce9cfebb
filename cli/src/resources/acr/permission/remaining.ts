import { allowedPatterns, alternativesOf, isOwn } from '@acrux/shared/permissions/directory-assignments.ts'
import { type GrantedAction, grantForms, grantedActions } from '@acrux/shared/permissions/granted-action.ts'
import { type RepositoryPattern, patternPhrase, patternText } from '@acrux/shared/permissions/repository-pattern.ts'
import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import type { AccessExplanation, ConsideredAssignment } from '@acrux/shared/wire/api-types.ts'
import { listGraph } from '../../../clients/graph/graph.ts'
import { terminalLine } from '../../../framework/terminal/terminal-text.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import type { PermissionChange } from './change.ts'
import type { DirectoryPermission } from './directory-plan.ts'
import { namedSubjects, whoWord } from './subject.ts'

/** A source of a permission, and the command that removes the source. */
export type PermissionSource = { readonly description: string; readonly command: string }

/** The roles for a whole registry, by the action that grants them. */
const registryRoleActions: Readonly<Record<string, GrantedAction>> = {
  AcrPull: 'pull',
  AcrPush: 'push',
  AcrDelete: 'delete',
}

/** The assignments that allow a permission, or a part of the permission, after the planned changes. @throws ApiError */
export async function remainingAssignments(
  permission: DirectoryPermission,
  explanation: AccessExplanation,
  planned: readonly PermissionChange[],
): Promise<PermissionSource[]> {
  const left = explanation.assignments.flatMap((each) => afterChanges(each, planned))
  const allowing = left.flatMap((assignment) => {
    const patterns = patternsOf(permission, assignment)
    return patterns === undefined ? [] : [{ assignment, patterns }]
  })
  const sources: PermissionSource[] = []
  for (const { assignment, patterns } of allowing) sources.push(await sourceOf(permission, assignment, patterns))
  return sources
}

function afterChanges(
  assignment: ConsideredAssignment,
  planned: readonly PermissionChange[],
): readonly ConsideredAssignment[] {
  const change = planned.find((each) => 'id' in each && each.id === assignment.id)
  if (change?.kind === 'delete-assignment') return []
  // The planned condition shows what the assignment still allows.
  if (change?.kind === 'change-assignment')
    return [{ ...assignment, condition: change.condition, result: 'condition-is-not-met' }]
  return [assignment]
}

/** The repositories on which an assignment allows the permission; no repositories if the condition cannot be parsed. */
function patternsOf(
  { registry, action, pattern }: DirectoryPermission,
  assignment: ConsideredAssignment,
): readonly RepositoryPattern[] | undefined {
  const { result } = assignment
  if (!registry.isPerRepository) return result === 'allows' ? [{ kind: 'all' }] : undefined
  if (result !== 'allows' && result !== 'condition-is-not-met') return undefined
  const patterns = allowedPatterns(assignment, grantForms[action].dataAction, pattern)
  return patterns.length > 0 || result === 'allows' ? patterns : undefined
}

async function sourceOf(
  { registry, subject, action }: DirectoryPermission,
  assignment: ConsideredAssignment,
  patterns: readonly RepositoryPattern[],
): Promise<PermissionSource> {
  const { account, name, id: registryId } = registry
  const { principalId, scope } = assignment
  const roleName = assignment.roleName ?? '(no such role)'
  const holder = (await namedSubjects(account, [principalId])).get(principalId)
  const role = `the role ${terminalLine(roleName)}`
  const repositories = patterns.length === 0 ? '' : ` for ${patterns.map(patternPhrase).join(', ')}`
  const where = scope.toLowerCase() === registryId.toLowerCase() ? '' : ` at ${terminalLine(scope)}`
  if (principalId !== subject.id) {
    const group = holder?.title ?? `group ${principalId}`
    const command =
      holder !== undefined && (await isMember(registry, principalId, subject.id))
        ? `az ad group member remove --group ${principalId} --member-id ${subject.id}`
        : `acrux role assignment delete --ids ${shellWord(assignment.id)}`
    return { description: `the ${group} has ${role}${repositories}${where}`, command }
  }
  const granted = grantOf(assignment)
  const isRevocable = granted !== undefined && patterns.length > 0 && isOwn(assignment, registryId, subject.id)
  const isListed = alternativesOf(assignment).every(({ kind }) => kind === 'repositories')
  if (!isRevocable || !isListed) {
    const command = `acrux role assignment delete --ids ${shellWord(assignment.id)}`
    return { description: `${subject.title} has ${role}${repositories}${where}`, command }
  }
  const who = await whoWord(account, subject)
  const revoke = (each: GrantedAction, pattern: RepositoryPattern) =>
    `acrux acr revoke ${who} ${each} ${shellWord(patternText(pattern))} -n ${shellWord(name)}`
  // Who may push or delete keeps pull when that is revoked.
  const commands = patterns.flatMap((pattern) =>
    granted === action ? [revoke(action, pattern)] : [revoke(granted, pattern), revoke(action, pattern)],
  )
  return { description: `${subject.title} has ${role}${repositories}`, command: commands.join(' && ') }
}

/** The action whose revocation removes an assignment. */
function grantOf({ roleName }: ConsideredAssignment): GrantedAction | undefined {
  const byCondition = grantedActions.find((action) => grantForms[action].role.name === roleName)
  return byCondition ?? registryRoleActions[roleName ?? '']
}

async function isMember(
  { account }: DirectoryPermission['registry'],
  groupId: string,
  memberId: string,
): Promise<boolean> {
  const members = await listGraph(account, `/groups/${groupId}/members`)
  return members.some((each) => valueAt(each, 'id') === memberId)
}
