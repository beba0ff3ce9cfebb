import { type Clock, isWaiting, machineClockOf } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import { type CredentialUsePlace, type UseFilter, createCredentialUseStore } from './credential-use-store.ts'
import type { CredentialUseRow } from './rows.ts'
import type { EventValues } from './event-columns.ts'
import type { AuditActor, AuditCredential } from './model.ts'

/** The last use of each credential. Uses that another server recorded appear up to five minutes later. */
export interface CredentialUses {
  /** Records that a credential was used now. The use is not written to the database immediately. */
  note(actor: AuditActor, credential: AuditCredential | undefined): void
  /** Notes the uses that events report. */
  noteEvents(events: readonly EventValues[]): void
  /** Writes the noted uses of credentials that have not been written for five minutes; with `all`, of all credentials. */
  flush(all?: boolean): Promise<void>
  list(filter: UseFilter, after: CredentialUsePlace | undefined, size: number): Promise<CredentialUseRow[]>
  /** The times of the last uses by actors of one kind, in milliseconds, by the id of the credential. */
  lastUses(kind: AuditActor['kind'], actorIds: readonly string[]): Promise<Map<string, number>>
}

/** The minimum time between two writes for one credential. */
const writeEveryMs = 5 * 60 * 1000

/** The maximum number of uses, or of actors, per statement. */
const maxBatch = 200

const beginning: CredentialUsePlace = { actor_kind: '', actor_id: '', credential_id: '' }

/** Creates the record of uses. */
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

  const keyOf = (use: CredentialUsePlace) => `${use.actor_kind} ${use.actor_id} ${use.credential_id}`

  function keep(use: CredentialUseRow): void {
    const key = keyOf(use)
    if ((noted.get(key)?.last_used_ms ?? 0) < use.last_used_ms) noted.set(key, use)
  }

  /** Replaces written uses by later uses that are not written yet. */
  function latest(rows: readonly CredentialUseRow[]): CredentialUseRow[] {
    return rows.map((row) => {
      const unwritten = noted.get(keyOf(row))
      return unwritten !== undefined && unwritten.last_used_ms > row.last_used_ms ? unwritten : row
    })
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
      const nowMs = machineClockOf(clock).now()
      for (const [key, atMs] of writtenAtMs) {
        if (!isWaiting(atMs + writeEveryMs, nowMs, writeEveryMs)) writtenAtMs.delete(key)
      }
      const due = [...noted].filter(([key]) => all || !writtenAtMs.has(key))
      for (let start = 0; start < due.length; start += maxBatch) {
        const batch = due.slice(start, start + maxBatch)
        await store.write(batch.map(([, use]) => use))
        for (const [key, use] of batch) {
          writtenAtMs.set(key, nowMs)
          if (noted.get(key) === use) noted.delete(key)
        }
      }
    },
    list: async (filter, after = beginning, size) => latest(await store.list(filter, after, size)),
    lastUses: async (kind, actorIds) => {
      const found = new Map<string, number>()
      for (let start = 0; start < actorIds.length; start += maxBatch) {
        const rows = await store.ofActors(kind, actorIds.slice(start, start + maxBatch))
        for (const { credential_id, last_used_ms } of latest(rows)) found.set(credential_id, last_used_ms)
      }
      return found
    },
  }
}
