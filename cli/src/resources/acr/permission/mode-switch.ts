import { type GrantedAction, isGrantedAction } from '@acrux/shared/permissions/granted-action.ts'
import {
  type CapabilityPlace,
  type RoleAssignmentMode,
  changePhrases,
  placeOf,
} from '@acrux/shared/permissions/mode-changes.ts'
import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import type { ModeChange, ModeChangeList } from '@acrux/shared/wire/api-types.ts'
import { askArm, pathOf } from '../../../clients/arm/arm.ts'
import { registryVersion } from '../../../clients/arm/named-registry.ts'
import { allItems } from '../../../clients/http/follow-pages.ts'
import type { Account } from '../../../clients/session/account.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { terminalLine } from '../../../framework/terminal/terminal-text.ts'
import { requireAnswer } from './questions.ts'
import { type DirectorySubject, namedSubjects, whoWord } from './subject.ts'

/** A registry whose mode is switched. */
type SwitchedRegistry = { readonly account: Account; readonly id: string; readonly name: string }

/** How many principals a page has. */
const pageSize = 1000

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
    ...(changes.length === 0 ? ['All role assignments grant the same permissions as before.'] : changes),
    'Existing tokens become invalid, and clients must sign in again.',
    'Scoped tokens, the admin account and anonymous callers keep their permissions.',
  ]
  context.log.notice(text.join('\n'))
  await context.confirm(`Switch ${name} to ${target}?`, yes)
}

/**
 * A line for each principal whose permissions change, and the command that grants a lost permission again after the
 * switch.
 */
async function changesOf(registry: SwitchedRegistry, mode: RoleAssignmentMode): Promise<string[]> {
  const { account, name } = registry
  const changes = await listChanges(registry, mode)
  const subjects = await namedSubjects(
    account,
    changes.map(({ principalId }) => principalId),
  )
  const lines: string[] = []
  for (const { principalId, roleNames, lost, gained } of changes) {
    const subject = subjects.get(principalId)
    const title = `${subject?.title ?? principalId} (${terminalLine(roleNames.join(', '))})`
    lines.push(`  ${title} ${changePhrases({ lost, gained }).join(' and ')}`)
    if (lost.length > 0) lines.push(...(await restoring(account, subject, lost.map(placeOf), name)))
  }
  return lines
}

/** Fetches all pages. */
async function listChanges(
  { account, id }: SwitchedRegistry,
  mode: RoleAssignmentMode,
): Promise<readonly ModeChange[]> {
  const query = new URLSearchParams({ 'api-version': registryVersion, mode, $top: String(pageSize) })
  return allItems(`${id}/providers/Acrux.Server/modeChanges?${query.toString()}`, async (url) => {
    const page = requireAnswer(await askArm(account, { method: 'GET', url })) as ModeChangeList
    return { items: page.value, next: page.nextLink === undefined ? undefined : pathOf(page.nextLink) }
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
