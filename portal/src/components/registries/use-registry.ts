import { listRegistries } from '../../api/arm.ts'
import { orHidden } from '../../api/or-hidden.ts'
import { useRead } from '../../api/queries.ts'
import { listQuotas } from '../../api/registry-arm.ts'

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

/** The name of a registry, for commands. If the person may not see the registry, it is a guess from the login server. */
export function useRegistryName(loginServer: string): string {
  const { registry } = useRegistry(loginServer)
  return registry?.name ?? loginServer.split(/[.:]/)[0] ?? loginServer
}

/** The quotas of a registry. Null: the person may not read them. */
export function useQuotas(registryId: string | undefined) {
  return useRead(
    ['quotas', registryId],
    registryId !== undefined && ((signal) => orHidden(listQuotas(registryId, signal))),
  )
}
