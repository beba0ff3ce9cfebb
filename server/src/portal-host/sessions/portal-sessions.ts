import { openText, sealText } from '../../platform/keys/sealed-text.ts'
import { hashId, newId, parseId } from '../../platform/keys/random-id.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { PortalSession, PortalSignIns } from './model.ts'
import { type EndedRow, createPortalSessionStore } from './portal-session-store.ts'

/** A session expires after this time without a request. */
export const idleMs = 60 * 60 * 1000
/** The maximum lifetime of a session. */
export const absoluteMs = 12 * 60 * 60 * 1000
/** The minimum time between two records of the last use. */
const touchMs = 60 * 1000
/** The maximum number of sessions of a person. If there are more, the oldest sessions end. */
export const maxSessionsPerPerson = 10

const maxSealedLength = 1024

export type PortalSessionsOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly sealer: Sealer
  readonly signIns: Pick<PortalSignIns, 'end'>
}

/** A new session. */
export type NewPortalSession = Pick<PortalSession, 'objectId' | 'signInId' | 'refreshToken' | 'authenticatedAtMs'>

export type PortalSessions = ReturnType<typeof createPortalSessions>

/**
 * The sessions of the portal. Each session has a random id. The browser stores the id, and the server stores only its hash. Each session
 * belongs to one sign-in, which ends with the session. If the sign-in of a session has ended, the session gets no tokens. [OWASP Session
 * Management Cheat Sheet]
 */
export function createPortalSessions(options: PortalSessionsOptions) {
  const store = createPortalSessionStore(options.database)
  return { find: createSessionFinder(options, store), ...createSessionChanges(options, store) }
}

type Store = ReturnType<typeof createPortalSessionStore>

/** The purpose for which the refresh token of a session is sealed. */
const sealingContext = (idHash: string) => `refresh token of the portal session ${idHash}`

/** Finds the session with the id in the cookie. The result is undefined if the session has ended or expired. */
function createSessionFinder({ database, clock, sealer }: PortalSessionsOptions, store: Store) {
  return async (cookie: string | undefined): Promise<PortalSession | undefined> => {
    const id = parseId(cookie)
    if (id === undefined) return undefined
    const idHash = hashId(id)
    const row = await store.find(idHash)
    const nowMs = clock.now()
    if (row === undefined) return undefined
    if (nowMs - row.last_seen_at_ms >= idleMs || nowMs - row.created_at_ms >= absoluteMs) return undefined
    const refreshToken = openText(sealer, row.sealed_refresh_token, {
      context: sealingContext(idHash),
      maxLength: maxSealedLength,
    })
    if (typeof refreshToken !== 'string') return undefined
    if (nowMs - row.last_seen_at_ms >= touchMs) {
      await database.transaction((transaction) => store.touch(transaction, idHash, nowMs))
    }
    return {
      idHash,
      objectId: row.object_id,
      signInId: row.sign_in_id,
      refreshToken,
      authenticatedAtMs: row.authenticated_at_ms,
      createdAtMs: row.created_at_ms,
    }
  }
}

function createSessionChanges({ database, clock, sealer, signIns }: PortalSessionsOptions, store: Store) {
  async function endRows(transaction: Transaction, rows: readonly Omit<EndedRow, 'object_id'>[]): Promise<void> {
    for (const { id_hash, sign_in_id } of rows) {
      await store.delete(transaction, id_hash)
      await signIns.end(transaction, sign_in_id)
    }
  }

  return {
    /** Creates a session, and ends the earlier session of the browser. Returns the new id, for the cookie. */
    start: async (
      transaction: Transaction,
      { objectId, signInId, refreshToken, authenticatedAtMs }: NewPortalSession,
      oldCookie: string | undefined,
    ): Promise<string> => {
      const id = newId()
      const idHash = hashId(id)
      const nowMs = clock.now()
      const oldId = parseId(oldCookie)
      const old = oldId === undefined ? undefined : await store.findWithin(transaction, hashId(oldId))
      if (old !== undefined) await endRows(transaction, [old])
      await endRows(transaction, (await store.ofPerson(transaction, objectId)).slice(maxSessionsPerPerson - 1))
      await store.insert(transaction, {
        id_hash: idHash,
        object_id: objectId,
        sign_in_id: signInId,
        sealed_refresh_token: sealText(sealer, refreshToken, sealingContext(idHash)),
        authenticated_at_ms: authenticatedAtMs,
        created_at_ms: nowMs,
        last_seen_at_ms: nowMs,
      })
      return id
    },

    /** Ends one session and its sign-in. */
    end: (transaction: Transaction, { idHash, signInId }: Pick<PortalSession, 'idHash' | 'signInId'>): Promise<void> =>
      endRows(transaction, [{ id_hash: idHash, sign_in_id: signInId }]),

    /** Ends the session with the id in the cookie, if the session belongs to one of these people. Returns whether the session ended. */
    endOf: async (
      transaction: Transaction,
      cookie: string | undefined,
      objectIds: readonly string[],
    ): Promise<boolean> => {
      const id = parseId(cookie)
      const row = id === undefined ? undefined : await store.findWithin(transaction, hashId(id))
      if (row === undefined || !objectIds.includes(row.object_id)) return false
      await endRows(transaction, [row])
      return true
    },

    /** Ends all sessions of a person, and their sign-ins. */
    endAllOf: async (transaction: Transaction, objectId: string): Promise<void> =>
      endRows(transaction, await store.ofPerson(transaction, objectId)),

    /** Ends expired sessions and their sign-ins. Nobody can use the refresh tokens of these sign-ins any more. */
    endExpired: async (): Promise<void> => {
      const nowMs = clock.now()
      const limits = { usedSinceMs: nowMs - idleMs, createdSinceMs: nowMs - absoluteMs }
      if ((await store.expired(database, limits)).length === 0) return
      await database.transaction(async (transaction) => {
        await endRows(transaction, await store.expired(transaction, limits))
      })
    },
  }
}
