import { useQuery } from '@tanstack/react-query'
import { listRegistries } from '../../api/arm.ts'
import { orHidden } from '../../api/or-hidden.ts'
import { listQuotas } from '../../api/registry-arm.ts'

/** The registries that the person may list. */
export function useRegistries() {
  return useQuery({ queryKey: ['registries'], queryFn: ({ signal }) => listRegistries(signal), staleTime: 60_000 })
}

/** The properties of a registry. `undefined` after loading: the person's roles do not include them. */
export function useRegistry(loginServer: string) {
  const registries = useRegistries()
  const registry = registries.data?.find(({ properties }) => properties.loginServer === loginServer)
  return { registries, registry }
}

/** The name of a registry, for commands. If the person may not see the registry, it is a guess from the login server. */
export function useRegistryName(loginServer: string): string {
  const { registry } = useRegistry(loginServer)
  return registry?.name ?? loginServer.split(/[.:]/)[0] ?? loginServer
}

/** The quotas of a registry. Null: the person may not read them. */
export function useQuotas(registryId: string | undefined) {
  return useQuery({
    queryKey: ['quotas', registryId],
    enabled: registryId !== undefined,
    queryFn: ({ signal }) => orHidden(listQuotas(registryId ?? '', signal)),
  })
}
