import type { Directory, User } from '../../directory/index.ts'
import type { Credentials, SignInUse } from '../../credentials/index.ts'
import { hashId, newId } from '../../platform/keys/random-id.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { BrowserAccountRow, SessionStore } from './session-store.ts'

/** The steps that may remain after a correct password, in this order. */
export type Remaining = 'second-factor' | 'new-password' | 'enrolment'

/** A person who is signed in, or signing in, in one browser. */
export type Account = {
  readonly user: User
  readonly signInId: string
  /** The authentication methods, as in `amr`. [RFC 8176] */
  readonly methods: readonly string[]
  readonly authenticatedAtMs: number
}

/** A person who must still complete some steps. Only the first of the steps is available. */
export type PendingAccount = Account & { readonly remaining: readonly [Remaining, ...Remaining[]] }

/** The session of a browser, with all its accounts. */
export type BrowserSession = {
  readonly accounts: readonly Account[]
  readonly pending: PendingAccount | undefined
}

/** A successful authentication, complete or with remaining steps. */
export type Authentication = {
  /** The user at the time of the authentication. */
  readonly user: User
  readonly methods: readonly string[]
  readonly authenticatedAtMs: number
  readonly remaining: readonly Remaining[]
  /** The maximum duration of the sign-in. Default: seven days. */
  readonly lifetimeMs?: number | undefined
  /** The address and user agent of the sign-in. */
  readonly use?: SignInUse | undefined
}

export type SessionOptions = {
  readonly database: Database
  readonly store: SessionStore
  readonly credentials: Credentials
  readonly directory: Directory
  readonly clock: Clock
}

/** The client id of sign-ins at our own pages in the directory. */
export const pagesClientId = 'acrux-pages'

const idleMs = 12 * 60 * 60 * 1000
const absoluteMs = 7 * 24 * 60 * 60 * 1000
const pendingMs = 10 * 60 * 1000
/** The last use of a session is recorded at most this often. */
const touchMs = 5 * 60 * 1000
const maxAccounts = 10

export type Sessions = ReturnType<typeof createSessions>

/**
 * The sessions of browsers. A session has a random id, stored as a hash. It gets a new id at every sign-in, sign-out and
 * further authentication, so an id that was planted or seen before is useless. Each account in it is a sign-in of the
 * directory. When that sign-in ends, because the user was disabled, changed their password or signed out everywhere, the
 * account is no longer in the session at the next request. [OWASP Session Management Cheat Sheet]
 */
export function createSessions(options: SessionOptions) {
  return {
    /** The session with the id in the cookie. */
    read: createSessionReader(options),
    ...createSessionChanges(options),
  }
}

function createSessionReader({ database, store, credentials, directory, clock }: SessionOptions) {
  async function readAccount(row: BrowserAccountRow): Promise<Account | undefined> {
    // The user is read first, so that a revocation after this point is detected when the account is used.
    const user = await directory.findUser(row.object_id)
    const signIn = { kind: 'sign-in', id: row.sign_in_id } as const
    if (user === undefined || !(await credentials.credentialStands(row.object_id, signIn))) return undefined
    const methods = row.methods.split(' ')
    if (row.remaining === '' && (await needsMore(user, methods))) return undefined
    return { user, signInId: row.sign_in_id, methods, authenticatedAtMs: row.authenticated_at_ms }
  }

  /** Whether the methods of a completed sign-in are no longer sufficient. */
  async function needsMore({ objectId, mustChangePassword }: User, methods: readonly string[]): Promise<boolean> {
    if (mustChangePassword && methods.includes('pwd')) return true
    return (await credentials.secondFactorDue(objectId, methods)) !== undefined
  }

  return async function read(id: string | undefined, use?: SignInUse): Promise<BrowserSession | undefined> {
    if (id === undefined) return undefined
    const idHash = hashId(id)
    const session = await store.session(idHash)
    const nowMs = clock.now()
    if (session === undefined || nowMs - session.last_seen_at_ms >= idleMs) return undefined
    if (nowMs - session.last_seen_at_ms >= touchMs) {
      await database.transaction(async (transaction) => {
        await store.touchSession(transaction, idHash, nowMs)
        if (use === undefined) return
        for (const { sign_in_id: signInId } of await store.accountsWithin(transaction, idHash, nowMs - idleMs)) {
          await credentials.recordSignInUse(transaction, signInId, use)
        }
      })
    }
    const accounts: Account[] = []
    let pending: PendingAccount | undefined
    for (const row of await store.accounts(idHash)) {
      const account = await readAccount(row)
      if (account === undefined) continue
      const [first, ...others] = row.remaining === '' ? [] : (row.remaining.split(' ') as Remaining[])
      if (first === undefined) accounts.push(account)
      else pending ??= { ...account, remaining: [first, ...others] }
    }
    return accounts.length === 0 && pending === undefined ? undefined : { accounts, pending }
  }
}

function createSessionChanges({ store, credentials, clock }: SessionOptions) {
  /** Creates a session with a new id, `added`, and the accounts of the old session that `isKept` selects, unless it expired. */
  async function renew(
    transaction: Transaction,
    oldId: string | undefined,
    isKept: (row: BrowserAccountRow) => boolean,
    added?: Omit<BrowserAccountRow, 'id_hash'>,
  ): Promise<string> {
    const id = newId()
    const idHash = hashId(id)
    const nowMs = clock.now()
    const rows: BrowserAccountRow[] = added === undefined ? [] : [{ ...added, id_hash: idHash }]
    if (oldId !== undefined) {
      for (const row of await store.accountsWithin(transaction, hashId(oldId), nowMs - idleMs)) {
        if (isKept(row) && rows.length < maxAccounts) rows.push({ ...row, id_hash: idHash })
        else await credentials.endSignIn(transaction, row.sign_in_id)
      }
      await store.deleteSession(transaction, hashId(oldId))
    }
    await store.deleteIdleSessions(transaction, nowMs - idleMs)
    if (rows.length > 0) await store.insertSession(transaction, { id_hash: idHash, last_seen_at_ms: nowMs }, rows)
    return id
  }

  async function add(
    transaction: Transaction,
    oldId: string | undefined,
    { user, methods, authenticatedAtMs, remaining, use, lifetimeMs = absoluteMs }: Authentication,
  ): Promise<string> {
    const isDone = remaining.length === 0
    const signIn = await credentials.recordSignIn(transaction, {
      user,
      isPartial: !isDone,
      clientId: pagesClientId,
      methods,
      authenticatedAtMs,
      use,
      lifetimeMs: isDone ? lifetimeMs : pendingMs,
    })
    const row = {
      object_id: user.objectId,
      sign_in_id: signIn.id,
      remaining: remaining.join(' '),
      methods: methods.join(' '),
      authenticated_at_ms: authenticatedAtMs,
    }
    const isKept = (old: BrowserAccountRow) => old.remaining === '' && !(isDone && old.object_id === user.objectId)
    return renew(transaction, oldId, isKept, row)
  }

  return {
    /**
     * Adds an authenticated person, and returns the new id of the session. When no steps remain, earlier sign-ins of the same
     * person in this browser end.
     */
    signIn: add,
    /** Ends the sign-ins of these accounts, or of all, in this browser only. Returns the new id of the session. */
    signOut: (transaction: Transaction, oldId: string, objectIds: readonly string[] | 'all'): Promise<string> =>
      renew(transaction, oldId, ({ object_id }) => objectIds !== 'all' && !objectIds.includes(object_id)),
  }
}
