import type { Origin } from '../../platform/http/app.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Audit } from './audit.ts'
import type { AuditActor, AuditEvent } from './model.ts'

/** The authenticated sender of a request: a principal, and the credential for which the token was issued. */
export type EventAuthor = {
  readonly principal: { readonly kind: AuditActor['kind']; readonly objectId: string }
  readonly credentialId?: string | undefined
}

/** The sender of a request and the credential, in the format of an event. */
export function attributionOf({ principal, credentialId }: EventAuthor): Pick<AuditEvent, 'actor' | 'credential'> {
  return {
    actor: { kind: principal.kind, id: principal.objectId },
    credential: { kind: 'identity-token', id: credentialId },
  }
}

/** The result of a change, and the event of the change; undefined if nothing changed. */
export type RecordedChange<Result> = {
  readonly result: Result
  readonly event: Pick<AuditEvent, 'action' | 'target' | 'detail'> | undefined
}

/** Makes a change and records the event in the same transaction, so that both are committed, or neither. */
export function recordChange<Result>(
  { database, audit }: { readonly database: Database; readonly audit: Pick<Audit, 'record'> },
  { caller, origin }: { readonly caller: EventAuthor; readonly origin: Origin },
  work: (transaction: Transaction) => Promise<RecordedChange<Result>>,
): Promise<Result> {
  return database.transaction(async (transaction) => {
    const { result, event } = await work(transaction)
    if (event !== undefined) {
      await audit.record(transaction, { ...event, outcome: 'success', ...attributionOf(caller), origin })
    }
    return result
  })
}

/** The denials that have an event. A request that is decided again fails with the same error. */
const recorded = new WeakSet<Error>()

/**
 * Does the work. If the work throws an error, appends the event that `eventOf` creates for the error. Each error has at
 * most one event.
 */
export async function recordDenial<Result>(
  audit: Pick<Audit, 'append'>,
  eventOf: (error: unknown) => Promise<AuditEvent | undefined>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const isRecorded = error instanceof Error && recorded.has(error)
    const event = isRecorded ? undefined : await eventOf(error)
    if (event !== undefined) {
      if (error instanceof Error) recorded.add(error)
      await audit.append(event)
    }
    throw error
  }
}
