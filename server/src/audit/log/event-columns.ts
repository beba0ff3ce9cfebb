import type { AuditEventRow } from './rows.ts'

/** The columns of an event, in the order of hashing. The columns and the order must never change. */
export const hashedColumns = [
  'seq',
  'at_ms',
  'action',
  'outcome',
  'actor_kind',
  'actor_id',
  'credential_kind',
  'credential_id',
  'target',
  'reason',
  'detail',
  'correlation_id',
  'remote_address',
  'user_agent',
] as const satisfies readonly (keyof AuditEventRow)[]

type ValuesOf<Columns extends readonly (keyof AuditEventRow)[]> = {
  readonly [Place in keyof Columns]: AuditEventRow[Columns[Place]]
}

/** The values of an event's {@link hashedColumns}. */
export type EventValues = ValuesOf<typeof hashedColumns>
