import type { Origin } from '../../platform/http/app.ts'

/** The actor. The kind `claimed` is an unverified name. */
export type AuditActor = {
  readonly kind: 'anonymous' | 'admin' | 'scoped-token' | 'service-principal' | 'user' | 'system' | 'claimed'
  /** Object id, registry name, `registry/token` or claimed user name. Never a secret. */
  readonly id: string
}

/** The credential that authenticated the actor, so that operators can find and revoke the credential. */
export type AuditCredential = {
  readonly kind: string
  /** The key id or name. Never a secret. */
  readonly id?: string | undefined
}

/** One event of the audit log. */
export type AuditEvent = {
  /** `noun.verb`, as `token.issue`, `registry.update`, `repository.delete`. */
  readonly action: string
  readonly outcome: 'success' | 'refused'
  readonly actor: AuditActor
  /** Undefined without authentication. */
  readonly credential?: AuditCredential | undefined
  /** The affected resource: an id, or `loginServer/repository[:tag|@digest]`. */
  readonly target: string
  /** The reason for a denial, as a short code. */
  readonly reason?: string
  /** More facts, without secrets. */
  readonly detail?: Readonly<Record<string, unknown>>
  readonly origin: Origin
}

/** An event that can happen any number of times, from different origins. */
export type RecurringEvent = Omit<AuditEvent, 'origin'>
