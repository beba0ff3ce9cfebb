import type { AuditEvent } from '../../api/types.ts'

/** An event, with how often it happened in a row, and when first. */
export type RepeatedEvent = AuditEvent & { readonly count: number; readonly since: string }

/** Combines equal events that follow each other: the same principal does the same, with the same outcome. The newest event stays. */
export function groupRepeats(events: readonly AuditEvent[]): readonly RepeatedEvent[] {
  const groups: RepeatedEvent[] = []
  for (const event of events) {
    const newest = groups.at(-1)
    if (newest !== undefined && isRepeat(newest, event))
      groups[groups.length - 1] = { ...newest, count: newest.count + 1, since: event.eventTimestamp }
    else groups.push({ ...event, count: 1, since: event.eventTimestamp })
  }
  return groups
}

function isRepeat(one: AuditEvent, other: AuditEvent): boolean {
  return (
    one.actor.id === other.actor.id &&
    one.actor.kind === other.actor.kind &&
    one.action === other.action &&
    one.target === other.target &&
    one.outcome === other.outcome &&
    one.reason === other.reason &&
    one.remoteAddress === other.remoteAddress
  )
}
