import { randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { nameKey } from '@acrux/shared/standards/azure/object-name.ts'
import { DirectoryError, alreadyReferenced, resourceNotFound } from '../principals/errors.ts'
import type { DirectoryListener } from '../principals/events.ts'
import { requireOwnerToBe } from '../principals/owners.ts'
import type { PrincipalStore } from '../principals/principal-store.ts'
import { type ApplicationRecord, toApplicationRecord } from '../principals/records.ts'
import type { ApplicationRow } from '../principals/rows.ts'
import type { ApplicationOwnerStore } from './application-owner-store.ts'
import type { ApplicationSignInChange, ApplicationSignInStore } from './application-sign-in-store.ts'
import type { ApplicationStore } from './application-store.ts'
import type { RemoveServicePrincipal } from './service-principals.ts'

/** The properties of an application to change. */
export type ApplicationChange = {
  readonly displayName?: string | undefined
  readonly identifierUris?: readonly string[] | undefined
  readonly signIn?: ApplicationSignInChange | undefined
}

export type ApplicationsOptions = {
  readonly store: ApplicationStore & ApplicationOwnerStore & PrincipalStore
  readonly signIns: ApplicationSignInStore
  readonly clock: Clock
  readonly events: Pick<DirectoryListener, 'onApplicationDeleted'>
  readonly removeServicePrincipal: RemoveServicePrincipal
}

/** The fixed ids of a new application. By default, the ids are random. */
type ApplicationIds = { readonly objectId?: string; readonly appId?: string }

/** The functions that change applications. Each throws {@link DirectoryError} if the change is denied. */
export function createApplications(options: ApplicationsOptions) {
  const { store, signIns, clock, events, removeServicePrincipal } = options

  async function requireApplication(transaction: Transaction, objectId: string): Promise<ApplicationRow> {
    const row = await store.application(transaction, 'object_id', objectId)
    if (row === undefined) throw resourceNotFound(objectId)
    return row
  }

  async function setProperties(
    transaction: Transaction,
    { object_id: objectId }: ApplicationRow,
    { identifierUris, signIn }: ApplicationChange,
  ): Promise<void> {
    if (identifierUris !== undefined) {
      const uris = identifierUris.map((uri) => ({ uri_key: nameKey(uri), uri, application_id: objectId }))
      if (!(await store.replaceUris(transaction, objectId, uris))) {
        const text = 'Another object with the same value for property identifierUris already exists.'
        throw new DirectoryError('conflict', text)
      }
    }
    if (signIn !== undefined) await signIns.change(transaction, objectId, signIn)
  }

  return {
    createApplication: async (
      transaction: Transaction,
      application: ApplicationChange & { readonly displayName: string } & ApplicationIds,
      ownerId: string | null,
    ): Promise<ApplicationRecord> => {
      const row: ApplicationRow = {
        object_id: application.objectId ?? randomUUID(),
        app_id: application.appId ?? randomUUID(),
        display_name: application.displayName,
        display_name_key: nameKey(application.displayName),
        created_at_ms: clock.now(),
      }
      await store.insertApplication(transaction, row)
      if (ownerId !== null) {
        await store.insertApplicationOwner(transaction, { application_id: row.object_id, owner_id: ownerId })
      }
      await setProperties(transaction, row, application)
      return toApplicationRecord(row)
    },

    updateApplication: async (transaction: Transaction, objectId: string, change: ApplicationChange): Promise<void> => {
      const row = await requireApplication(transaction, objectId)
      if (change.displayName !== undefined) {
        await store.renameApplication(transaction, objectId, change.displayName, nameKey(change.displayName))
      }
      // The caches of authentications contain the name of the application.
      transaction.changesAuthority()
      await setProperties(transaction, row, change)
    },

    /** Deletes the application and its service principal with everything that belongs to them in every module. */
    deleteApplication: async (transaction: Transaction, objectId: string): Promise<ApplicationRecord> => {
      transaction.changesAuthority()
      const row = await requireApplication(transaction, objectId)
      const principal = await store.servicePrincipal(transaction, 'app_id', row.app_id)
      if (principal !== undefined) await removeServicePrincipal(transaction, principal)
      await signIns.remove(transaction, objectId)
      await store.deleteOwnersOf(transaction, objectId)
      await events.onApplicationDeleted(transaction, { objectId, appId: row.app_id })
      await store.deleteApplication(transaction, objectId)
      return toApplicationRecord(row)
    },

    addOwner: async (transaction: Transaction, objectId: string, ownerId: string): Promise<void> => {
      await requireApplication(transaction, objectId)
      await requireOwnerToBe(store, transaction, ownerId, 'an application')
      const row = { application_id: objectId, owner_id: ownerId }
      if (!(await store.insertApplicationOwner(transaction, row))) throw alreadyReferenced('owners')
    },

    /**
     * The function can remove the last owner of an application, because the owners of the directory can still manage it. [Microsoft Graph,
     * application: remove owner]
     */
    removeOwner: async (transaction: Transaction, objectId: string, ownerId: string): Promise<void> => {
      transaction.changesAuthority()
      await requireApplication(transaction, objectId)
      const row = { application_id: objectId, owner_id: ownerId }
      if (!(await store.deleteApplicationOwner(transaction, row))) throw resourceNotFound(ownerId)
    },
  }
}
