import type { AuditEvent } from '../../audit/index.ts'
import type { User } from '../../directory/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Authentication } from '../sessions/sessions.ts'
import type { Context } from './context.ts'
import type { PageCall } from './page-call.ts'

/** What is recorded in the same transaction as an authentication. */
export type WithAuthentication = {
  readonly event?: AuditEvent
  /** A change of the user. It runs first and returns the changed user. */
  readonly change?: (transaction: Transaction) => Promise<User>
}

/**
 * Records that a person authenticated, completely or with steps remaining, and sends the cookie of the new session.
 *
 * @throws ProofRefusedError
 */
export async function recordAuthentication(
  context: Context,
  { reply, caller, origin }: PageCall,
  authentication: Authentication,
  { event, change }: WithAuthentication = {},
): Promise<void> {
  const { database, credentials, sessions, audit, jar, senders, knownBrowsers } = context
  const isComplete = authentication.remaining.length === 0
  const id = await database.transaction(async (transaction) => {
    const user = change === undefined ? authentication.user : await change(transaction)
    if (event !== undefined) await audit.record(transaction, event)
    if (isComplete) await credentials.recordPlace(transaction, user.objectId, origin)
    return sessions.signIn(transaction, caller.sessionId, { ...authentication, user, use: origin })
  })
  reply.header('set-cookie', jar.write(jar.sessionName, id))
  if (!isComplete) return
  senders.note(origin.remoteAddress)
  const known = knownBrowsers.write(caller.known, authentication.user.objectId)
  reply.header('set-cookie', jar.write(jar.knownName, known, knownBrowsers.maxAgeSeconds))
}
