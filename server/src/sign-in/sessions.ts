import type { Credentials, SignInUse } from '../credentials/index.ts'
import type { Directory, User } from '../directory/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import { hashId, newId } from './browser.ts'
import type { BrowserAccountRow, SignInStore } from './store.ts'

/** What is still between a proved password and being signed in, in this order. */
export type Remaining = 'second-factor' | 'new-password' | 'enrolment'

/** Somebody who is signed in, or about to be, in one browser. */
export type Account = {
  readonly user: User
  readonly signInId: string
  /** How they were proved, as `amr` tells it. [RFC 8176] */
  readonly methods: readonly string[]
  readonly authenticatedAtMs: number
}

/** Somebody whose password was right, and who may do nothing yet but the first of what remains. */
export type PendingAccount = Account & { readonly remaining: readonly [Remaining, ...Remaining[]] }

/** One browser's session, with everybody who is signed in there. */
export type BrowserSession = {
  readonly accounts: readonly Account[]
  readonly pending: PendingAccount | undefined
}

export type Proof = {
  /** As they were when they were proved. */
  readonly user: User
  readonly methods: readonly string[]
  readonly authenticatedAtMs: number
  readonly remaining: readonly Remaining[]
  /** The longest that this sign-in may last; seven days where it is not shorter. */
  readonly lifetimeMs?: number | undefined
  /** From where. */
  readonly use?: SignInUse | undefined
}

export type SessionOptions = {
  readonly database: Database
  readonly store: SignInStore
  readonly credentials: Credentials
  readonly directory: Directory
  readonly clock: Clock
}

/** Under which client id the directory lists what is signed in at our own pages. */
export const pagesClientId = 'acrux-pages'

const idleMs = 12 * 60 * 60 * 1000
const absoluteMs = 7 * 24 * 60 * 60 * 1000
const pendingMs = 10 * 60 * 1000
/** A session is not written at every request. */
const touchMs = 5 * 60 * 1000
const accountLimit = 10

export type Sessions = ReturnType<typeof createSessions>

/**
 * The sessions of browsers. A session is known by a random id of which the hash is stored, and gets a new id whenever
 * somebody signs in or out or proves more of themselves, so that an id that was planted or seen before is worth nothing. Each
 * account in it is a sign-in of the directory: when that has ended, because the user was disabled, has another password or
 * signed out everywhere, the account is gone at the next request. [OWASP Session Management Cheat Sheet]
 */
export function createSessions({ database, store, credentials, directory, clock }: SessionOptions) {
  async function standing(row: BrowserAccountRow): Promise<Account | undefined> {
    // In this order: what is taken away after the user was read is noticed by whatever is made of it.
    const user = await directory.findUser(row.object_id)
    const signIn = { kind: 'sign-in', id: row.sign_in_id } as const
    if (user === undefined || !(await credentials.credentialStands(row.object_id, signIn))) return undefined
    const methods = row.methods.split(' ')
    if (row.remaining === '' && (await needsMore(user, methods))) return undefined
    return { user, signInId: row.sign_in_id, methods, authenticatedAtMs: row.authenticated_at_ms }
  }

  /** Whether a password, which was enough when it was shown, is enough no more. */
  async function needsMore({ objectId, mustChangePassword }: User, methods: readonly string[]): Promise<boolean> {
    if (mustChangePassword && methods.includes('pwd')) return true
    return (await credentials.secondFactorDue(objectId, methods)) !== undefined
  }

  async function read(id: string | undefined, use?: SignInUse): Promise<BrowserSession | undefined> {
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
          await credentials.noteSignInUse(transaction, signInId, use)
        }
      })
    }
    const accounts: Account[] = []
    let pending: PendingAccount | undefined
    for (const row of await store.accounts(idHash)) {
      const account = await standing(row)
      if (account === undefined) continue
      const [first, ...others] = row.remaining === '' ? [] : (row.remaining.split(' ') as Remaining[])
      if (first === undefined) accounts.push(account)
      else pending ??= { ...account, remaining: [first, ...others] }
    }
    return accounts.length === 0 && pending === undefined ? undefined : { accounts, pending }
  }

  /** Gives the session another id, with the accounts that `keep` says and one more; of a session that has ended, none. */
  async function renew(
    transaction: Transaction,
    oldId: string | undefined,
    keep: (row: BrowserAccountRow) => boolean,
    added?: Omit<BrowserAccountRow, 'id_hash'>,
  ): Promise<string> {
    const id = newId()
    const idHash = hashId(id)
    const nowMs = clock.now()
    const rows: BrowserAccountRow[] = added === undefined ? [] : [{ ...added, id_hash: idHash }]
    if (oldId !== undefined) {
      for (const row of await store.accountsWithin(transaction, hashId(oldId), nowMs - idleMs)) {
        if (keep(row) && rows.length < accountLimit) rows.push({ ...row, id_hash: idHash })
        else await credentials.endSignIn(transaction, row.sign_in_id)
      }
      await store.deleteSession(transaction, hashId(oldId))
    }
    await store.deleteIdleSessions(transaction, nowMs - idleMs)
    if (rows.length > 0) await store.insertSession(transaction, { id_hash: idHash, last_seen_at_ms: nowMs }, rows)
    return id
  }

  return {
    /** Who is signed in, by the id of the cookie. */
    read,
    /**
     * Takes in somebody who proved who they are, wholly or in part, and returns the session's new id. What the same person had
     * in this browser ends once nothing remains.
     */
    signIn: (transaction: Transaction, oldId: string | undefined, proof: Proof): Promise<string> =>
      add(transaction, oldId, proof),
    /** Ends these accounts, or everybody's, in this browser alone. Returns the session's new id. */
    signOut: (transaction: Transaction, oldId: string, objectIds: readonly string[] | 'all'): Promise<string> =>
      renew(transaction, oldId, ({ object_id }) => objectIds !== 'all' && !objectIds.includes(object_id)),
  }

  async function add(
    transaction: Transaction,
    oldId: string | undefined,
    { user, methods, authenticatedAtMs, remaining, use, lifetimeMs = absoluteMs }: Proof,
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
    const keep = (old: BrowserAccountRow) => old.remaining === '' && !(isDone && old.object_id === user.objectId)
    return renew(transaction, oldId, keep, row)
  }
}
