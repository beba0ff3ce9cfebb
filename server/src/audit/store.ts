import type { Database, PreparedInsert, Transaction } from '../platform/sql/database.ts'

/** One row a stored event. */
export type AuditEventRow = {
  readonly id: string
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
}

const columns = [
  'id',
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
] as const satisfies readonly (keyof AuditEventRow)[]

type AuditTables = { audit_event: AuditEventRow }

/** Prepares the adding of events that belong to no change. */
export function prepareEventInsert(database: Database): PreparedInsert<AuditEventRow> {
  return database.prepareInsert<AuditEventRow>('audit_event', columns)
}

/** Adds events; there is no way to change or remove one. */
export async function insertEvents(transaction: Transaction, rows: readonly AuditEventRow[]): Promise<void> {
  await transaction
    .tables<AuditTables>()
    .insertInto('audit_event')
    .values([...rows])
    .execute()
}
