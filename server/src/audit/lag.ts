import type { Clock } from '../platform/process/clock.ts'
import type { Database } from '../platform/sql/database.ts'
import { readChain } from './chain/chain-store.ts'
import { createWebhookStore } from './webhooks/webhook-store.ts'

/** The lag of the audit log, in seconds: the age of the oldest waiting event; 0 if no event is waiting. */
export type AuditLag = {
  /** For the hash chain. */
  readonly chainSeconds: () => Promise<number>
  /** The highest lag of the enabled webhooks. */
  readonly webhookSeconds: () => Promise<number>
}

/** Creates the metrics. Each reads a few rows, regardless of the number of waiting events. */
export function createAuditLag({ database, clock }: { readonly database: Database; readonly clock: Clock }): AuditLag {
  const chain = readChain(database)
  const webhooks = createWebhookStore(database)
  const ageSeconds = (atMs: number | undefined) => (atMs === undefined ? 0 : Math.max(0, clock.now() - atMs) / 1000)

  return {
    chainSeconds: async () => {
      const last = await chain.lastBlock()
      return ageSeconds(await chain.firstEventAtMs(last?.covers_to ?? 0))
    },
    webhookSeconds: async () => {
      const enabled = (await webhooks.all()).filter((webhook) => webhook.enabled === 1)
      if (enabled.length === 0) return 0
      const furthest = Math.min(...enabled.map(({ block }) => block))
      const [waiting] = await chain.blocksAfter(furthest - 1, 1)
      return ageSeconds(waiting?.first_at_ms)
    },
  }
}
