import { readJson } from './client.ts'
import { useRead } from './queries.ts'
import type { NamedRegistry } from './use-session.ts'

/** The views of a registry. */
export type RegistryAbility =
  'repositories' | 'overview' | 'imports' | 'access' | 'credentials' | 'rules' | 'webhooks' | 'audit' | 'settings'

/** A registry on which the person has a role. */
export type UsableRegistry = NamedRegistry & {
  readonly id: string
  readonly roleAssignmentMode: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'
}

/** What the signed-in person can use. The surfaces still decide each request. */
export type Abilities = {
  /** Absent without a registry. */
  readonly registry?: Readonly<Record<RegistryAbility, boolean>>
  readonly directory: Readonly<Record<'people' | 'groups' | 'applications' | 'machines' | 'providers', boolean>>
  readonly server: boolean
  readonly registries: {
    readonly create: boolean
    /** The registries on which the person has a role. */
    readonly usable: readonly UsableRegistry[]
  }
}

/** What the person can use, and what in the registry with this name. */
export function useAbilities(registry: string | undefined) {
  const query = registry === undefined ? '' : `?${new URLSearchParams({ registry }).toString()}`
  return useRead(
    ['abilities', registry ?? ''],
    async (signal) => (await readJson<Abilities>(`abilities${query}`, { signal })).body,
    { staleTime: 60_000 },
  )
}
