import type { Account } from '../../account/account.ts'
import { valueAt } from '../../arm/shape.ts'
import type { CommandContext } from '../../command/context.ts'
import { type Assignment, searchAssignments } from '../../role/assignments.ts'
import { listDefinitions } from '../../role/definitions.ts'
import { shellWord } from '../../shell-word.ts'
import { terminalLine } from '../../terminal-text.ts'
import { type GrantedAction, isGrantedAction, repositoryRoles } from './granted-action.ts'
import { textsAt } from './permission-registry.ts'
import { parseRepositoryCondition, patternsAllowing } from './repository-condition.ts'
import { patternPhrase } from './repository-pattern.ts'
import { type DirectorySubject, namedSubjects, whoWord } from './subject.ts'

/** The modes, as ARM names them. */
export type RoleAssignmentMode = 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'

/** A registry whose mode is switched. */
export type SwitchedRegistry = { readonly account: Account; readonly id: string; readonly name: string }

/** What each mode requires of a role, below `Microsoft.ContainerRegistry/registries/`. [acr-protocol §9.1] */
const needs = {
  pull: ['pull/read', 'repositories/content/read'],
  push: ['push/write', 'repositories/content/write'],
  delete: ['artifacts/delete', 'repositories/content/delete'],
  list: ['pull/read', 'catalog/read'],
} as const

type Capability = keyof typeof needs

/** What a principal may do in a mode: on all repositories, or on those of this text. */
type Capabilities = ReadonlyMap<Capability, string>

const everywhere = 'all repositories'

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
async function changesOf({ account, id, name }: SwitchedRegistry, mode: RoleAssignmentMode): Promise<string[]> {
  const assignments = await searchAssignments(account, { scope: id, includesInherited: true })
  const roles = new Map((await listDefinitions(account, id)).map((each) => [guidOf(valueAt(each, 'id')), each]))
  const byPrincipal = Map.groupBy(assignments, (each) => String(each['principalId']))
  const subjects = await namedSubjects(account, [...byPrincipal.keys()])
  const lines: string[] = []
  for (const [principalId, own] of byPrincipal) {
    const held = own.map((assignment) => ({ assignment, role: roles.get(guidOf(assignment['roleDefinitionId'])) }))
    const before = capabilitiesIn(held, other(mode))
    const after = capabilitiesIn(held, mode)
    const lost = difference(before, after)
    const gained = difference(after, before)
    if (lost.length + gained.length === 0) continue
    const roleNames = [...new Set(held.map(({ role }) => String(valueAt(role, 'properties.roleName'))))]
    const subject = subjects.get(principalId)
    const title = `${subject?.title ?? principalId} (${terminalLine(roleNames.join(', '))})`
    const parts = [...phrases('loses', lost), ...phrases('gains', gained)]
    lines.push(`  ${title} ${parts.join(' and ')}`)
    if (lost.length > 0) lines.push(...(await restoring(account, subject, lost, name)))
  }
  return lines
}

type Held = readonly { readonly assignment: Assignment; readonly role: unknown }[]

function capabilitiesIn(held: Held, mode: RoleAssignmentMode): Capabilities {
  const found = new Map<Capability, string>()
  for (const { assignment, role } of held) {
    for (const capability of Object.keys(needs) as Capability[]) {
      const where = whereAllowed(role, assignment, capability, mode)
      const known = found.get(capability)
      if (where !== undefined && known !== everywhere)
        found.set(capability, known === undefined || where === everywhere ? where : `${known}, ${where}`)
    }
  }
  return found
}

function whereAllowed(
  role: unknown,
  { condition }: Assignment,
  capability: Capability,
  mode: RoleAssignmentMode,
): string | undefined {
  const [action, dataAction] = needs[capability]
  // In the mode for a whole registry, no repository is compared: a condition on its name is false.
  if (mode === 'LegacyRegistryPermissions')
    return permits(role, 'actions', 'notActions', action) && typeof condition !== 'string' ? everywhere : undefined
  if (!permits(role, 'dataActions', 'notDataActions', dataAction)) return undefined
  if (typeof condition !== 'string') return everywhere
  const known = repositoryRoles.find(({ name }) => name === valueAt(role, 'properties.roleName'))
  const alternatives = parseRepositoryCondition(condition, known?.actions ?? [])
  const patterns = patternsAllowing(alternatives, dataAction.replace('repositories/', ''))
  if (patterns.length > 0) return patterns.map(patternPhrase).join(', ')
  return alternatives.some(({ kind }) => kind === 'other') ? 'the repositories of a condition' : undefined
}

function permits(role: unknown, allowed: string, denied: string, action: string): boolean {
  const blocks = valueAt(role, 'properties.permissions')
  const full = `Microsoft.ContainerRegistry/registries/${action}`
  return (Array.isArray(blocks) ? blocks : []).some(
    (block: unknown) =>
      textsAt(block, allowed).some((pattern) => matches(pattern, full)) &&
      !textsAt(block, denied).some((pattern) => matches(pattern, full)),
  )
}

/** Whether an action is one of a pattern, in which `*` is any text. */
function matches(pattern: string, action: string): boolean {
  const parts = pattern.split('*').map((part) => RegExp.escape(part))
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(action)
}

type Difference = readonly { readonly capability: Capability; readonly where: string }[]

function difference(one: Capabilities, other: Capabilities): Difference {
  return [...one].flatMap(([capability, where]) => {
    const elsewhere = other.get(capability)
    return elsewhere === everywhere || elsewhere === where ? [] : [{ capability, where }]
  })
}

function phrases(verb: string, changes: Difference): string[] {
  const byPlace = Map.groupBy(changes, ({ where }) => where)
  return [...byPlace].map(
    ([where, each]) => `${verb} ${each.map(({ capability }) => capability).join(', ')} on ${where}`,
  )
}

async function restoring(
  account: Account,
  subject: DirectorySubject | undefined,
  lost: Difference,
  registry: string,
): Promise<string[]> {
  if (subject === undefined) return []
  const who = await whoWord(account, subject)
  const names = lost.map(({ capability }) => capability as string).filter((each) => isGrantedAction(each))
  const actions: GrantedAction[] = names.includes('push') ? names.filter((each) => each !== 'pull') : names
  return actions.map((each) => `    afterwards: acrux acr grant ${who} ${each} '*' -n ${shellWord(registry)}`)
}

function other(mode: RoleAssignmentMode): RoleAssignmentMode {
  return mode === 'AbacRepositoryPermissions' ? 'LegacyRegistryPermissions' : 'AbacRepositoryPermissions'
}

function guidOf(id: unknown): string {
  return String(id).split('/').at(-1)?.toLowerCase() ?? ''
}
