import { useRead } from '../../api/queries.ts'
import { listUploads } from '../../api/registry-arm.ts'

/** The key of the unfinished uploads of a registry. */
export const uploadsKey = (registryId: string) => ['uploads', registryId] as const

/** The unfinished uploads of a registry. They are read again while the view is open. */
export function useUploads(registryId: string) {
  return useRead(uploadsKey(registryId), (signal) => listUploads(registryId, signal), { refetchInterval: 10_000 })
}
