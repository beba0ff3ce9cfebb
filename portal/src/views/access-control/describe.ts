import { alternativesOf } from '@acrux/shared/permissions/directory-assignments.ts'
import { repositoryRoles } from '@acrux/shared/permissions/granted-action.ts'
import {
  type Capability,
  type CapabilityPlace,
  type RoleAssignmentMode,
  capabilityLoss,
} from '@acrux/shared/permissions/mode-changes.ts'
import type { Alternative } from '@acrux/shared/permissions/repository-condition.ts'
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

/** The repositories that the condition of a role allows, in words, and what it excludes there. Undefined without a condition. */
export function repositoriesText(roleName: string | undefined, condition: string | null): string | undefined {
  if (condition === null) return undefined
  const alternatives = alternativesOf({ roleName: roleName ?? null, condition }).map((each) =>
    alternativeText(roleName, each),
  )
  return alternatives.length === 0 ? texts.byCondition : alternatives.join(', ')
}

function alternativeText(roleName: string | undefined, alternative: Alternative): string {
  if (alternative.kind === 'other') return texts.byCondition
  const role = repositoryRoles.find(({ name }) => name === roleName)
  const excluded = alternative.excluded.filter((action) => role?.actions.includes(action) !== false)
  const patterns = alternative.patterns.map(patternPhrase).join(', ')
  if (excluded.length === 0) return patterns
  return `${patterns} (${texts.except} ${excluded.map((action) => actionTexts[action] ?? action).join(', ')})`
}

const actionTexts: Readonly<Record<string, string>> = texts.excludedActions

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
