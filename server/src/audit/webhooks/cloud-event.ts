import { auditEventDocument } from '../log/event-document.ts'
import type { AuditEventRow } from '../log/rows.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** The media type of one event in structured mode. [CloudEvents 1.0, JSON format §3] */
export const cloudEventType = 'application/cloudevents+json; charset=utf-8'

/** Formats an event as a CloudEvent in structured mode. `source` and `id` identify the event among all servers. */
export function cloudEvent(event: AuditEventRow, publicOrigin: PublicOrigin): string {
  const data = auditEventDocument(event)
  return JSON.stringify({
    specversion: '1.0',
    id: data.id,
    source: `${publicOrigin}/audit`,
    type: `Acrux.Audit.${event.action}`,
    ...(event.target === '' ? {} : { subject: event.target }),
    time: data.eventTimestamp,
    datacontenttype: 'application/json',
    data,
  })
}
