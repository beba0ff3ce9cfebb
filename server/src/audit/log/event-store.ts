import type { Database, PreparedInsert, Transaction } from '../../platform/sql/database.ts'
import type { NewAuditEventRow, AuditTables } from './rows.ts'

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

/** Prepares the insertion of events that belong to no change. */
export function prepareEventInsert(database: Database): PreparedInsert<NewAuditEventRow> {
  return database.prepareInsert<NewAuditEventRow>('audit_event', columns)
}

/** Inserts events. Events are never changed, and are removed only after the retention period. */
export async function insertEvents(transaction: Transaction, rows: readonly NewAuditEventRow[]): Promise<void> {
  await transaction
    .tables<AuditTables>()
    .insertInto('audit_event')
    .values([...rows])
    .execute()
}
