import { useQuery } from '@tanstack/react-query'
import { listRegistries, readEvents } from '../../api/arm.ts'
import { ApiError } from '../../api/client.ts'

/** The registries that the person may list. */
export function useRegistries() {
  return useQuery({ queryKey: ['registries'], queryFn: ({ signal }) => listRegistries(signal), staleTime: 60_000 })
}

/** The last pushes in a subscription. `undefined` within: the person may not read the audit log. */
export function useRecentPushes(subscriptionId: string | undefined) {
  return useQuery({
    queryKey: ['pushes', subscriptionId],
    enabled: subscriptionId !== undefined,
    queryFn: async ({ signal }) => {
      try {
        const { value } = await readEvents(subscriptionId ?? '', "action eq 'manifest.push'", signal)
        return { events: value }
      } catch (error) {
        if (error instanceof ApiError && error.status === 403) return { events: undefined }
        throw error
      }
    },
  })
}
