import { listRegistries } from '../../api/arm.ts'
import { orHidden } from '../../api/or-hidden.ts'
import { useRead } from '../../api/queries.ts'
import { listQuotas } from '../../api/registry-arm.ts'
import { findRegistry } from '../../api/use-session.ts'

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

/** Whether there is a registry with this login server, and its name: the server says it if the person may not see the registry. */
export function useKnownRegistry(loginServer: string | undefined) {
  const registries = useRegistries()
  const seen = registries.data?.find(({ properties }) => properties.loginServer === loginServer)
  const isAsked = loginServer !== undefined && seen === undefined && !registries.isPending
  const asked = useRead(
    ['registry', loginServer],
    isAsked && (async (signal) => ({ found: await findRegistry(loginServer, signal) })),
    { staleTime: 60_000 },
  )
  return { name: seen?.name ?? asked.data?.found?.name, isUnknown: isAsked && asked.data?.found === null }
}

/** The name of a registry, for commands. Until the name is known, the login server is in its place. */
export function useRegistryName(loginServer: string): string {
  return useKnownRegistry(loginServer).name ?? loginServer
}

/** The quotas of a registry. Null: the person may not read them. */
export function useQuotas(registryId: string | undefined) {
  return useRead(
    ['quotas', registryId],
    registryId !== undefined && ((signal) => orHidden(listQuotas(registryId, signal))),
  )
}
