import type { Clock } from '../platform/process/clock.ts'
import type { Database } from '../platform/sql/database.ts'
import {
  type CredentialUsePlace,
  type CredentialUseRow,
  type UseFilter,
  createCredentialUseStore,
} from './credential-use-store.ts'
import type { EventValues } from './chain-format.ts'
import type { AuditActor, AuditCredential } from './model.ts'

/** When each credential was used last, to within five minutes. */
export interface CredentialUses {
  /** Notes that a credential was used now. It costs no write by itself. */
  note(actor: AuditActor, credential: AuditCredential | undefined): void
  /** Notes the uses that events tell of. */
  noteEvents(events: readonly EventValues[]): void
  /** Writes what was noted of credentials of which nothing was written for five minutes; with `all`, of every one. */
  flush(all?: boolean): Promise<void>
  list(filter: UseFilter, after: CredentialUsePlace | undefined, size: number): Promise<CredentialUseRow[]>
}

/** How often the use of a credential is written at the most. */
const writeEveryMs = 5 * 60 * 1000

/** How many uses one statement writes. */
const batchLimit = 200

const beginning: CredentialUsePlace = { actor_kind: '', actor_id: '', credential_id: '' }

/** Opens the uses of credentials. */
export function createCredentialUses({
  database,
  clock,
}: {
  readonly database: Database
  readonly clock: Clock
}): CredentialUses {
  const store = createCredentialUseStore(database)
  const noted = new Map<string, CredentialUseRow>()
  const writtenAtMs = new Map<string, number>()

  function keep(use: CredentialUseRow): void {
    const key = `${use.actor_kind} ${use.actor_id} ${use.credential_id}`
    if ((noted.get(key)?.last_used_ms ?? 0) < use.last_used_ms) noted.set(key, use)
  }

  return {
    note: ({ kind, id }, credential) => {
      if (credential?.id === undefined) return
      keep({ actor_kind: kind, actor_id: id, credential_id: credential.id, last_used_ms: clock.now() })
    },
    noteEvents: (events) => {
      for (const [, at_ms, , outcome, actor_kind, actor_id, , credential_id] of events) {
        if (outcome !== 'success' || credential_id === null) continue
        keep({ actor_kind, actor_id, credential_id, last_used_ms: at_ms })
      }
    },
    flush: async (all = false) => {
      const nowMs = clock.now()
      for (const [key, atMs] of writtenAtMs) if (atMs <= nowMs - writeEveryMs) writtenAtMs.delete(key)
      const due = [...noted].filter(([key]) => all || !writtenAtMs.has(key))
      for (let start = 0; start < due.length; start += batchLimit) {
        const batch = due.slice(start, start + batchLimit)
        await store.write(batch.map(([, use]) => use))
        for (const [key, use] of batch) {
          writtenAtMs.set(key, nowMs)
          if (noted.get(key) === use) noted.delete(key)
        }
      }
    },
    list: (filter, after = beginning, size) => store.list(filter, after, size),
  }
}
