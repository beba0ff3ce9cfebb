import { randomUUID } from 'node:crypto'
import { type Directory, DirectoryError } from '../../directory/index.ts'
import { newSecret } from '../../platform/keys/sealing.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { requireHolder } from '../records/holders.ts'
import { type RequireLifetime, maxCredentials, dayMs, defaultSecretDays } from '../records/lifetime.ts'
import type { Holder, HolderKind, SecretRecord } from '../records/model.ts'
import type { SecretRow } from '../records/rows.ts'
import { storedHash } from '../records/stored-hash.ts'
import type { SecretStore } from './secret-store.ts'

/** A client's request for a new secret. */
export type SecretRequest = {
  readonly displayName: string | null
  readonly startsAtMs: number | undefined
  readonly expiresAtMs: number | undefined
  /** A secret that the caller chose, which may have any lifetime. By default, the server creates a random secret. */
  readonly secretText?: string
}

/** An application or service principal that exists. */
export type SecretHolder = Holder & { readonly kind: HolderKind }

/** A new secret that is not stored yet. Only this object contains its text. */
export type PreparedSecret = {
  readonly secretText: string
  readonly secret: SecretRecord
  readonly insert: (transaction: Transaction) => Promise<void>
}

export type SecretsOptions = {
  readonly directory: Pick<Directory, 'applications' | 'findServicePrincipal'>
  readonly store: SecretStore
  readonly clock: Clock
  readonly requireLifetime: RequireLifetime
}

/** Creates and removes the secrets of applications and service principals. */
export function createSecrets({ directory, store, clock, requireLifetime }: SecretsOptions) {
  return {
    /** @throws DirectoryError if the holder does not exist or is a managed identity */
    requireHolder: async (kind: HolderKind, holderId: string): Promise<SecretHolder> => ({
      kind,
      ...(await requireHolder(directory, kind, holderId)),
    }),

    /**
     * Callers call this function outside of the transaction, because the transaction may run more than once.
     *
     * @throws DirectoryError for an invalid lifetime
     */
    prepare: ({ kind, holderId, appId }: SecretHolder, request: SecretRequest): PreparedSecret => {
      const startsAtMs = request.startsAtMs ?? clock.now()
      const expiresAtMs = request.expiresAtMs ?? Math.max(startsAtMs, clock.now()) + defaultSecretDays * dayMs
      if (request.secretText === undefined) requireLifetime(startsAtMs, expiresAtMs)
      const { displayName, secretText = newSecret() } = request
      const times = { startsAtMs, expiresAtMs, createdAtMs: clock.now() }
      const row = newSecretRow(secretText, { holderId, appId, displayName, ...times })
      return {
        secretText,
        secret: toSecretRecord(row),
        insert: async (transaction) => {
          // The holder may have been deleted in the meantime, and no secret may remain without its holder.
          await requireHolder(directory, kind, holderId, transaction)
          if ((await store.count(transaction, holderId)) >= maxCredentials) {
            throw new DirectoryError('quota', `An object has at most ${maxCredentials} password credentials.`)
          }
          await store.insert(transaction, row)
        },
      }
    },

    /** Whether the application has a secret with this text, even if the secret has expired. */
    has: async (appId: string, secretText: string): Promise<boolean> =>
      (await store.byHash(appId, storedHash(secretText))) !== undefined,

    remove: async (transaction: Transaction, holderId: string, keyId: string): Promise<void> => {
      transaction.changesAuthority()
      if (!(await store.delete(transaction, holderId, keyId))) {
        throw new DirectoryError('invalid', `No password credential found with keyId '${keyId}'.`)
      }
    },

    /** The time at which the secret expires, if the secret is valid and its service principal is enabled. */
    validUntilMs: async (objectId: string, credentialId: string): Promise<number | undefined> => {
      const row = await store.byId(credentialId)
      if (row === undefined || clock.now() < row.starts_at_ms) return undefined
      const principal = await directory.findServicePrincipal(objectId)
      return principal?.enabled === true && principal.appId === row.app_id ? row.expires_at_ms : undefined
    },
  }
}

export type Secrets = Omit<ReturnType<typeof createSecrets>, 'validUntilMs'>

function newSecretRow(
  secretText: string,
  secret: {
    readonly holderId: string
    readonly appId: string
    readonly displayName: string | null
    readonly startsAtMs: number
    readonly expiresAtMs: number
    readonly createdAtMs: number
  },
): SecretRow {
  return {
    id: randomUUID(),
    holder_id: secret.holderId,
    app_id: secret.appId,
    display_name: secret.displayName,
    hint: secretText.slice(0, 3),
    secret_hash: storedHash(secretText),
    starts_at_ms: secret.startsAtMs,
    expires_at_ms: secret.expiresAtMs,
    created_at_ms: secret.createdAtMs,
  }
}

/** A secret without its text. */
export function toSecretRecord(row: SecretRow): SecretRecord {
  const { id: keyId, display_name: displayName, hint, starts_at_ms: startsAtMs, expires_at_ms: expiresAtMs } = row
  return { keyId, displayName, hint, startsAtMs, expiresAtMs }
}
