import { type HeldRole, type RoleAssignmentMode, placesOfRight } from '@acrux/shared/permissions/mode-changes.ts'
import { permitsAction } from '@acrux/shared/standards/azure/role-permissions.ts'
import {
  type ConditionPlaces,
  isEverywhere,
  isNowhere,
  unionOfPlaces,
} from '@acrux/shared/standards/conditions/role-condition-places.ts'

/** The actions on images that people compare, in the order in which they are shown. */
export const imageActions = ['pull', 'push', 'untag', 'delete'] as const
export type ImageAction = (typeof imageActions)[number]

/** Actions that a role permits on the same repositories. */
export type PermittedPart = { readonly actions: readonly ImageAction[]; readonly places: ConditionPlaces }

/** What a role permits on images: the actions, and the repositories of all alternatives of its condition. */
export function permittedParts(role: HeldRole, mode: RoleAssignmentMode): readonly PermittedPart[] {
  const parts = new Map<string, PermittedPart>()
  for (const action of imageActions) {
    const places = shortest(placesOfRight(role, action, mode))
    if (isNowhere(places)) continue
    const key = JSON.stringify(places)
    parts.set(key, { places, actions: [...(parts.get(key)?.actions ?? []), action] })
  }
  return [...parts.values()]
}

/** Whether an action is permitted on the repositories of a row. `condition`: the condition decides for each repository. */
export type Answer = 'yes' | 'no' | 'condition'

/** A row of the matrix: repositories such as `team/*`, or `undefined` for all others; an answer for each action. */
export type MatrixRow = {
  readonly pattern: string | undefined
  readonly answers: Readonly<Record<ImageAction, Answer>>
}

/** For all repositories that the condition of a role names, and for the others, which actions the role permits. */
export function matrixOf(role: HeldRole, mode: RoleAssignmentMode): readonly MatrixRow[] {
  const byAction = Object.fromEntries(
    imageActions.map((action) => [action, placesOfRight(role, action, mode)]),
  ) as Readonly<Record<ImageAction, ConditionPlaces>>
  const named = unionOfPlaces(Object.values(byAction).filter((places) => !isEverywhere(places))).patterns
  return [...named.toSorted(), undefined].map((pattern) => ({
    pattern,
    answers: Object.fromEntries(
      imageActions.map((action) => [action, answerOf(byAction[action], pattern)]),
    ) as MatrixRow['answers'],
  }))
}

function answerOf(places: ConditionPlaces, pattern: string | undefined): Answer {
  if (isEverywhere(places)) return 'yes'
  if (pattern !== undefined && places.patterns.some((wide) => includes(wide, pattern))) return 'yes'
  return places.others ? 'condition' : 'no'
}

/** Without patterns that a wider pattern includes. */
function shortest({ patterns, others }: ConditionPlaces): ConditionPlaces {
  const needed = patterns.filter((narrow) => !patterns.some((wide) => wide !== narrow && includes(wide, narrow)))
  return { patterns: needed.toSorted(), others }
}

function includes(wide: string, narrow: string): boolean {
  return wide === narrow || (wide.endsWith('*') && narrow.startsWith(wide.slice(0, -1)))
}

/** What a role without permissions on images permits. */
export function managedBy({ permissions }: HeldRole): 'manage' | 'view' | 'nothing' {
  if (permitsAction(permissions, 'Microsoft.ContainerRegistry/registries/write')) return 'manage'
  return permitsAction(permissions, 'Microsoft.ContainerRegistry/registries/read') ? 'view' : 'nothing'
}
