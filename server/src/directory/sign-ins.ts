import { randomUUID } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'
import type { Transaction } from '../platform/sql/database.ts'
import { parseGuid } from '../spec/guid.ts'
import type { DirectoryStore } from './store.ts'
import type { SignInRow } from './people-rows.ts'

/** One proof of a person. Tokens of people carry its id, and are refused as soon as it has ended. */
export type SignIn = {
  readonly id: string
  readonly objectId: string
  /** The application that the person signed in to. */
  readonly clientId: string
  /** Authentication method references, as `pwd`, `otp`, `mfa`, `hwk`, `fed`. [RFC 8176] */
  readonly methods: readonly string[]
  readonly authenticatedAtMs: number
  readonly expiresAtMs: number
}

export type NewSignIn = Omit<SignIn, 'id' | 'expiresAtMs'> & {
  /** From now. */
  readonly lifetimeMs: number
}

/** Keeps the sign-ins of people. */
export function createSignIns({ store, clock }: { readonly store: DirectoryStore; readonly clock: Clock }) {
  return {
    recordSignIn: async (transaction: Transaction, signIn: NewSignIn): Promise<SignIn> => {
      const nowMs = clock.now()
      const row: SignInRow = {
        id: randomUUID(),
        object_id: signIn.objectId,
        client_id: signIn.clientId,
        methods: signIn.methods.join(' '),
        authenticated_at_ms: signIn.authenticatedAtMs,
        expires_at_ms: nowMs + signIn.lifetimeMs,
      }
      await store.deleteEndedSignInsOf(transaction, row.object_id, nowMs)
      await store.insertSignIn(transaction, row)
      return toSignIn(row)
    },
    touchSignIn: async (transaction: Transaction, id: string, lifetimeMs: number): Promise<void> => {
      const nowMs = clock.now()
      await store.extendSignIn(transaction, id, { nowMs, untilMs: nowMs + lifetimeMs })
    },
    findSignIn: async (idText: string): Promise<SignIn | undefined> => {
      const id = parseGuid(idText)
      const row = id === undefined ? undefined : await store.signIn(id)
      return row === undefined || clock.now() >= row.expires_at_ms ? undefined : toSignIn(row)
    },
    /** Until when a sign-in stands by itself, as long as the person is enabled. */
    standsUntilMs: async (objectId: string, id: string): Promise<number | undefined> => {
      const row = await store.signInOf(objectId, id)
      return row?.enabled === 1 ? row.expires_at_ms : undefined
    },
    signInsOf: async (objectId: string): Promise<readonly SignIn[]> =>
      (await store.signInsOf(objectId, clock.now())).map(toSignIn),
    endSignIn: async (transaction: Transaction, idText: string): Promise<boolean> => {
      transaction.changesAuthority()
      const id = parseGuid(idText)
      return id !== undefined && (await store.deleteSignIn(transaction, id))
    },
    endSignInsOf: async (transaction: Transaction, objectId: string): Promise<void> => {
      transaction.changesAuthority()
      await store.deleteSignInsOf(transaction, objectId, undefined)
    },
  }
}

function toSignIn(row: SignInRow): SignIn {
  return {
    id: row.id,
    objectId: row.object_id,
    clientId: row.client_id,
    methods: row.methods === '' ? [] : row.methods.split(' '),
    authenticatedAtMs: row.authenticated_at_ms,
    expiresAtMs: row.expires_at_ms,
  }
}
