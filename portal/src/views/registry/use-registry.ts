import { useQuery } from '@tanstack/react-query'
import { readUsages } from '../../api/arm.ts'
import { useRegistries } from '../home/use-home.ts'

/** The name of a registry, for commands. If the person may not see the registry, it is a guess from the login server. */
export function useRegistryName(loginServer: string): string {
  const { data } = useRegistries()
  const registry = data?.find(({ properties }) => properties.loginServer === loginServer)
  return registry?.name ?? loginServer.split(/[.:]/)[0] ?? loginServer
}

/** The properties of a registry. `undefined` within: the person's roles do not include them. */
export function useRegistry(loginServer: string) {
  const registries = useRegistries()
  const registry = registries.data?.find(({ properties }) => properties.loginServer === loginServer)
  const usages = useQuery({
    queryKey: ['usages', registry?.id],
    enabled: registry !== undefined,
    queryFn: ({ signal }) => readUsages(registry?.id ?? '', signal),
  })
  return { registries, registry, usages }
}
