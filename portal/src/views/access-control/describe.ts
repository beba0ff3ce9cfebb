import { alternativesOf } from '@acrux/shared/permissions/directory-assignments.ts'
import {
  type Capability,
  type CapabilityPlace,
  type RoleAssignmentMode,
  capabilityLoss,
} from '@acrux/shared/permissions/mode-changes.ts'
import { patternPhrase } from '@acrux/shared/permissions/repository-pattern.ts'
import type { RoleDefinition } from '../../api/types.ts'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'

const texts = rightsTexts.access

/** What a role permits on images in a mode. */
export function capabilitiesOf(role: RoleDefinition, mode: RoleAssignmentMode): readonly Capability[] {
  const held = { condition: null, permissions: role.properties.permissions }
  return capabilityLoss([held], [], mode).map(({ capability }) => capability)
}

/** The repositories that the condition of a role allows, in words. Undefined without a condition. */
export function repositoriesText(roleName: string | undefined, condition: string | null): string | undefined {
  if (condition === null) return undefined
  const names = alternativesOf({ roleName: roleName ?? null, condition }).map((each) =>
    each.kind === 'other' ? texts.byCondition : each.patterns.map(patternPhrase).join(', '),
  )
  return names.length === 0 ? texts.byCondition : names.join(', ')
}

/** A scope in words, for a view of one registry or of none. */
export function scopeText(scope: string, registryId?: string): string {
  if (scope.toLowerCase() === registryId?.toLowerCase()) return texts.thisRegistry
  const registry = /\/registries\/([^/]+)$/i.exec(scope)?.[1]
  if (registry !== undefined) return `${words.registry} ${registry}`
  const [, , , , group] = scope.split('/')
  return group === undefined ? texts.subscription : `${words.resourceGroup} ${group}`
}

/** What is lost, such as `pull, push: all repositories`. */
export function lossTexts(lost: readonly CapabilityPlace[]): readonly string[] {
  const places = [...new Set(lost.map(({ where }) => where))]
  return places.map((place) => {
    const names = lost.filter(({ where }) => where === place).map(({ capability }) => capability)
    return `${names.join(', ')}: ${place}`
  })
}
