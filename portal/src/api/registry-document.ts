import type { Registry as RegistryInVersion } from './types.ts'

type Properties = RegistryInVersion['properties']

/** The version in which the portal reads and changes registries: the only one that has all of their properties. */
export const registryVersion = '2026-09-01-preview'

/** A registry in {@link registryVersion}. */
export type Registry = RegistryInVersion & {
  readonly properties: Required<Omit<Properties, 'networkRuleSet'>> & {
    readonly policies: Required<Properties['policies']>
  }
}
