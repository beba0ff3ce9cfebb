import { useQueryClient } from '@tanstack/react-query'
import { listRegistries } from '../../api/arm.ts'
import { orHidden } from '../../api/or-hidden.ts'
import { useRead } from '../../api/queries.ts'
import { listQuotas } from '../../api/registry-arm.ts'
import { type NamedRegistry, findRegistry } from '../../api/use-session.ts'

/** The registries that the person may list. */
export function useRegistries() {
  return useRead(['registries'], (signal) => listRegistries(signal), { staleTime: 60_000 })
}

/** The properties of a registry. `undefined` after loading: the person's roles do not include them. */
export function useRegistry(loginServer: string) {
  const registries = useRegistries()
  const registry = registries.data?.find(({ properties }) => properties.loginServer === loginServer)
  return { registries, registry }
}

/** The registry with this name. Null if there is none: the server says it if the person may not see the registry. */
export function useNamedRegistry(name: string) {
  const client = useQueryClient()
  return useRead(
    ['registry', name],
    async (signal): Promise<NamedRegistry | null> => {
      const registries = await client.ensureQueryData({
        queryKey: ['registries'],
        queryFn: () => listRegistries(signal),
      })
      const seen = registries.find((each) => each.name.toLowerCase() === name.toLowerCase())
      if (seen === undefined) return findRegistry({ registry: name }, signal)
      return { name: seen.name, loginServer: seen.properties.loginServer }
    },
    { staleTime: 60_000 },
  )
}

/** The quotas of a registry. Null: the person may not read them. */
export function useQuotas(registryId: string | undefined) {
  return useRead(
    ['quotas', registryId],
    registryId !== undefined && ((signal) => orHidden(listQuotas(registryId, signal))),
  )
}
