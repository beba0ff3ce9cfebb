import type { AuditEvent } from '../../audit/index.ts'
import type { User } from '../../directory/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Authentication } from '../sessions/sessions.ts'
import type { Account } from '../sessions/sessions.ts'
import type { Context } from './context.ts'
import type { PageCall } from './page-call.ts'

/** A second factor that a page adds. */
export type NewMethod = {
  readonly kind: 'totp' | 'passkey'
  /** The methods that it adds to the session, as in `amr`. */
  readonly methods: readonly string[]
  /** Returns whether the second factor was added. */
  readonly add: (transaction: Transaction) => Promise<boolean>
}

/** What is recorded in the same transaction as an authentication. */
export type WithAuthentication = {
  readonly event?: AuditEvent
  /** A change of the user. It runs first and returns the changed user. */
  readonly change?: (transaction: Transaction) => Promise<User>
  /** The account of the session that the authentication continues. Its sign-in must not have ended. */
  readonly continues?: Pick<Account, 'user' | 'signInId'>
}

/**
 * Records that a person authenticated, completely or with steps remaining, and sends the cookie of the new session.
 *
 * @throws AuthenticationRejectedError
 */
export async function recordAuthentication(
  context: Context,
  call: PageCall,
  authentication: Authentication,
  { event, change, continues }: WithAuthentication = {},
): Promise<void> {
  const { database, credentials, audit } = context
  const id = await database.transaction(async (transaction) => {
    if (continues !== undefined) await credentials.requireSignIn(transaction, continues)
    const user = change === undefined ? authentication.user : await change(transaction)
    if (event !== undefined) await audit.record(transaction, event)
    return recordSession(context, call, transaction, { ...authentication, user })
  })
  sendSession(context, call, authentication, id)
}

/**
 * Records an authentication in the transaction of another change. Returns the id of the new session, for {@link sendSession}
 * after the commit.
 */
export async function recordSession(
  { credentials, sessions }: Context,
  { caller, origin }: PageCall,
  transaction: Transaction,
  authentication: Authentication,
): Promise<string> {
  const { user, remaining } = authentication
  if (remaining.length === 0) await credentials.recordPlace(transaction, user.objectId, origin)
  return sessions.signIn(transaction, caller.sessionId, { ...authentication, use: origin })
}

/** Sends the cookie of a new session. */
export function sendSession(
  { jar, senders, knownBrowsers }: Context,
  { reply, caller, origin }: PageCall,
  authentication: Authentication,
  id: string,
): void {
  reply.header('set-cookie', jar.write(jar.sessionName, id))
  if (authentication.remaining.length > 0) return
  senders.note(origin.remoteAddress)
  const known = knownBrowsers.write(caller.known, authentication.user.objectId)
  reply.header('set-cookie', jar.write(jar.knownName, known, knownBrowsers.maxAgeSeconds))
}
