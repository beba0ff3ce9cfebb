import type { ModeChange, RightChange } from '../wire/api-types.ts'
import { repositoryRoles } from './granted-action.ts'
import { parseRepositoryCondition, patternsAllowing } from './repository-condition.ts'
import { patternPhrase } from './repository-pattern.ts'

/** The modes, as ARM names them. */
export type RoleAssignmentMode = 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'

type Permissions = {
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  readonly dataActions: readonly string[]
  readonly notDataActions: readonly string[]
}

/** A role that a principal has at a registry. */
export type HeldRole = {
  readonly principalId: string
  readonly roleName: string
  readonly condition: string | null
  readonly permissions: readonly Permissions[]
}

/** What each mode requires of a role, below `Microsoft.ContainerRegistry/registries/`. [acr-protocol §9.1] */
const needs = {
  pull: ['pull/read', 'repositories/content/read'],
  push: ['push/write', 'repositories/content/write'],
  delete: ['artifacts/delete', 'repositories/content/delete'],
  list: ['pull/read', 'catalog/read'],
} as const

export type Capability = keyof typeof needs

/** What a principal may do in a mode: on all repositories, or on the repositories of these patterns. */
type Capabilities = ReadonlyMap<Capability, readonly string[]>

/** A capability, and where it is lost or gained, such as `all repositories except team/*`. */
export type CapabilityPlace = { readonly capability: Capability; readonly where: string }

const everywhere = 'all repositories'
const ofCondition = 'the repositories of a condition'

/** A right of the answer of `modeChanges`, in words. */
export function placeOf({ action, repositories, except, byCondition }: RightChange): CapabilityPlace {
  const capability = action === 'catalog' ? 'list' : action
  const isAll = repositories.includes('*')
  const listed = [...(isAll ? except : repositories), ...(byCondition ? [ofCondition] : [])].join(', ')
  if (!isAll) return { capability, where: listed }
  return { capability, where: listed === '' ? everywhere : `${everywhere} except ${listed}` }
}

/** What principals with the roles `before` may do in a mode, but may not do with the roles `after`. */
export function capabilityLoss(
  before: readonly HeldRole[],
  after: readonly HeldRole[],
  mode: RoleAssignmentMode,
): readonly CapabilityPlace[] {
  return difference(capabilitiesIn(before, mode), capabilitiesIn(after, mode))
}

/** A change in words, such as `loses pull, push on all repositories`. */
export function changePhrases({ lost, gained }: Pick<ModeChange, 'lost' | 'gained'>): string[] {
  return [...phrases('loses', lost.map(placeOf)), ...phrases('gains', gained.map(placeOf))]
}

function capabilitiesIn(held: readonly HeldRole[], mode: RoleAssignmentMode): Capabilities {
  const found = new Map<Capability, readonly string[]>()
  for (const role of held) {
    for (const capability of Object.keys(needs) as Capability[]) {
      const places = new Set([...(found.get(capability) ?? []), ...placesAllowed(role, capability, mode)])
      if (places.size > 0) found.set(capability, places.has(everywhere) ? [everywhere] : [...places])
    }
  }
  return found
}

function placesAllowed(
  { roleName, condition, permissions }: HeldRole,
  capability: Capability,
  mode: RoleAssignmentMode,
): readonly string[] {
  const [action, dataAction] = needs[capability]
  const permits = (isPermitted: (block: Permissions) => boolean) => permissions.some(isPermitted)
  // In the mode for a whole registry, no repository is compared: a condition on its name is false.
  if (mode === 'LegacyRegistryPermissions') {
    const isPermitted = permits(({ actions, notActions }) => allows(actions, notActions, action))
    return isPermitted && condition === null ? [everywhere] : []
  }
  if (!permits(({ dataActions, notDataActions }) => allows(dataActions, notDataActions, dataAction))) return []
  if (condition === null) return [everywhere]
  const known = repositoryRoles.find(({ name }) => name === roleName)
  const alternatives = parseRepositoryCondition(condition, known?.actions ?? [])
  const patterns = patternsAllowing(alternatives, dataAction.replace('repositories/', ''))
  if (patterns.length > 0) return patterns.map(patternPhrase)
  return alternatives.some(({ kind }) => kind === 'other') ? [ofCondition] : []
}

function allows(allowed: readonly string[], denied: readonly string[], action: string): boolean {
  const full = `Microsoft.ContainerRegistry/registries/${action}`
  return allowed.some((pattern) => matches(pattern, full)) && !denied.some((pattern) => matches(pattern, full))
}

/** Whether an action matches a pattern, in which `*` stands for any text. */
function matches(pattern: string, action: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.\\+?^${}()|[\]]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(action)
}

function difference(one: Capabilities, other: Capabilities): readonly CapabilityPlace[] {
  return [...one].flatMap(([capability, places]) => {
    const kept = other.get(capability) ?? []
    if (kept.includes(everywhere)) return []
    const changed = places.filter((place) => !kept.includes(place)).join(', ')
    if (changed === '') return []
    const where = changed === everywhere && kept.length > 0 ? `${everywhere} except ${kept.join(', ')}` : changed
    return [{ capability, where }]
  })
}

function phrases(verb: string, changes: readonly CapabilityPlace[]): string[] {
  const places = [...new Set(changes.map(({ where }) => where))]
  return places.map((place) => {
    const names = changes.filter(({ where }) => where === place).map(({ capability }) => capability)
    return `${verb} ${names.join(', ')} on ${place}`
  })
}
