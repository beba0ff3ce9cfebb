import { useQuery, useQueryClient } from '@tanstack/react-query'
import { listWebhooks, readAuditChain } from '../../api/webhooks.ts'

/** The end of the hash chain. */
export function useAuditChain(subscription: string) {
  return useQuery({
    queryKey: ['audit-chain', subscription],
    queryFn: ({ signal }) => readAuditChain(subscription, signal),
  })
}

/** The webhooks, and the way to read them again after a change. */
export function useWebhooks(subscription: string) {
  const client = useQueryClient()
  const queryKey = ['webhooks', subscription]
  const query = useQuery({ queryKey, queryFn: ({ signal }) => listWebhooks(subscription, signal) })
  return { query, reload: () => client.invalidateQueries({ queryKey }) }
}
