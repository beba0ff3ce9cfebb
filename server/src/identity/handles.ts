import { createHash, randomBytes, randomInt } from 'node:crypto'
import type { Credentials } from '../credentials/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import type { RedirectPlatform } from './clients.ts'
import { type HandleKind, type HandleRow, createHandleStore } from './handle-store.ts'
import type { RequestedResource } from './scopes.ts'

/** The person that a handle stands for, and how that was proved. */
export type HandlePerson = {
  readonly objectId: string
  readonly methods: readonly string[]
  readonly authenticatedAtMs: number
}

/** What is bound to each kind of handle when it is made. */
export type HandleData = {
  authorization_code: HandlePerson & {
    readonly tenantId: string
    readonly clientId: string
    readonly redirectUri: string
    readonly codeChallenge: string
    readonly nonce: string | undefined
    readonly scope: string
    readonly resource: RequestedResource
  }
  device_code: {
    readonly tenantId: string
    readonly clientId: string
    readonly scope: string
    readonly resource: RequestedResource
    readonly requestedFrom: string
    readonly answer: HandlePerson | 'declined' | undefined
  }
  user_code: { readonly deviceHash: string }
  refresh_token: HandlePerson & {
    readonly tenantId: string
    readonly clientId: string
    readonly platform: RedirectPlatform
    readonly resource: RequestedResource
    /** How many tokens of the same sign-in it follows; absent for the first. */
    readonly rotations?: number
  }
}

/** A handle that was found. */
export type Handle<Kind extends HandleKind> = {
  readonly hash: string
  readonly data: HandleData[Kind]
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly used: boolean
  readonly signInId: string | undefined
}

/** What became of the attempt to use a handle up. */
export type Use<Kind extends HandleKind> =
  | { readonly outcome: 'used'; readonly handle: Handle<Kind> }
  | { readonly outcome: 'unknown' | 'expired' }
  /** It had been used up: somebody else has it too, so the sign-in that came of it has ended. */
  | { readonly outcome: 'replayed' }

/** So that a text is looked up as one kind alone, and scanners of sources know a refresh token when they see one. */
const prefixes = {
  authorization_code: 'acrux_ac_',
  device_code: 'acrux_dc_',
  refresh_token: 'acrux_rt_',
} as const satisfies Partial<Record<HandleKind, string>>

/** No vowels, which make words, and nothing that is read as something else: 24 characters, 41 bits in nine. [RFC 8628 §6.1] */
const userCodeAlphabet = 'BCDFGHJKLMNPQRTVWXYZ3479'
const userCodeLength = 9
const userCodePattern = new RegExp(`^[${userCodeAlphabet}]{${userCodeLength}}$`)
const longestHandle = 128

/** How many of those that were used up are remembered of one person. */
const usedLimit = 500

/** How many open handles of a kind one person may have at a time; the oldest give way, and their sign-ins end. */
const personLimits: Partial<Record<HandleKind, number>> = { authorization_code: 20, refresh_token: 200 }

export type Handles = ReturnType<typeof createHandles>

