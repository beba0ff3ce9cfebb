import type { Audit, AuditEvent, RecurringEvent } from './index.ts'

/** Counts events as they happen, whether they are written down or not. */
export type EventCounter = (event: RecurringEvent) => (() => void) | undefined

/**
 * The same audit log, with every event counted: `counterOf` is asked once for an event that may happen many times, and what
 * it returns is called each time.
 */
export function tallyEvents(audit: Audit, counterOf: EventCounter): Audit {
  const count = (event: AuditEvent) => counterOf(event)?.()
  return {
    ...audit,
    record: async (transaction, event) => {
      await audit.record(transaction, event)
      count(event)
    },
    append: (event) => {
      count(event)
      return audit.append(event)
    },
    prepare: (event) => {
      const counter = counterOf(event)
      const append = audit.prepare(event)
      if (counter === undefined) return append
      return (origin) => {
        counter()
        return append(origin)
      }
    },
  }
}
