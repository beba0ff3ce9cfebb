import { useQuery } from '@tanstack/react-query'
import { readUsages } from '../../api/arm.ts'
import { orHidden } from '../../api/or-hidden.ts'
import { listQuotas, readMetrics } from '../../api/registry-arm.ts'
import type { Registry } from '../../api/registry-document.ts'
import { useRegistries } from '../home/use-home.ts'
import { type RangeName, ranges } from './ranges.ts'

/** The name of a registry, for commands. If the person may not see the registry, it is a guess from the login server. */
export function useRegistryName(loginServer: string): string {
  const { registry } = useRegistry(loginServer)
  return registry?.name ?? loginServer.split(/[.:]/)[0] ?? loginServer
}

/** The properties of a registry. `undefined` after loading: the person's roles do not include them. */
export function useRegistry(loginServer: string) {
  const registries = useRegistries()
  const registry = registries.data?.find(({ properties }) => properties.loginServer === loginServer)
  return { registries, registry }
}

/** The storage of a registry and its limits. */
export function useUsages(registry: Registry | undefined) {
  return useQuery({
    queryKey: ['usages', registry?.id],
    enabled: registry !== undefined,
    queryFn: ({ signal }) => readUsages(registry?.id ?? '', signal),
  })
}

/** The quotas of a registry. Null: the person may not read them. */
export function useQuotas(registryId: string | undefined) {
  return useQuery({
    queryKey: ['quotas', registryId],
    enabled: registryId !== undefined,
    queryFn: ({ signal }) => orHidden(listQuotas(registryId ?? '', signal)),
  })
}

/** The metrics of a registry. Null: the person may not read them. */
export function useMetrics(registryId: string | undefined, range: RangeName) {
  return useQuery({
    queryKey: ['metrics', registryId, range],
    enabled: registryId !== undefined,
    queryFn: ({ signal }) => orHidden(readMetrics(registryId ?? '', ranges[range], signal)),
  })
}
