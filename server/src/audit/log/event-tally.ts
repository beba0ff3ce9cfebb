import type { AuditEvent, RecurringEvent } from './model.ts'
import type { Audit } from './audit.ts'

/** Returns the function that counts an event; undefined for events that are not counted. */
type EventCounter = (event: RecurringEvent) => (() => void) | undefined

/** The number of events, by kind. */
export type EventCount = Pick<RecurringEvent, 'action' | 'outcome'> & {
  readonly reason: string
  readonly count: number
}

/** The maximum number of kinds of events. The code has far fewer. */
const maxKinds = 1000

/** Counts events by action, outcome and reason since the start of the process. */
export class EventTally {
  readonly #kinds = new Map<string, { -readonly [Key in keyof EventCount]: EventCount[Key] }>()

  readonly counterOf = ({ action, outcome, reason = '' }: RecurringEvent): (() => void) | undefined => {
    const key = `${action} ${outcome} ${reason}`
    let kind = this.#kinds.get(key)
    if (kind === undefined) {
      if (this.#kinds.size >= maxKinds) return undefined
      kind = { action, outcome, reason, count: 0 }
      this.#kinds.set(key, kind)
    }
    const counted = kind
    return () => {
      counted.count += 1
    }
  }

  counts(): readonly EventCount[] {
    return [...this.#kinds.values()]
  }
}

/**
 * Wraps an audit log so that every event is counted, even if the event is not written. The counters of an event that
 * may happen many times are looked up once, and called each time.
 */
export function tallyEvents(audit: Audit, ...counterOf: readonly EventCounter[]): Audit {
  const count = (event: AuditEvent): void => {
    for (const find of counterOf) find(event)?.()
  }
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
      const counters = counterOf.flatMap((find) => find(event) ?? [])
      const append = audit.prepare(event)
      return (origin) => {
        for (const counter of counters) counter()
        return append(origin)
      }
    },
  }
}
