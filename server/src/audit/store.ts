import type { Generated, Selectable } from 'kysely'
import type { Database, PreparedInsert, Transaction } from '../platform/sql/database.ts'

/** One row a stored event. */
type AuditEventTable = {
  /** Given by the database, rising; what is committed later may have a lower one. */
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

/** An event that has no number yet. */
export type NewAuditEventRow = Omit<AuditEventRow, 'seq'>

const columns = [
  'at_ms',
  'action',
  'outcome',
  'actor_kind',
  'actor_id',
  'target',
  'reason',
  'detail',
  'correlation_id',
  'remote_address',
  'user_agent',
  'credential_kind',
  'credential_id',
] as const satisfies readonly (keyof NewAuditEventRow)[]

/** The table of the events. */
export type AuditTables = { audit_event: AuditEventTable }

/** Prepares the adding of events that belong to no change. */
export function prepareEventInsert(database: Database): PreparedInsert<NewAuditEventRow> {
  return database.prepareInsert<NewAuditEventRow>('audit_event', columns)
}

/** Adds events; there is no way to change one, and none to remove one that is not over its time. */
export async function insertEvents(transaction: Transaction, rows: readonly NewAuditEventRow[]): Promise<void> {
  await transaction
    .tables<AuditTables>()
    .insertInto('audit_event')
    .values([...rows])
    .execute()
}
