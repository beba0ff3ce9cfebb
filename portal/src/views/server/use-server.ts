import { useQuery, useQueryClient } from '@tanstack/react-query'
import { listSettings, readScrub, readStatus, startScrub } from '../../api/server.ts'

const pollMs = 1000

/** The state of the server. */
export function useStatus(subscription: string) {
  return useQuery({
    queryKey: ['server-status', subscription],
    queryFn: ({ signal }) => readStatus(subscription, signal),
  })
}

/** The configuration in force, once it is to be shown. */
export function useSettings(subscription: string, isShown: boolean) {
  return useQuery({
    queryKey: ['server-settings', subscription],
    enabled: isShown,
    queryFn: ({ signal }) => listSettings(subscription, signal),
  })
}

/** The last scrub, with its progress while it runs, and the way to start one. */
export function useScrub(subscription: string) {
  const client = useQueryClient()
  const queryKey = ['scrub', subscription]
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => readScrub(subscription, signal),
    refetchInterval: ({ state }) => (state.data?.requested?.state === 'running' ? pollMs : false),
  })
  const start = async (repair: boolean) => {
    await startScrub(subscription, repair)
    await client.invalidateQueries({ queryKey })
  }
  return { query, start }
}
