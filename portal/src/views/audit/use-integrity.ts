import { useRead, useReadAgain } from '../../api/queries.ts'
import { listWebhooks, readAuditChain } from '../../api/webhooks.ts'

/** The end of the hash chain. */
export function useAuditChain(subscription: string) {
  return useRead(['audit-chain', subscription], (signal) => readAuditChain(subscription, signal))
}

/** The webhooks, and the way to read them again after a change. */
export function useWebhooks(subscription: string) {
  const readAgain = useReadAgain()
  const queryKey = ['webhooks', subscription]
  const query = useRead(queryKey, (signal) => listWebhooks(subscription, signal))
  return { query, reload: () => readAgain(queryKey) }
}
