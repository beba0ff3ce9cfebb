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

/** The time of an authentication at a provider that does not say when it was. */
export const unknownInstantMs = 0

/** A sign-in of a user. Tokens of users contain its id, and become invalid when it ends. */
export type SignIn = {
  readonly id: string
  readonly objectId: string
  /** The application that the user signed in to. */
  readonly clientId: string
  /** Authentication method references, as `pwd`, `otp`, `mfa`, `hwk`, `fed`. [RFC 8176] */
  readonly methods: readonly string[]
  /** {@link unknownInstantMs} if the provider does not say. */
  readonly authenticatedAtMs: number
  readonly expiresAtMs: number
  readonly createdAtMs: number
  readonly lastUsedAtMs: number
  /** The address of its last use. */
  readonly remoteAddress: string | undefined
  readonly userAgent: string | undefined
}

/** The address and client of a use of a sign-in. */
export type SignInUse = Pick<Origin, 'remoteAddress' | 'userAgent'>

export type NewSignIn = Pick<SignIn, 'clientId' | 'methods' | 'authenticatedAtMs'> & {
  readonly use?: SignInUse | undefined
  /** The user at the time of the authentication. */
  readonly user: AuthenticatedUser
  /** The authentication is incomplete, and the sign-in only serves to complete it. */
  readonly isPartial?: boolean
  /** From now. */
  readonly lifetimeMs: number
}

/** A sign-in that is in use, with the user as read at that moment. */
export type UsedSignIn = { readonly user: AuthenticatedUser; readonly signInId: string }

export type SignInsOptions = {
  readonly store: SignInStore
  readonly directory: Pick<Directory, 'authentication' | 'externalSignInExpiresAtMs' | 'findUser'>
  readonly rules: SecondFactorRules
  readonly clock: Clock
  /** No sign-in lasts longer, however often it is renewed. */
  readonly maxSignInMs: number
}

/** Creates the sign-ins of users. A sign-in by another provider lasts no longer than the provider allows. */
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
      // Repeated uses of a code that was used already must not cause every caller to be authorized again.
      if (isEnded) transaction.changesAuthority()
      return isEnded
    },
    endSignInsTo: async (transaction: Transaction, objectId: string, clientId: string): Promise<void> => {
      transaction.changesAuthority()
      await store.endSignInsOfTo(transaction, objectId, clientId)
    },
    /** Ends all sign-ins of a user, and invalidates authentications that have not become a sign-in. */
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
    /** When the sign-in ends, if it is one of the user and the user is enabled. */
    validUntilMs: async (objectId: string, id: string): Promise<number | undefined> => {
      const row = await store.byId(id)
      if (row?.object_id !== objectId) return undefined
      return (await directory.findUser(objectId))?.enabled === true ? endsAtMs(row, maxSignInMs) : undefined
    },
  }
}

/** A user of another provider has no sign-in that outlasts the one there, with any method. */
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

/** When a sign-in ends. A lower setting applies to earlier sign-ins too. */
function endsAtMs(row: SignInRow, maxSignInMs: number): number {
  return Math.min(row.expires_at_ms, createdAtMs(row) + maxSignInMs)
}

function createdAtMs(row: Pick<SignInRow, 'created_at_ms' | 'authenticated_at_ms'>): number {
  return row.created_at_ms === 0 ? row.authenticated_at_ms : row.created_at_ms
}

const maxTextLength = 512

/** The columns of a use. The client's text is bounded, without characters that a database rejects. */
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
