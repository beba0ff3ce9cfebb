import type { AuditEventRow } from './rows.ts'

/** An event in the format for display, export and delivery. */
export type AuditEventDocument = {
  readonly id: string
  readonly eventTimestamp: string
  readonly action: string
  readonly outcome: string
  readonly actor: { readonly kind: string; readonly id: string }
  /** The credential that authenticated the actor, or null. */
  readonly credential: { readonly kind: string; readonly id: string | null } | null
  readonly target: string
  readonly reason: string | null
  readonly detail: unknown
  readonly correlationId: string
  readonly remoteAddress: string
  readonly userAgent: string | null
}

/** Converts a stored event. */
export function auditEventDocument(event: AuditEventRow): AuditEventDocument {
  return {
    id: String(event.seq),
    eventTimestamp: new Date(event.at_ms).toISOString(),
    action: event.action,
    outcome: event.outcome,
    actor: { kind: event.actor_kind, id: event.actor_id },
    credential: event.credential_kind === null ? null : { kind: event.credential_kind, id: event.credential_id },
    target: event.target,
    reason: event.reason,
    detail: event.detail === null ? null : parseDetail(event.detail),
    correlationId: event.correlation_id,
    remoteAddress: event.remote_address,
    userAgent: event.user_agent,
  }
}

/** Parses the details. Details that were altered and are no longer JSON are shown unchanged. */
function parseDetail(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
