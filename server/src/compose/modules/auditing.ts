import { randomUUID } from 'node:crypto'
import {
  EventTally,
  createAudit,
  createAuditChain,
  createAuditLag,
  createCredentialUses,
  createDelivery,
} from '../../audit/index.ts'
import type { ModuleBasis } from './basis.ts'

/** Creates the audit log, its hash chain (already started), and the delivery to webhooks. */
export async function createAuditing({ database, clock, log, sealer, outbound, publicOrigin }: ModuleBasis) {
  const credentialUses = createCredentialUses({ database, clock })
  const chain = createAuditChain({
    database,
    clock,
    sealer,
    uses: credentialUses,
    onAltered: (found) =>
      log.error({ ...found, id: randomUUID() }, 'the audit log was altered: run acrux audit verify'),
  })
  await chain.begin()
  return {
    credentialUses,
    chain,
    /** Records events. The modules use a wrapper that also counts the events. */
    recorder: createAudit({ database, clock, uses: credentialUses }),
    delivery: createDelivery({ database, clock, sealer, outbound, publicOrigin }),
    lag: createAuditLag({ database, clock }),
    /** Counts events for metrics. */
    events: new EventTally(),
  }
}
