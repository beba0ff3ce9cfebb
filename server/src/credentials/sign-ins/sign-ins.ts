import { plainLine } from '@acrux/shared/standards/http/plain-text.ts'
import { randomUUID } from 'node:crypto'
import type { Directory } from '../../directory/index.ts'
import type { Origin } from '../../platform/http/app.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { SignInRow } from '../records/rows.ts'
import type { SecondFactorRules } from '../second-factors/second-factor-policy.ts'
import {
  AuthenticationRejectedError,
  type AuthenticatedUser,
  requireCompleteAuthentication,
  requireValidAuthentication,
} from './authentication.ts'
import type { SignInStore } from './sign-in-store.ts'

/** The time of an authentication at a provider that does not report the time. */
export const unknownInstantMs = 0

/** A sign-in of a user. The tokens of the user contain the id of the sign-in, and become invalid when the sign-in ends. */
export type SignIn = {
  readonly id: string
  readonly objectId: string
  /** The application for which the user signed in. */
  readonly clientId: string
  /** Authentication method references, such as `pwd`, `otp`, `mfa`, `hwk`, `fed`. [RFC 8176] */
  readonly methods: readonly string[]
  /** The time of the authentication, or {@link unknownInstantMs} if the provider does not report the time. */
  readonly authenticatedAtMs: number
  readonly expiresAtMs: number
  readonly createdAtMs: number
  readonly lastUsedAtMs: number
  /** The address from which the sign-in was last used. */
  readonly remoteAddress: string | undefined
  readonly userAgent: string | undefined
}

/** The address and client that used a sign-in. */
export type SignInUse = Pick<Origin, 'remoteAddress' | 'userAgent'>

export type NewSignIn = Pick<SignIn, 'clientId' | 'methods' | 'authenticatedAtMs'> & {
  readonly use?: SignInUse | undefined
  /** The user at the time of the authentication. */
  readonly user: AuthenticatedUser
  /** Whether the authentication is incomplete. The user can use the sign-in only to complete the authentication. */
  readonly isPartial?: boolean
  /** The lifetime of the sign-in from now. */
  readonly lifetimeMs: number
}

/** A sign-in that a request uses, with the user as read at the time of the request. */
export type UsedSignIn = { readonly user: AuthenticatedUser; readonly signInId: string }

export type SignInsOptions = {
  readonly store: SignInStore
  readonly directory: Pick<Directory, 'authentication' | 'externalSignInExpiresAtMs' | 'findUser'>
  readonly rules: SecondFactorRules
  readonly clock: Clock
  /** The maximum lifetime of a sign-in, including all its renewals. */
  readonly maxSignInMs: number
}

/** Creates the sign-ins of users. A sign-in at another provider ends at the latest when the provider's sign-in ends. */
export function createSignIns(options: SignInsOptions) {
  const { store, directory, rules, clock, maxSignInMs } = options
  return {
    recordSignIn: async (transaction: Transaction, signIn: NewSignIn): Promise<SignIn> => {
      const nowMs = clock.now()
      const user = await requireValidAuthentication(directory.authentication, transaction, signIn.user)
      if (signIn.isPartial !== true) await requireCompleteAuthentication(rules, transaction, user, signIn.methods)
      const { objectId } = user
      const row: SignInRow = {
        id: randomUUID(),
        object_id: objectId,
        client_id: signIn.clientId,
        methods: signIn.methods.join(' '),
        authenticated_at_ms: signIn.authenticatedAtMs,
        expires_at_ms: await endOf(directory, transaction, { ...signIn, objectId }, nowMs + signIn.lifetimeMs),
        created_at_ms: nowMs,
        ...useColumns(nowMs, signIn.use),
      }
      await store.deleteEndedSignInsOf(transaction, objectId, nowMs)
      await store.insertSignIn(transaction, row)
      return toSignIn(row)
    },
    requireSignIn: async (transaction: Transaction, { user, signInId }: UsedSignIn): Promise<void> => {
      await requireValidAuthentication(directory.authentication, transaction, user)
      const row = await store.signInWithin(transaction, signInId)
      if (row?.object_id !== user.objectId || clock.now() >= endsAtMs(row, maxSignInMs))
        throw new AuthenticationRejectedError('outdated')
    },
    touchSignIn: async (transaction: Transaction, id: string, lifetimeMs: number): Promise<void> => {
      const nowMs = clock.now()
      const row = await store.signInWithin(transaction, id)
      if (row === undefined) return
      const wantedMs = Math.min(nowMs + lifetimeMs, createdAtMs(row) + maxSignInMs)
      const untilMs = await endOf(directory, transaction, toSignIn(row), wantedMs)
      await store.extendSignIn(transaction, id, { nowMs, untilMs })
    },
    recordSignInUse: async (transaction: Transaction, id: string, use: SignInUse): Promise<void> => {
      await store.recordSignInUse(transaction, id, useColumns(clock.now(), use))
    },
    ...createSignInEnds(options),
    ...createSignInReads(options),
  }
}

