import { grantForms } from '@acrux/shared/permissions/granted-action.ts'
import { exampleOf, patternText } from '@acrux/shared/permissions/repository-pattern.ts'
import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { terminalLine } from '../../../framework/terminal/terminal-text.ts'
import { type GrantPlan, planDirectoryGrant } from './directory-plan.ts'
import {
  type Permission,
  type PermissionFlags,
  type PermissionResult,
  aboutGrantedActions,
  applyChanges,
  capitalized,
  permissionArguments,
  permissionFlags,
  permissionPhrase,
  permissionResult,
  permissionText,
  requireGrantedAction,
  requireRepositoryPattern,
} from './permission-change.ts'
import { explainAccess, openPermissions } from './permission-registry.ts'
import { planScopeMapGrant, readScopeMap } from './scope-map-plan.ts'
import { aboutWho, requireSubject } from './subject.ts'

/** `acrux acr grant`. */
export const command = defineCommand<PermissionFlags>({
  about: `${aboutWho}
${aboutGrantedActions.trim()}

If role assignments always cover the whole registry, users, groups and applications receive the permission on all
repositories, after a confirmation. The command az acr show --query roleAssignmentMode shows whether role assignments
cover the whole registry. For scoped tokens and anonymous callers, the permission always applies only to REPOSITORY.`,
  arguments: permissionArguments,
  flags: permissionFlags,
  examples: [
    'acrux acr grant ada@example.com push team/app -n contoso',
    "acrux acr grant team-read pull 'team/*' -n contoso --dry-run",
    'acrux acr grant token:device pull team/app -n contoso',
    "acrux acr grant anonymous pull 'public/*' -n contoso",
  ],
  exitCodes: {
    0: 'the permission was granted, or already existed',
    1: 'the command failed, or was not confirmed',
    2: 'wrong option or argument',
    3: 'the registry or the scoped token does not exist, or the request to the server failed',
  },
  text: permissionText,
  run: grant,
})

async function grant(flags: PermissionFlags, context: CommandContext): Promise<PermissionResult> {
  const action = requireGrantedAction(flags.action)
  const pattern = requireRepositoryPattern(flags.repository)
  const registry = await openPermissions(context, flags)
  const subject = await requireSubject(registry.account, flags.who)
  const permission = { registry, subject, action, pattern }
  const plan = await planGrant(permission)
  const who = capitalized(subject.title)
  if (plan.isAllowed || plan.changes.length === 0) {
    const summary = [`${who} can already ${permissionPhrase(permission)}.`, ...plan.notes]
    return permissionResult(permission, flags, { changes: [], remaining: [], summary })
  }
  if (plan.isWider) await confirmWider(permission, flags, context)
  await applyChanges(permission, plan.changes, flags)
  const isDone = flags.dryRun !== true
  if (isDone) await requireGranted(permission)
  const wide = { ...permission, pattern: plan.isWider ? ({ kind: 'all' } as const) : pattern }
  const summary = [`${who} ${isDone ? 'can now' : 'could then'} ${permissionPhrase(wide)}.`, ...plan.notes]
  return permissionResult(permission, flags, { changes: plan.changes, remaining: [], summary })
}

type Plan = GrantPlan & { readonly notes: readonly string[] }

async function planGrant(permission: Permission): Promise<Plan> {
  const { registry, subject, action, pattern } = permission
  const shown = shellWord(registry.name)
  switch (subject.kind) {
    case 'directory':
      return { ...(await planDirectoryGrant({ registry, subject, action, pattern })), notes: [] }
    case 'admin':
      throw failure(
        'the admin account has all permissions while the account is enabled',
        `enable the admin account: acrux acr update -n ${shown} --admin-enabled true`,
      )
    case 'anonymous': {
      if (action !== 'pull')
        throw failure('anonymous callers can only pull', 'grant the permission to a scoped token: token:NAME')
      const question = { action: 'catalog' }
      const isOpen = (await explainAccess(registry, subject, question)).allowed
      if (isOpen) return { isAllowed: true, changes: [], isWider: false, notes: [] }
      return ofScopeMap(await planScopeMapGrant(registry, await readScopeMap(registry, subject), action, pattern))
    }
    case 'token': {
      const map = await readScopeMap(registry, subject)
      const plan = ofScopeMap(await planScopeMapGrant(registry, map, action, pattern))
      if (!map.isDisabled) return plan
      const name = shellWord(terminalLine(subject.name))
      const note = `The token is disabled. To enable the token: acrux acr token update -n ${name} -r ${shown} --status enabled`
      return { ...plan, notes: [note] }
    }
  }
}

function ofScopeMap(changes: Plan['changes']): Plan {
  return { isAllowed: changes.length === 0, changes, isWider: false, notes: [] }
}

/** Warns that a role covers the whole registry, and asks. @throws CommandFailure if the user declines */
async function confirmWider(
  { registry, subject, action, pattern }: Permission,
  { dryRun, yes }: PermissionFlags,
  context: CommandContext,
): Promise<void> {
  const name = shellWord(registry.name)
  const repository = patternText(pattern)
  const permissions = grantForms[action].permissions.join(' ')
  context.log
    .warning(`in the current role assignment mode of ${registry.name}, a role covers all repositories, not only ${repository}.
To limit the permission to ${repository}, change the role assignment mode, or use a scoped token:
  acrux acr update -n ${name} --role-assignment-mode rbac-abac
  acrux acr token create -r ${name} -n TOKEN --repository ${shellWord(repository)} ${permissions}`)
  if (dryRun === true) return
  await context.confirm(`Allow ${subject.title} to ${action} in all repositories of ${registry.name}?`, yes)
}

/** A concurrent change can replace this change. @throws CommandFailure */
async function requireGranted({ registry, subject, action, pattern }: Permission): Promise<void> {
  const question = { action, repository: exampleOf(pattern) }
  const { allowed } = await explainAccess(registry, subject, question)
  if (allowed) return
  throw failure(
    'the changes were made, but the permission is still denied',
    'another caller may have changed the permissions at the same time: run the command again',
  )
}
