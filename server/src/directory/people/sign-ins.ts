import { randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import type { Origin } from '../../platform/http/app.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { parseGuid } from '../../standards/azure/guid.ts'
import { type ProvedUser, requireProof, requireWhole } from './proof-standing.ts'
import type { DirectoryStore } from '../store.ts'
import type { SecondFactorRules } from './second-factor-policy.ts'
import type { SignInRow } from './people-rows.ts'

/** When somebody was authenticated by a provider that does not say when. */
export const unknownInstantMs = 0

/** One proof of a person. Tokens of people carry its id, and are refused as soon as it has ended. */
export type SignIn = {
  readonly id: string
  readonly objectId: string
  /** The application that the person signed in to. */
  readonly clientId: string
  /** Authentication method references, as `pwd`, `otp`, `mfa`, `hwk`, `fed`. [RFC 8176] */
  readonly methods: readonly string[]
  /** {@link unknownInstantMs} where the provider does not say. */
  readonly authenticatedAtMs: number
  readonly expiresAtMs: number
  readonly createdAtMs: number
  readonly lastUsedAtMs: number
  /** From where it was last used. */
  readonly remoteAddress: string | undefined
  readonly userAgent: string | undefined
}

/** From where a sign-in is used. */
export type SignInUse = Pick<Origin, 'remoteAddress' | 'userAgent'>

export type NewSignIn = Pick<SignIn, 'clientId' | 'methods' | 'authenticatedAtMs'> & {
  readonly use?: SignInUse | undefined
  /** As they were when they were proved. */
  readonly user: ProvedUser
  /** Something is left to prove: nothing may come of it but that. */
  readonly isPartial?: boolean
  /** From now. */
  readonly lifetimeMs: number
}

export type SignInsOptions = {
  readonly store: DirectoryStore
  readonly rules: SecondFactorRules
  readonly clock: Clock
  /** Until when the last proof of a person by another provider holds. */
  readonly externalStandsUntilMs: (transaction: Transaction, objectId: string) => Promise<number>
  /** No sign-in lasts longer than this, however often it is renewed. */
  readonly maxSignInMs: number
}

/** Keeps the sign-ins of people. One that another provider proved lives no longer than that holds, whoever asks for more. */
export function createSignIns({ store, rules, clock, externalStandsUntilMs, maxSignInMs }: SignInsOptions) {
  /** The setting counts for sign-ins that were made before it was lowered as well. */
  const endsAtMs = (row: Pick<SignInRow, 'expires_at_ms' | 'created_at_ms' | 'authenticated_at_ms'>) =>
    Math.min(row.expires_at_ms, createdAtMs(row) + maxSignInMs)
  async function endOf(
    transaction: Transaction,
    { objectId, methods }: Pick<SignIn, 'objectId' | 'methods'>,
    wantedMs: number,
  ): Promise<number> {
    // Whom another provider proves has no other proof that could hold longer, whatever they have set up here.
    const isExternal = methods.includes('fed') || (await store.user(transaction, objectId))?.external === 1
    return isExternal ? Math.min(wantedMs, await externalStandsUntilMs(transaction, objectId)) : wantedMs
  }

  return {
    recordSignIn: async (transaction: Transaction, signIn: NewSignIn): Promise<SignIn> => {
      const nowMs = clock.now()
      const user = await requireProof(store, transaction, signIn.user)
      if (signIn.isPartial !== true) await requireWhole(rules, transaction, user, signIn.methods)
      const row: SignInRow = {
        id: randomUUID(),
        object_id: user.object_id,
        client_id: signIn.clientId,
        methods: signIn.methods.join(' '),
        authenticated_at_ms: signIn.authenticatedAtMs,
        expires_at_ms: await endOf(transaction, { ...signIn, objectId: user.object_id }, nowMs + signIn.lifetimeMs),
        created_at_ms: nowMs,
        ...useColumns(nowMs, signIn.use),
      }
      await store.deleteEndedSignInsOf(transaction, row.object_id, nowMs)
      await store.insertSignIn(transaction, row)
      return toSignIn(row)
    },
    touchSignIn: async (transaction: Transaction, id: string, lifetimeMs: number): Promise<void> => {
      const nowMs = clock.now()
      const row = await store.signInWithin(transaction, id)
      if (row === undefined) return
      const wantedMs = Math.min(nowMs + lifetimeMs, createdAtMs(row) + maxSignInMs)
      const untilMs = await endOf(transaction, toSignIn(row), wantedMs)
      await store.extendSignIn(transaction, id, { nowMs, untilMs })
    },
    findSignIn: async (idText: string): Promise<SignIn | undefined> => {
      const id = parseGuid(idText)
      const row = id === undefined ? undefined : await store.signIn(id)
      return row === undefined || clock.now() >= endsAtMs(row) ? undefined : toSignIn(row)
    },
    noteSignInUse: async (transaction: Transaction, id: string, use: SignInUse): Promise<void> => {
      await store.noteSignInUse(transaction, id, useColumns(clock.now(), use))
    },
    /** Until when a sign-in stands by itself, as long as the person is enabled. */
    standsUntilMs: async (objectId: string, id: string): Promise<number | undefined> => {
      const row = await store.signInOf(objectId, id)
      return row?.enabled === 1 ? endsAtMs(row) : undefined
    },
    signInsOf: async (objectId: string): Promise<readonly SignIn[]> =>
      (await store.signInsOf(objectId, clock.now())).filter((row) => clock.now() < endsAtMs(row)).map(toSignIn),
    endSignIn: async (transaction: Transaction, idText: string): Promise<boolean> => {
      transaction.changesAuthority()
      const id = parseGuid(idText)
      return id !== undefined && (await store.deleteSignIn(transaction, id))
    },
    endSignInsTo: async (transaction: Transaction, objectId: string, clientId: string): Promise<void> => {
      transaction.changesAuthority()
      await store.endSignInsOfTo(transaction, objectId, clientId)
    },
    endSignInsOf: async (transaction: Transaction, objectId: string): Promise<void> => {
      transaction.changesAuthority()
      await store.endSignInsOf(transaction, objectId)
    },
  }
}

function createdAtMs(row: Pick<SignInRow, 'created_at_ms' | 'authenticated_at_ms'>): number {
  return row.created_at_ms === 0 ? row.authenticated_at_ms : row.created_at_ms
}

const maxTextLength = 512

/** What a client says of itself is bounded, and holds nothing that a database refuses. */
function useColumns(nowMs: number, use: SignInUse | undefined) {
  const userAgent = use?.userAgent
    ?.slice(0, maxTextLength)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, '\ufffd')
  return { last_used_at_ms: nowMs, remote_address: use?.remoteAddress ?? null, user_agent: userAgent ?? null }
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
