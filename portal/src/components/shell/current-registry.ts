import { useParams } from '@tanstack/react-router'
import { useEffect } from 'react'
import { type Abilities, useAbilities } from '../../api/abilities.ts'
import { recentNames } from './recent-names.ts'
import { recentRepositories } from './recent-repositories.ts'

const maxRecent = 5

/** The registries that the person opened last. */
export const recentRegistries = recentNames('acrux-registries', maxRecent)

/**
 * The registry of the navigation: that of the address, else the one that was opened last, else the first one on which the person has a
 * role.
 */
export function currentRegistry(
  addressed: string | undefined,
  recent: readonly string[],
  usable: Abilities['registries']['usable'],
): string | undefined {
  if (addressed !== undefined) return addressed
  return recent.find((name) => usable.some((registry) => registry.name === name)) ?? usable[0]?.name
}

/** The registry of the navigation, and what the person can use. Both are undefined until they are known. */
export function useCurrentRegistry() {
  const { registry: addressed, repository } = useParams({ strict: false })
  // On a page of no registry, the first answer says which registry to ask about.
  const general = useAbilities(addressed)
  const usable = general.data?.registries.usable
  const name = usable && currentRegistry(addressed, recentRegistries.read(), usable)
  const abilities = useAbilities(name ?? addressed)
  useEffect(() => {
    const opened = addressed && usable?.find((each) => each.name.toLowerCase() === addressed.toLowerCase())
    if (!opened) return
    recentRegistries.add(opened.name)
    if (repository !== undefined) recentRepositories.add(`${opened.name}/${repository}`)
  }, [addressed, repository, usable])
  return { name, abilities: abilities.data ?? general.data }
}
