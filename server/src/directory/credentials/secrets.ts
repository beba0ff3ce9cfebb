import type { Transaction } from '../../platform/sql/database.ts'
import type { Credentials, Holder, SecretRequest } from './credentials.ts'
import { refuseManaged, resourceNotFound } from '../errors.ts'
import { type SecretRecord, toSecretRecord } from '../records.ts'
import type { DirectoryStore } from '../store.ts'

/** The two kinds of object that hold secrets, each in its own list. */
export type HolderKind = 'applications' | 'servicePrincipals'

/** Who holds secrets, as it was found. */
export type SecretHolder = Holder & { readonly kind: HolderKind }

/** A secret that is made and not yet stored; its text is shown this once. */
export type PreparedSecret = {
  readonly secretText: string
  readonly secret: SecretRecord
  readonly insert: (transaction: Transaction) => Promise<void>
}

/** Gives secrets to applications and service principals, and takes them away. */
export function createSecrets(options: { readonly store: DirectoryStore; readonly credentials: Credentials }) {
  const { store, credentials } = options

  function find(transaction: Transaction | undefined, kind: HolderKind, id: string) {
    return kind === 'applications'
      ? store.application(transaction, 'object_id', id)
      : store.servicePrincipal(transaction, 'object_id', id)
  }

  return {
    /** @throws DirectoryError where there is none, and for a managed identity */
    requireHolder: async (kind: HolderKind, holderId: string): Promise<SecretHolder> => {
      const row = await find(undefined, kind, holderId)
      if (row === undefined) throw resourceNotFound(holderId)
      if ('managed_kind' in row) refuseManaged(row)
      return { kind, holderId, appId: row.app_id }
    },
    /** Made outside the transaction, which may run more than once. */
    prepare: ({ kind, ...holder }: SecretHolder, request: SecretRequest): PreparedSecret => {
      const { secretText, row } = credentials.prepareSecret(holder, request)
      return {
        secretText,
        secret: toSecretRecord(row),
        insert: async (transaction) => {
          // It may have been deleted since it was found, and a secret without a holder must not stay behind.
          const present = await find(transaction, kind, holder.holderId)
          if (present === undefined) throw resourceNotFound(holder.holderId)
          await credentials.insertSecret(transaction, row)
        },
      }
    },
    remove: (transaction: Transaction, holderId: string, keyId: string): Promise<void> =>
      credentials.removeSecret(transaction, holderId, keyId),
  }
}

export type Secrets = ReturnType<typeof createSecrets>
