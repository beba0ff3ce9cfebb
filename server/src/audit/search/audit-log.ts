import type { Database } from '../../platform/sql/database.ts'
import { type EventPage, type InTurn, listEvents } from './search-events.ts'
import type { EventFilter } from './search-store.ts'

/** The audit log for reading. */
export interface AuditLog {
  /** A page of the matching events, newest first, from before the event with the number `before`. */
  list(
    filter: EventFilter,
    page: { readonly before: number | undefined; readonly size: number },
    inTurn?: InTurn,
  ): Promise<EventPage>
}

/** Creates the audit log for reading. */
export function createAuditLog({ database }: { readonly database: Database }): AuditLog {
  return { list: (filter, page, inTurn) => listEvents(database, filter, page, inTurn) }
}
