import type { Account } from '../../account/account.ts'
import { valueAt } from '../../arm/shape.ts'
import type { CommandContext } from '../../command/context.ts'
import { searchAssignments } from '../../role/assignments.ts'
import { listDefinitions } from '../../role/definitions.ts'
import { shellWord } from '../../shell-word.ts'
import { terminalLine } from '../../terminal-text.ts'
import { type GrantedAction, isGrantedAction } from './granted-action.ts'
import {
  type CapabilityPlace,
  type HeldRole,
  type RoleAssignmentMode,
  changePhrases,
  modeChanges,
} from './mode-changes.ts'
import { textsAt } from './permission-registry.ts'
import { type DirectorySubject, namedSubjects, whoWord } from './subject.ts'

/** A registry whose mode is switched. */
export type SwitchedRegistry = { readonly account: Account; readonly id: string; readonly name: string }

/** Lists who gains and loses permissions by a switch, and asks. @throws CommandFailure if the user declines; ApiError */
export async function confirmModeSwitch(
  context: CommandContext,
  registry: SwitchedRegistry,
  mode: RoleAssignmentMode,
  yes: boolean | undefined,
): Promise<void> {
  const { name } = registry
  const target =
    mode === 'AbacRepositoryPermissions' ? 'permissions per repository' : 'permissions for the registry as a whole'
  const changes = await changesOf(registry, mode)
  const text = [
    `${name} switches to ${target}.`,
    ...(changes.length === 0 ? ['No role assignment changes its effect.'] : changes),
    'Tokens that were issued before become invalid: clients sign in again. Scoped tokens, the admin account and anonymous',
    'callers keep their permissions.',
  ]
  context.log.notice(text.join('\n'))
  await context.confirm(`Switch ${name} to ${target}?`, yes)
}

/** A line for each principal whose permissions change, and the command that gives a lost one back after the switch. */
async function changesOf(registry: SwitchedRegistry, mode: RoleAssignmentMode): Promise<string[]> {
  const { account, name } = registry
  const held = await heldRoles(registry)
  const subjects = await namedSubjects(account, [...new Set(held.map(({ principalId }) => principalId))])
  const lines: string[] = []
  for (const { principalId, roleNames, lost, gained } of modeChanges(held, mode)) {
    const subject = subjects.get(principalId)
    const title = `${subject?.title ?? principalId} (${terminalLine(roleNames.join(', '))})`
    lines.push(`  ${title} ${changePhrases({ lost, gained }).join(' and ')}`)
    if (lost.length > 0) lines.push(...(await restoring(account, subject, lost, name)))
  }
  return lines
}

async function heldRoles({ account, id }: SwitchedRegistry): Promise<readonly HeldRole[]> {
  const assignments = await searchAssignments(account, { scope: id, includesInherited: true })
  const roles = new Map((await listDefinitions(account, id)).map((each) => [guidOf(valueAt(each, 'id')), each]))
  return assignments.map(({ principalId, roleDefinitionId, condition }) => {
    const role = roles.get(guidOf(roleDefinitionId))
    const blocks = valueAt(role, 'properties.permissions')
    return {
      principalId: String(principalId),
      roleName: String(valueAt(role, 'properties.roleName')),
      condition: typeof condition === 'string' ? condition : null,
      permissions: (Array.isArray(blocks) ? blocks : []).map((block: unknown) => ({
        actions: textsAt(block, 'actions'),
        notActions: textsAt(block, 'notActions'),
        dataActions: textsAt(block, 'dataActions'),
        notDataActions: textsAt(block, 'notDataActions'),
      })),
    }
  })
}

async function restoring(
  account: Account,
  subject: DirectorySubject | undefined,
  lost: readonly CapabilityPlace[],
  registry: string,
): Promise<string[]> {
  if (subject === undefined) return []
  const who = await whoWord(account, subject)
  const names = lost.map(({ capability }) => capability as string).filter((each) => isGrantedAction(each))
  const actions: GrantedAction[] = names.includes('push') ? names.filter((each) => each !== 'pull') : names
  return actions.map((each) => `    afterwards: acrux acr grant ${who} ${each} '*' -n ${shellWord(registry)}`)
}

function guidOf(id: unknown): string {
  return String(id).split('/').at(-1)?.toLowerCase() ?? ''
}
