import type { Generated, Selectable } from 'kysely'

/** One row per event. */
type AuditEventTable = {
  /** Assigned by the database, ascending. A later commit can have a lower number. */
  readonly seq: Generated<number>
  readonly at_ms: number
  readonly action: string
  readonly outcome: string
  readonly actor_kind: string
  readonly actor_id: string
  readonly target: string
  readonly reason: string | null
  readonly detail: string | null
  readonly correlation_id: string
  readonly remote_address: string
  readonly user_agent: string | null
  readonly credential_kind: string | null
  readonly credential_id: string | null
}

/** An event as it is stored. */
export type AuditEventRow = Selectable<AuditEventTable>

/** An event before the event gets a number. */
export type NewAuditEventRow = Omit<AuditEventRow, 'seq'>

/** The table of the events. */
export type AuditTables = { audit_event: AuditEventTable }

/** The last recorded use of a credential. */
export type CredentialUseRow = {
  readonly actor_kind: string
  readonly actor_id: string
  readonly credential_id: string
  readonly last_used_ms: number
}