/** What is given out in place of a sign-in: random, stored as its hash, used up by one atomic update. */
export function createHandles(options: {
  readonly database: Database
  readonly clock: Clock
  readonly credentials: Credentials
}) {
  const { database, clock, credentials } = options
  const store = createHandleStore(database)

  function toHandle<Kind extends HandleKind>(row: HandleRow): Handle<Kind> {
    return {
      hash: row.hash,
      // The text is our own.
      data: JSON.parse(row.data) as HandleData[Kind],
      createdAtMs: row.created_at_ms,
      expiresAtMs: row.expires_at_ms,
      used: row.used_at_ms !== null,
      signInId: row.sign_in_id ?? undefined,
    }
  }

  return {
    /** Stores what `text` stands for. Gives its hash. */
    put: async <Kind extends HandleKind>(
      transaction: Transaction,
      kind: Kind,
      text: string,
      handle: {
        readonly data: HandleData[Kind]
        readonly lifetimeMs: number
        readonly objectId?: string
        readonly signInId?: string
      },
    ): Promise<string> => {
      const nowMs = clock.now()
      const hash = hashOf(text)
      await store.prune(transaction, nowMs)
      const { data, lifetimeMs, objectId, signInId } = handle
      await store.insert(transaction, {
        hash,
        kind,
        data: JSON.stringify(data),
        created_at_ms: nowMs,
        expires_at_ms: nowMs + lifetimeMs,
        kept_until_ms: nowMs + lifetimeMs,
        used_at_ms: null,
        object_id: objectId ?? null,
        sign_in_id: signInId ?? null,
      })
      const limit = personLimits[kind]
      if (objectId === undefined || limit === undefined) return hash
      const removed = await store.removeOldest(transaction, { kind, objectId, used: false }, hash, limit - 1)
      for (const id of removed) await credentials.endSignIn(transaction, id)
      // What was used up goes without its sign-in, which lives on by other means.
      await store.removeOldest(transaction, { kind, objectId, used: true }, hash, usedLimit)
      return hash
    },

    /** One that has neither expired nor been used up. */
    find: async <Kind extends HandleKind>(kind: Kind, text: string): Promise<Handle<Kind> | undefined> => {
      const row = text.length > longestHandle ? undefined : await store.find(kind, hashOf(text))
      return row === undefined || !isOpen(row, clock.now()) ? undefined : toHandle(row)
    },

    /** One whether it has expired, been used up, or not. */
    findAny: async <Kind extends HandleKind>(kind: Kind, text: string): Promise<Handle<Kind> | undefined> => {
      const row = text.length > longestHandle ? undefined : await store.find(kind, hashOf(text))
      return row === undefined ? undefined : toHandle(row)
    },

    /** One by its hash, which another handle keeps. */
    findByHash: async <Kind extends HandleKind>(kind: Kind, hash: string): Promise<Handle<Kind> | undefined> => {
      const row = await store.find(kind, hash)
      return row === undefined || !isOpen(row, clock.now()) ? undefined : toHandle(row)
    },

    /** Uses one up. Of all who try at once, one succeeds; a second use ends the sign-in of the first. [RFC 6749 §4.1.2] */
    use: async <Kind extends HandleKind>(transaction: Transaction, kind: Kind, text: string): Promise<Use<Kind>> => {
      if (text.length > longestHandle) return { outcome: 'unknown' }
      const nowMs = clock.now()
      const hash = hashOf(text)
      const won = await store.use(transaction, { kind, hash, nowMs })
      const row = await store.findWithin(transaction, kind, hash)
      if (row === undefined) return { outcome: 'unknown' }
      if (won) return { outcome: 'used', handle: toHandle(row) }
      if (row.used_at_ms === null) return { outcome: 'expired' }
      if (row.sign_in_id !== null) await credentials.endSignIn(transaction, row.sign_in_id)
      return { outcome: 'replayed' }
    },

    /** Changes the data of one that is open, and whom it stands for. False when it is not open any more. */
    bind: <Kind extends HandleKind>(
      transaction: Transaction,
      kind: Kind,
      hash: string,
      change: { readonly data: HandleData[Kind]; readonly objectId?: string; readonly signInId?: string },
    ): Promise<boolean> =>
      store.update(
        transaction,
        { kind, hash, nowMs: clock.now() },
        {
          data: JSON.stringify(change.data),
          ...(change.objectId === undefined ? {} : { object_id: change.objectId }),
          ...(change.signInId === undefined ? {} : { sign_in_id: change.signInId }),
        },
      ),

    /** Lets an open one live for so long from now. */
    prolong: (transaction: Transaction, kind: HandleKind, hash: string, lifetimeMs: number): Promise<boolean> => {
      const nowMs = clock.now()
      const untilMs = nowMs + lifetimeMs
      return store.update(transaction, { kind, hash, nowMs }, { expires_at_ms: untilMs, kept_until_ms: untilMs })
    },
  }
}

/** A new handle: 256 bits. */
export function makeHandle(kind: keyof typeof prefixes): string {
  return prefixes[kind] + randomBytes(32).toString('base64url')
}

/** A code that a person can read from one screen and type at another. */
export function makeUserCode(): string {
  const characters = Array.from({ length: userCodeLength }, () => userCodeAlphabet[randomInt(userCodeAlphabet.length)])
  return characters.join('')
}

/** What somebody typed as a user code, in the one spelling; undefined when it cannot be one. */
export function parseUserCode(text: string): string | undefined {
  if (text.length > 64) return undefined
  const code = text.replaceAll(/[\s-]/g, '').toUpperCase()
  return userCodePattern.test(code) ? code : undefined
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function isOpen(row: HandleRow, nowMs: number): boolean {
  return row.used_at_ms === null && nowMs < row.expires_at_ms
}
