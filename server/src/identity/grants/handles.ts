import { createHash, randomBytes, randomInt } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { RedirectPlatform } from '../tokens/clients.ts'
import type { Credentials } from '../../credentials/index.ts'
import { type HandleKind, type HandleRow, createHandleStore } from './handle-store.ts'
import type { RequestedResource } from '../tokens/scopes.ts'

/** The person of a handle, and how they authenticated. */
export type HandlePerson = {
  readonly objectId: string
  readonly methods: readonly string[]
  readonly authenticatedAtMs: number
}

/** The data of a handle, by kind. */
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
    /** The number of previous tokens of the sign-in. Absent for the first. */
    readonly rotations?: number
  }
}

/** A stored handle. */
export type Handle<Kind extends HandleKind> = {
  readonly hash: string
  readonly data: HandleData[Kind]
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly used: boolean
  readonly signInId: string | undefined
}

/** The result of using a handle up. */
export type Use<Kind extends HandleKind> =
  | { readonly outcome: 'used'; readonly handle: Handle<Kind> }
  | { readonly outcome: 'unknown' | 'expired' }
  /** The handle was already used, so an attacker may have a copy. Its sign-in was revoked. */
  | { readonly outcome: 'replayed' }

/** The prefix names the kind, and lets secret scanners recognise a leaked token. */
const prefixes = {
  authorization_code: 'acrux_ac_',
  device_code: 'acrux_dc_',
  refresh_token: 'acrux_rt_',
} as const satisfies Partial<Record<HandleKind, string>>

/** No vowels, which form words, and no ambiguous characters. Nine of 24 characters are 41 bits. [RFC 8628 §6.1] */
const userCodeAlphabet = 'BCDFGHJKLMNPQRTVWXYZ3479'
const userCodeLength = 9
const userCodePattern = new RegExp(`^[${userCodeAlphabet}]{${userCodeLength}}$`)
const maxHandleLength = 128

/** How many used handles of a kind are stored for a person. */
const maxUsed = 500

/** How many open handles of a kind a person may have. Beyond that, the oldest are deleted and their sign-ins revoked. */
const maxOpen: Partial<Record<HandleKind, number>> = { authorization_code: 20, refresh_token: 200 }

type HandleContext = {
  readonly store: ReturnType<typeof createHandleStore>
  readonly clock: Clock
  readonly credentials: Credentials
}

export type Handles = ReturnType<typeof createHandles>

/** Codes and refresh tokens: random texts that are stored as hashes and used up by one atomic update. */
export function createHandles({
  database,
  clock,
  credentials,
}: {
  readonly database: Database
  readonly clock: Clock
  readonly credentials: Credentials
}) {
  const context = { store: createHandleStore(database), clock, credentials }
  return { ...createHandleReads(context), ...createHandleChanges(context) }
}

function createHandleReads({ store, clock }: HandleContext) {
  return {
    /** Finds a handle that is neither expired nor used up. */
    find: async <Kind extends HandleKind>(kind: Kind, text: string): Promise<Handle<Kind> | undefined> => {
      const row = text.length > maxHandleLength ? undefined : await store.find(kind, hashOf(text))
      return row === undefined || !isOpen(row, clock.now()) ? undefined : toHandle(row)
    },

    /** Finds a handle, which may be expired or used up. */
    findAny: async <Kind extends HandleKind>(kind: Kind, text: string): Promise<Handle<Kind> | undefined> => {
      const row = text.length > maxHandleLength ? undefined : await store.find(kind, hashOf(text))
      return row === undefined ? undefined : toHandle(row)
    },

    /** Finds a handle by its hash, which is in the data of another. */
    findByHash: async <Kind extends HandleKind>(kind: Kind, hash: string): Promise<Handle<Kind> | undefined> => {
      const row = await store.find(kind, hash)
      return row === undefined || !isOpen(row, clock.now()) ? undefined : toHandle(row)
    },
  }
}

function createHandleChanges({ store, clock, credentials }: HandleContext) {
  return {
    /** Stores a handle. Returns its hash. */
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
      const limit = maxOpen[kind]
      if (objectId === undefined || limit === undefined) return hash
      const removed = await store.removeOldest(transaction, { kind, objectId, used: false }, hash, limit - 1)
      for (const id of removed) await credentials.endSignIn(transaction, id)
      // Deleting a used handle does not end its sign-in.
      await store.removeOldest(transaction, { kind, objectId, used: true }, hash, maxUsed)
      return hash
    },

    /** Uses a handle up. Of concurrent callers, one succeeds. A second use revokes the sign-in. [RFC 6749 §4.1.2] */
    use: async <Kind extends HandleKind>(transaction: Transaction, kind: Kind, text: string): Promise<Use<Kind>> => {
      if (text.length > maxHandleLength) return { outcome: 'unknown' }
      const nowMs = clock.now()
      const hash = hashOf(text)
      const isFirst = await store.use(transaction, { kind, hash, nowMs })
      const row = await store.findWithin(transaction, kind, hash)
      if (row === undefined) return { outcome: 'unknown' }
      if (isFirst) return { outcome: 'used', handle: toHandle(row) }
      if (row.used_at_ms === null) return { outcome: 'expired' }
      if (row.sign_in_id !== null) await credentials.endSignIn(transaction, row.sign_in_id)
      return { outcome: 'replayed' }
    },

    /** Changes the data and the owner of an open handle. False if it is expired or used up. */
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

    /** Extends the lifetime of an open handle. False if it is expired or used up. */
    extend: (transaction: Transaction, kind: HandleKind, hash: string, lifetimeMs: number): Promise<boolean> => {
      const nowMs = clock.now()
      const untilMs = nowMs + lifetimeMs
      return store.update(transaction, { kind, hash, nowMs }, { expires_at_ms: untilMs, kept_until_ms: untilMs })
    },
  }
}

/** Creates a handle of 256 random bits. */
export function makeHandle(kind: keyof typeof prefixes): string {
  return prefixes[kind] + randomBytes(32).toString('base64url')
}

/** Creates a code that a person can read from one screen and type on another. */
export function makeUserCode(): string {
  const characters = Array.from({ length: userCodeLength }, () => userCodeAlphabet[randomInt(userCodeAlphabet.length)])
  return characters.join('')
}

/** Parses a typed user code into its canonical spelling. */
export function parseUserCode(text: string): string | undefined {
  if (text.length > 64) return undefined
  const code = text.replaceAll(/[\s-]/g, '').toUpperCase()
  return userCodePattern.test(code) ? code : undefined
}

function toHandle<Kind extends HandleKind>(row: HandleRow): Handle<Kind> {
  return {
    hash: row.hash,
    // The text was written by `put`.
    data: JSON.parse(row.data) as HandleData[Kind],
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    used: row.used_at_ms !== null,
    signInId: row.sign_in_id ?? undefined,
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function isOpen(row: HandleRow, nowMs: number): boolean {
  return row.used_at_ms === null && nowMs < row.expires_at_ms
}
