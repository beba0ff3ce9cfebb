import { randomUUID } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'
import type { Database } from '../platform/sql/database.ts'
import type { Audit, AuditEvent } from './index.ts'
import { type AuditEventRow, insertEvents } from './store.ts'

type Waiting = { readonly row: AuditEventRow; readonly resolve: () => void; readonly reject: (reason: unknown) => void }

/** How many events one statement may carry: 12 columns each, well under every database's limit of parameters. */
const batchLimit = 500

/** How long a text of somebody else's choosing may be. */
const textLimit = 512

/** Opens the audit room. */
export function createAudit({ database, clock }: { readonly database: Database; readonly clock: Clock }): Audit {
  let waiting: Waiting[] = []
  let flushing = false

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchLimit)
      waiting = waiting.slice(batchLimit)
      try {
        await database.transaction((transaction) =>
          insertEvents(
            transaction,
            batch.map(({ row }) => row),
          ),
        )
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    flushing = false
  }

  return {
    record: (transaction, event) => insertEvents(transaction, [toRow(event, clock.now())]),
    append: (event) =>
      new Promise((resolve, reject) => {
        waiting.push({ row: toRow(event, clock.now()), resolve, reject })
        if (flushing) return
        flushing = true
        void flush()
      }),
  }
}

function toRow(event: AuditEvent, atMs: number): AuditEventRow {
  return {
    id: randomUUID(),
    at_ms: atMs,
    action: event.action,
    outcome: event.outcome,
    actor_kind: event.actor.kind,
    actor_id: event.actor.id.slice(0, textLimit),
    target: event.target.slice(0, textLimit),
    reason: event.reason ?? null,
    detail: event.detail === undefined ? null : JSON.stringify(event.detail),
    correlation_id: event.origin.correlationId,
    remote_address: event.origin.remoteAddress,
    user_agent: event.origin.userAgent ?? null,
  }
}
