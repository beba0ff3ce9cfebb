import { actionsOfRight } from '../standards/azure/registry-rights.ts'
import { type RolePermissions, permitsAction, permitsDataAction } from '../standards/azure/role-permissions.ts'
import { evaluateRoleCondition } from '../standards/conditions/role-condition-evaluation.ts'
import { parseRoleCondition } from '../standards/conditions/role-condition-parser.ts'
import {
  type ConditionPlaces,
  everywhere,
  isEverywhere,
  isNowhere,
  nowhere,
  placesOf,
  unionOfPlaces,
} from '../standards/conditions/role-condition-places.ts'
import type { ModeChange, RightChange } from '../wire/api-types.ts'

/** The modes, as ARM names them. */
export type RoleAssignmentMode = 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'

/** A role that a principal has at a registry. */
export type HeldRole = {
  readonly condition: string | null
  readonly permissions: readonly RolePermissions[]
}

/** The rights that people compare. */
const rights = { pull: 'pull', push: 'push', delete: 'delete', list: 'catalog' } as const

export type Capability = keyof typeof rights

/** A capability, and where it is lost or gained, such as `all repositories except team/*`. */
export type CapabilityPlace = { readonly capability: Capability; readonly where: string }

/** A right of the answer of `modeChanges`, in words. */
export function placeOf({ action, repositories, except, byCondition }: RightChange): CapabilityPlace {
  const capability = action === 'catalog' ? 'list' : action
  const isAll = repositories.includes('*')
  const where = isAll ? allExcept(placesText(except, byCondition)) : placesText(repositories, byCondition)
  return { capability, where }
}

function placesText(patterns: readonly string[], others: boolean): string {
  return [...patterns, ...(others ? ['the repositories of a condition'] : [])].join(', ')
}

function allExcept(text: string): string {
  return text === '' ? 'all repositories' : `all repositories except ${text}`
}

/** What principals with the roles `before` may do in a mode, but may not do with the roles `after`. */
export function capabilityLoss(
  before: readonly HeldRole[],
  after: readonly HeldRole[],
  mode: RoleAssignmentMode,
): readonly CapabilityPlace[] {
  return (Object.keys(rights) as Capability[]).flatMap((capability) => {
    const placesIn = (held: readonly HeldRole[]) =>
      unionOfPlaces(held.map((role) => placesOfRight(role, rights[capability], mode)))
    const where = difference(placesIn(before), placesIn(after))
    return where === undefined ? [] : [{ capability, where }]
  })
}

/** A change in words, such as `loses pull, push on all repositories`. */
export function changePhrases({ lost, gained }: Pick<ModeChange, 'lost' | 'gained'>): string[] {
  return [...phrases('loses', lost.map(placeOf)), ...phrases('gains', gained.map(placeOf))]
}

/** The repositories on which a role allows a right, such as `pull`, in a mode: with every alternative of its condition. */
export function placesOfRight(
  { condition, permissions }: HeldRole,
  right: string,
  mode: RoleAssignmentMode,
): ConditionPlaces {
  const isLegacy = mode === 'LegacyRegistryPermissions'
  const reading = condition === null ? undefined : parseRoleCondition(condition)
  const places = actionsOfRight(right, isLegacy ? 'legacy' : 'abac').map((action) => {
    const isPermitted = isLegacy ? permitsAction(permissions, action) : permitsDataAction(permissions, action)
    if (!isPermitted) return nowhere
    if (reading === undefined) return everywhere
    if (!('condition' in reading)) return nowhere
    if (!isLegacy && right !== rights.list) return placesOf(reading.condition, action)
    // The action concerns no repository, whose name a condition could compare.
    return evaluateRoleCondition(reading.condition, { action, repository: undefined }) === true ? everywhere : nowhere
  })
  return unionOfPlaces(places)
}

/** The places of `before` that are not in `after`, in words; undefined if there are none. */
function difference(before: ConditionPlaces, after: ConditionPlaces): string | undefined {
  if (isNowhere(before) || isEverywhere(after)) return undefined
  if (isEverywhere(before)) return allExcept(placesText(after.patterns, after.others))
  const patterns = before.patterns.filter((each) => !after.patterns.includes(each))
  const text = placesText(patterns, before.others && !after.others)
  return text === '' ? undefined : text
}

function phrases(verb: string, changes: readonly CapabilityPlace[]): string[] {
  const places = [...new Set(changes.map(({ where }) => where))]
  return places.map((place) => {
    const names = changes.filter(({ where }) => where === place).map(({ capability }) => capability)
    return `${verb} ${names.join(', ')} on ${place}`
  })
}
