import type { Database, Transaction } from '../platform/sql/database.ts'
import type { Origin } from '../platform/http/app.ts'
import { type EventPage, type InTurn, listEvents } from './query-log.ts'
import type { EventFilter } from './query-store.ts'

/** Who did it, as far as it is known; a name that was only claimed is told apart from one that was proved. */
export type AuditActor = {
  readonly kind: 'anonymous' | 'admin' | 'scoped-token' | 'service-principal' | 'user' | 'system' | 'claimed'
  /** Object id, registry name, `registry/token` or claimed user name. Never a secret. */
  readonly id: string
}

/** The credential that proved the actor: what it is, and which of them, so that it can be found and withdrawn. */
export type AuditCredential = {
  readonly kind: string
  /** Its key id or name. Never a secret. */
  readonly id?: string | undefined
}

/** One thing that happened. */
export type AuditEvent = {
  /** `noun.verb`, as `token.issue`, `registry.update`, `repository.delete`. */
  readonly action: string
  readonly outcome: 'success' | 'refused'
  readonly actor: AuditActor
  /** Undefined where nothing was proved. */
  readonly credential?: AuditCredential | undefined
  /** What it was done to: a resource id, or `loginServer/repository[:tag|@digest]`. */
  readonly target: string
  /** Why it was refused, as a short code. */
  readonly reason?: string
  /** More facts for the reader, without secrets. */
  readonly detail?: Readonly<Record<string, unknown>>
  readonly origin: Origin
}

/** An event that may happen any number of times, from anywhere. */
export type RecurringEvent = Omit<AuditEvent, 'origin'>

/** The events that tell who did what. */
export interface Audit {
  /** Writes the event within the change that it tells of: both are there, or none. */
  record(transaction: Transaction, event: AuditEvent): Promise<void>
  /**
   * Writes an event that belongs to no change (a sign-in, a token, a refusal). On the disk when it returns; events that
   * wait share one flush. Denials cannot fill the disk: repetitions of one actor, action and reason beyond an allowance
   * are folded into a count, which a separate event reports.
   */
  append(event: AuditEvent): Promise<void>
  /** Prepares an event: what is returned appends it once more, from where it is told. */
  prepare(event: RecurringEvent): (origin: Origin) => Promise<void>
  /** Notes that a credential was used for something that no event tells of. It costs no write by itself. */
  noteUse(actor: AuditActor, credential: AuditCredential | undefined): void
}

/** The log, for whoever looks for something in it. */
export interface AuditLog {
  /** A page of the events that a filter lets through, the newest first, behind the event that `before` numbers. */
  list(
    filter: EventFilter,
    page: { readonly before: number | undefined; readonly size: number },
    inTurn?: InTurn,
  ): Promise<EventPage>
}

/** Opens the log. */
export function createAuditLog({ database }: { readonly database: Database }): AuditLog {
  return { list: (filter, page, inTurn) => listEvents(database, filter, page, inTurn) }
}
