import type { Transaction } from '../../platform/sql/database.ts'

/** The columns that both layouts of an event have. */
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
] as const

type Tables = Record<string, Record<string, string | number | null>>

/** Copies the events of a table with the first layout, which had time-ordered ids, in their order. */
export async function copyEvents(transaction: Transaction, firstTable: string): Promise<void> {
  const tables = transaction.tables<Tables>()
  const events = tables
    .selectFrom(firstTable)
    .select([...columns])
    .orderBy('at_ms')
    .orderBy('id')
  await tables
    .insertInto('audit_event')
    .columns([...columns])
    .expression(events)
    .execute()
}