function createSignInEnds({ store, directory }: SignInsOptions) {
  return {
    endSignIn: async (transaction: Transaction, idText: string): Promise<boolean> => {
      const id = parseGuid(idText)
      const isEnded = id !== undefined && (await store.deleteSignIn(transaction, id))
      // A client may send a used code again. These repeated uses must not cause the server to authorize every caller again.
      if (isEnded) transaction.changesAuthority()
      return isEnded
    },
    endSignInsTo: async (transaction: Transaction, objectId: string, clientId: string): Promise<void> => {
      transaction.changesAuthority()
      await store.endSignInsOfTo(transaction, objectId, clientId)
    },
    /** Ends all sign-ins of a user, and invalidates authentications for which no sign-in exists yet. */
    endSignInsOf: async (transaction: Transaction, objectId: string): Promise<void> => {
      transaction.changesAuthority()
      await directory.authentication.advanceRevision(transaction, objectId)
      await store.deleteSignInsOf(transaction, objectId)
    },
  }
}

function createSignInReads({ store, directory, clock, maxSignInMs }: SignInsOptions) {
  return {
    findSignIn: async (idText: string): Promise<SignIn | undefined> => {
      const id = parseGuid(idText)
      const row = id === undefined ? undefined : await store.signIn(id)
      return row === undefined || clock.now() >= endsAtMs(row, maxSignInMs) ? undefined : toSignIn(row)
    },
    signInsOf: async (objectId: string): Promise<readonly SignIn[]> =>
      (await store.signInsOf(objectId, clock.now()))
        .filter((row) => clock.now() < endsAtMs(row, maxSignInMs))
        .map(toSignIn),
    /** The time at which the sign-in ends, if the sign-in belongs to the user and the user is enabled. */
    validUntilMs: async (objectId: string, id: string): Promise<number | undefined> => {
      const row = await store.byId(id)
      if (row?.object_id !== objectId) return undefined
      return (await directory.findUser(objectId))?.enabled === true ? endsAtMs(row, maxSignInMs) : undefined
    },
  }
}

/**
 * If a user belongs to another provider, the sign-in ends at the latest when the sign-in at the provider ends, for every authentication
 * method.
 */
async function endOf(
  directory: SignInsOptions['directory'],
  transaction: Transaction,
  { objectId, methods }: Pick<SignIn, 'objectId' | 'methods'>,
  wantedMs: number,
): Promise<number> {
  const isExternal =
    methods.includes('fed') || (await directory.authentication.find(objectId, transaction))?.external === true
  return isExternal ? Math.min(wantedMs, await directory.externalSignInExpiresAtMs(transaction, objectId)) : wantedMs
}

/** The time at which a sign-in ends. If an operator lowers the setting, the new value applies to earlier sign-ins too. */
function endsAtMs(row: SignInRow, maxSignInMs: number): number {
  return Math.min(row.expires_at_ms, createdAtMs(row) + maxSignInMs)
}

function createdAtMs(row: Pick<SignInRow, 'created_at_ms' | 'authenticated_at_ms'>): number {
  return row.created_at_ms === 0 ? row.authenticated_at_ms : row.created_at_ms
}

const maxTextLength = 512

/** The columns that record a use of a sign-in. The text of the client is shortened, and has no characters that a database rejects. */
function useColumns(nowMs: number, use: SignInUse | undefined) {
  const userAgent = use?.userAgent === undefined ? null : plainLine(use.userAgent.slice(0, maxTextLength))
  return { last_used_at_ms: nowMs, remote_address: use?.remoteAddress ?? null, user_agent: userAgent }
}

function toSignIn(row: SignInRow): SignIn {
  return {
    id: row.id,
    objectId: row.object_id,
    clientId: row.client_id,
    methods: row.methods === '' ? [] : row.methods.split(' '),
    authenticatedAtMs: row.authenticated_at_ms,
    expiresAtMs: row.expires_at_ms,
    createdAtMs: createdAtMs(row),
    lastUsedAtMs: row.last_used_at_ms === 0 ? createdAtMs(row) : row.last_used_at_ms,
    remoteAddress: row.remote_address ?? undefined,
    userAgent: row.user_agent ?? undefined,
  }
}
