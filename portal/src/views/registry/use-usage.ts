import { readUsages } from '../../api/arm.ts'
import { orHidden } from '../../api/or-hidden.ts'
import { useRead } from '../../api/queries.ts'
import { readMetrics } from '../../api/registry-arm.ts'
import type { Registry } from '../../api/registry-document.ts'
import { type RangeName, ranges } from './ranges.ts'

/** The storage of a registry and its limits. */
export function useUsages(registry: Registry | undefined) {
  return useRead(['usages', registry?.id], registry && ((signal) => readUsages(registry.id, signal)))
}

/** The metrics of a registry. Null: the person may not read them. */
export function useMetrics(registryId: string | undefined, range: RangeName) {
  return useRead(
    ['metrics', registryId, range],
    registryId !== undefined && ((signal) => orHidden(readMetrics(registryId, ranges[range], signal))),
  )
}
