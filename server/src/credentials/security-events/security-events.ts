import { plainLine } from '@acrux/shared/standards/http/plain-text.ts'
import type { Origin } from '../../platform/http/app.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { newTimeOrderedId } from '../../platform/process/time-ordered-id.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { SecurityEventRow } from '../records/rows.ts'
import type { SecurityEventStore } from './security-event-store.ts'

/** The kind of a security event. `detail` is the kind of method or the reason of a failure. */
export type SecurityEventKind =
  /** The values of `detail` are `totp`, `passkey`, `recovery-codes` and `access-pass`. */
  | 'method-added'
  /**
   * The values of `detail` are `totp`, `passkey`, `access-pass` and `all`. `all` means that all second factors were removed together with
   * the password.
   */
  | 'method-removed'
  | 'password-changed'
  /** An administrator set another password. */
  | 'password-reset'
  /** The first sign-in from a network. The server does not record the very first sign-in of an account. */
  | 'new-network'
  /** The values of `detail` are `wrong-password`, `wrong-code` and `wrong-recovery-code`. */
  | 'failed-sign-in'
  /** Too many consecutive codes were wrong, so the authenticator app is closed until an owner resets it. */
  | 'second-factor-closed'

/** A security event of a user, in the form that the account pages display. */
export type SecurityEvent = {
  readonly id: string
  readonly kind: SecurityEventKind
  readonly detail: string
  /** The number of events from this address between `firstAtMs` and `atMs`. */
  readonly count: number
  readonly firstAtMs: number
  readonly atMs: number
  readonly remoteAddress: string
  readonly userAgent: string | undefined
}

/** A security event that the server will record. */
export type NewSecurityEvent = Pick<SecurityEvent, 'kind'> & {
  readonly detail?: string
  readonly origin: Pick<Origin, 'remoteAddress' | 'userAgent'>
}

/** The security events of users. The number of events of each user has a maximum. */
export interface SecurityEvents {
  /** Records an event in the transaction that causes it. Equal events from one address within an hour are stored in one row. */
  record(transaction: Transaction, objectId: string, event: NewSecurityEvent): Promise<void>
  /** The latest events of a user, at most 100, the newest first. */
  list(objectId: string): Promise<readonly SecurityEvent[]>
}

/**
 * The maximum number of events of each kind that are stored for a user. Each kind has its own maximum, so that many events of one kind do
 * not remove other events.
 */
const maxEventsPerKind = 30
const maxListedEvents = 100
const maxTextLength = 512
const hourMs = 60 * 60 * 1000

/** Creates the store of security events. */
export function createSecurityEvents({
  store,
  clock,
}: {
  readonly store: SecurityEventStore
  readonly clock: Clock
}): SecurityEvents {
  return {
    record: async (transaction, objectId, { kind, detail = '', origin }) => {
      const nowMs = clock.now()
      const row: SecurityEventRow = {
        id: newTimeOrderedId(nowMs),
        object_id: objectId,
        kind,
        count: 1,
        first_at_ms: nowMs,
        at_ms: nowMs,
        remote_address: storable(origin.remoteAddress),
        user_agent: origin.userAgent === undefined ? null : storable(origin.userAgent),
        detail,
      }
      if (await store.countSecurityEvent(transaction, row, nowMs - hourMs)) return
      await store.insertSecurityEvent(transaction, row, maxEventsPerKind)
    },
    list: async (objectId) => (await store.securityEventsOf(objectId, maxListedEvents)).map(toSecurityEvent),
  }
}

/** A text from a client, shortened to a maximum length, without characters that a database or a terminal rejects. */
function storable(text: string): string {
  return plainLine(text.slice(0, maxTextLength))
}

function toSecurityEvent(row: SecurityEventRow): SecurityEvent {
  return {
    id: row.id,
    kind: row.kind as SecurityEventKind,
    detail: row.detail,
    count: row.count,
    firstAtMs: row.first_at_ms,
    atMs: row.at_ms,
    remoteAddress: row.remote_address,
    userAgent: row.user_agent ?? undefined,
  }
}
