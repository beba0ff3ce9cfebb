import { useQuery } from '@tanstack/react-query'
import { readUsages } from '../../api/arm.ts'
import { orHidden } from '../../api/or-hidden.ts'
import { readMetrics } from '../../api/registry-arm.ts'
import type { Registry } from '../../api/registry-document.ts'
import { type RangeName, ranges } from './ranges.ts'

/** The storage of a registry and its limits. */
export function useUsages(registry: Registry | undefined) {
  return useQuery({
    queryKey: ['usages', registry?.id],
    enabled: registry !== undefined,
    queryFn: ({ signal }) => readUsages(registry?.id ?? '', signal),
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
