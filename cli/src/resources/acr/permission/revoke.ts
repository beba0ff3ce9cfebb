import { exampleOf, patternPhrase, patternText } from '@acrux/shared/permissions/repository-pattern.ts'
import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import type { PermissionChange } from './change.ts'
import { planDirectoryRevoke } from './directory-plan.ts'
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
import { type PermissionSource, remainingAssignments } from './remaining.ts'
import { afterChanges, planScopeMapRevoke, readScopeMap, remainingOfScopeMap } from './scope-map-plan.ts'
import { type Subject, aboutWho, requireSubject, whoWord } from './subject.ts'

/** `acrux acr revoke`. */
export const command = defineCommand<PermissionFlags>({
  about: `${aboutWho}
${aboutGrantedActions.trim()} After push or delete is revoked, pull is still allowed.

The command removes the permission from the role assignment or the scope map that lists the repository. If a group or
another role still grants the permission, the command shows how to remove the permission, and exits with 1.`,
  arguments: permissionArguments,
  flags: permissionFlags.map((each) =>
    each.flags.includes('--yes')
      ? { ...each, description: 'has no effect: the command asks for no confirmation' }
      : each,
  ),
  examples: [
    'acrux acr revoke ada@example.com push team/app -n contoso',
    "acrux acr revoke team-read pull 'team/*' -n contoso --dry-run",
    'acrux acr revoke token:device pull team/app -n contoso',
  ],
  exitCodes: {
    0: 'WHO no longer has the permission',
    1: 'the command failed, or another role assignment or group still grants the permission',
    2: 'wrong option or argument',
    3: 'the registry or the scoped token does not exist, or the request to the server failed',
  },
  text: permissionText,
  run: revoke,
})

async function revoke(flags: PermissionFlags, context: CommandContext): Promise<PermissionResult> {
  const action = requireGrantedAction(flags.action)
  const pattern = requireRepositoryPattern(flags.repository)
  const registry = await openPermissions(context, flags)
  const subject = await requireSubject(registry.account, flags.who)
  const permission = { registry, subject, action, pattern }
  const { changes, remaining } = await planRevoke(permission, flags)
  if (remaining.length > 0) context.exitWith(1)
  const summary = [summaryOf(permission, { changes, remaining, isDone: flags.dryRun !== true })]
  return permissionResult(permission, flags, { changes, remaining, summary })
}

type Revoked = { readonly changes: readonly PermissionChange[]; readonly remaining: readonly PermissionSource[] }

/** Revokes the permission, except in a dry run, and finds the remaining sources of the permission. */
async function planRevoke(permission: Permission, flags: PermissionFlags): Promise<Revoked> {
  const { registry, subject, action, pattern } = permission
  switch (subject.kind) {
    case 'directory': {
      const ofDirectory = { registry, subject, action, pattern }
      const explain = () => explainAccess(registry, subject, { action, repository: exampleOf(pattern) })
      const before = await explain()
      const changes = await planDirectoryRevoke(ofDirectory, before)
      await applyChanges(permission, changes, flags)
      const isDone = flags.dryRun !== true && changes.length > 0
      const remaining = isDone
        ? await remainingAssignments(ofDirectory, await explain(), [])
        : await remainingAssignments(ofDirectory, before, changes)
      return { changes, remaining }
    }
    case 'token':
    case 'anonymous': {
      const map = await readScopeMap(registry, subject)
      const changes = await planScopeMapRevoke(registry, map, action, pattern)
      await applyChanges(permission, changes, flags)
      const left = afterChanges(map, changes)
      const commands = await revokeCommands(permission, remainingOfScopeMap(left, action, pattern))
      return { changes, remaining: [...commands, ...(await anonymousPull(permission, subject))] }
    }
    case 'admin':
      throw failure(
        'the admin account has all permissions while the account is enabled',
        `disable the admin account: acrux acr update -n ${shellWord(registry.name)} --admin-enabled false`,
      )
  }
}

async function revokeCommands(
  { registry, subject, action }: Permission,
  remaining: ReturnType<typeof remainingOfScopeMap>,
): Promise<PermissionSource[]> {
  const who = await whoWord(registry.account, subject)
  return remaining.map((each) => {
    const revokeOf = (revoked: string) =>
      `acrux acr revoke ${who} ${revoked} ${shellWord(patternText(each.pattern))} -n ${shellWord(registry.name)}`
    const commands = each.action === action ? [revokeOf(action)] : [revokeOf(each.action), revokeOf(action)]
    return {
      description: `the scope map allows ${each.action} for ${patternPhrase(each.pattern)}`,
      command: commands.join(' && '),
    }
  })
}

/** The setting that allows anonymous pull of the whole registry. */
async function anonymousPull({ registry, action }: Permission, subject: Subject): Promise<PermissionSource[]> {
  if (subject.kind !== 'anonymous' || action !== 'pull') return []
  const isOpen = (await explainAccess(registry, subject, { action: 'catalog' })).allowed
  const command = `acrux acr update -n ${shellWord(registry.name)} --anonymous-pull-enabled false`
  return isOpen ? [{ description: 'anonymous pull is enabled for the whole registry', command }] : []
}

function summaryOf(
  permission: Permission,
  { changes, remaining, isDone }: Revoked & { readonly isDone: boolean },
): string {
  const who = capitalized(permission.subject.title)
  const phrase = permissionPhrase(permission)
  if (remaining.length > 0) return `${who} can still ${phrase}, at least in part:`
  if (changes.length === 0) return `${who} could not ${phrase}: there is nothing to revoke.`
  return `${who} ${isDone ? 'can no longer' : 'could then no longer'} ${phrase}.`
}
