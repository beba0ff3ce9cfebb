import { nameKey } from '../../standards/azure/object-name.ts'
import { randomUUID } from 'node:crypto'
import type { ApplicationSignInChange, ApplicationSignInStore } from './application-sign-in-store.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { KeyCredential } from '../credentials/certificate.ts'
import type { Credentials } from '../credentials/credentials.ts'
import { DirectoryError, alreadyReferenced, refuseManaged, resourceNotFound } from '../errors.ts'
import { requireOwnerLeft, requireOwnerToBe } from '../owners.ts'
import type { DirectoryRole, OnPrincipalDeleted } from '../model.ts'
import {
  type ApplicationRecord,
  type ServicePrincipalRecord,
  toApplicationRecord,
  toServicePrincipalRecord,
} from '../records.ts'
import type { DirectoryStore } from '../store.ts'
import type { NamedServicePrincipalRow } from '../lookup-store.ts'
import type { ApplicationRow } from '../tables.ts'

/** What may be set of an application; what is absent stays as it is. */
export type ApplicationChange = {
  readonly displayName?: string | undefined
  readonly identifierUris?: readonly string[] | undefined
  readonly keyCredentials?: readonly KeyCredential[] | undefined
  readonly signIn?: ApplicationSignInChange | undefined
}

export type ApplicationsOptions = {
  readonly store: DirectoryStore
  readonly signIns: ApplicationSignInStore
  readonly clock: Clock
  readonly credentials: Credentials
  readonly onPrincipalDeleted: OnPrincipalDeleted
  /** Called as that is, with the client id. */
  readonly onApplicationDeleted: ((transaction: Transaction, appId: string) => Promise<unknown>) | undefined
}

/** The changes of applications and of their service principals. Each throws {@link DirectoryError} for what may not be. */
export function createApplications(options: ApplicationsOptions) {
  const { store, signIns, clock, credentials, onPrincipalDeleted, onApplicationDeleted } = options

  async function requireApplication(transaction: Transaction, objectId: string): Promise<ApplicationRow> {
    const row = await store.application(transaction, 'object_id', objectId)
    if (row === undefined) throw resourceNotFound(objectId)
    return row
  }

  async function createApplication(
    transaction: Transaction,
    application: ApplicationChange & { readonly displayName: string },
    ownerId: string | null,
  ): Promise<ApplicationRecord> {
    const row: ApplicationRow = {
      object_id: randomUUID(),
      app_id: randomUUID(),
      display_name: application.displayName,
      display_name_key: nameKey(application.displayName),
      created_at_ms: clock.now(),
    }
    await store.insertApplication(transaction, row)
    if (ownerId !== null) {
      await store.insertApplicationOwner(transaction, { application_id: row.object_id, owner_id: ownerId })
    }
    await setParts(transaction, row, application)
    return toApplicationRecord(row)
  }

  async function updateApplication(
    transaction: Transaction,
    objectId: string,
    change: ApplicationChange,
  ): Promise<void> {
    const row = await requireApplication(transaction, objectId)
    if (change.displayName !== undefined) {
      await store.renameApplication(transaction, objectId, change.displayName, nameKey(change.displayName))
    }
    // Remembered proofs carry the name.
    transaction.changesAuthority()
    await setParts(transaction, row, change)
  }

  async function setParts(transaction: Transaction, row: ApplicationRow, change: ApplicationChange): Promise<void> {
    if (change.identifierUris !== undefined) {
      const uris = change.identifierUris.map((uri) => ({ uri_key: nameKey(uri), uri, application_id: row.object_id }))
      if (!(await store.replaceUris(transaction, row.object_id, uris))) {
        throw new DirectoryError(
          'conflict',
          'Another object with the same value for property identifierUris already exists.',
        )
      }
    }
    if (change.signIn !== undefined) await signIns.change(transaction, row.object_id, change.signIn)
    if (change.keyCredentials !== undefined) {
      const holder = { holderId: row.object_id, appId: row.app_id }
      await credentials.replaceCertificates(transaction, holder, change.keyCredentials)
    }
  }

  /** Deletes the application, its service principal, the secrets and certificates of both, and what those were given. */
  async function deleteApplication(transaction: Transaction, objectId: string): Promise<ApplicationRecord> {
    transaction.changesAuthority()
    const row = await requireApplication(transaction, objectId)
    const principal = await store.servicePrincipal(transaction, 'app_id', row.app_id)
    if (principal !== undefined) await removePrincipal(transaction, principal)
    await signIns.remove(transaction, objectId)
    await store.deleteOwnersOf(transaction, objectId)
    await onApplicationDeleted?.(transaction, row.app_id)
    await store.deleteApplication(transaction, objectId)
    return toApplicationRecord(row)
  }

  async function addOwner(transaction: Transaction, objectId: string, ownerId: string): Promise<void> {
    await requireApplication(transaction, objectId)
    await requireOwnerToBe(store, transaction, ownerId, 'an application')
    const row = { application_id: objectId, owner_id: ownerId }
    if (!(await store.insertApplicationOwner(transaction, row))) throw alreadyReferenced('owners')
  }

  /** The last one too: the owners of the directory are left. [Microsoft Graph, application: remove owner] */
  async function removeOwner(transaction: Transaction, objectId: string, ownerId: string): Promise<void> {
    transaction.changesAuthority()
    await requireApplication(transaction, objectId)
    const row = { application_id: objectId, owner_id: ownerId }
    if (!(await store.deleteApplicationOwner(transaction, row))) throw resourceNotFound(ownerId)
  }

  async function createServicePrincipal(
    transaction: Transaction,
    appId: string,
    { enabled, directoryRole }: { readonly enabled: boolean; readonly directoryRole: DirectoryRole | null },
  ): Promise<ServicePrincipalRecord> {
    const application = await store.application(transaction, 'app_id', appId)
    if (application === undefined) {
      // az waits for replication when it reads "does not reference".
      const text = `The appId '${appId}' of the service principal does not reference a valid application object.`
      throw new DirectoryError('no-application', text)
    }
    if ((await store.servicePrincipal(transaction, 'app_id', appId)) !== undefined) {
      const text = `The service principal cannot be created, updated, or restored because the service principal name ${appId} is already in use.`
      throw new DirectoryError('conflict', text)
    }
    const row = {
      object_id: randomUUID(),
      app_id: appId,
      application_id: application.object_id,
      enabled: enabled ? 1 : 0,
      directory_role: directoryRole,
      created_at_ms: clock.now(),
    }
    await store.insertServicePrincipal(transaction, row)
    const { display_name } = application
    const noResource = { managed_kind: null, subscription_id: null, resource_group: null }
    return toServicePrincipalRecord({ ...row, display_name, ...noResource })
  }

  async function updateServicePrincipal(
    transaction: Transaction,
    objectId: string,
    change: { readonly enabled?: boolean | undefined; readonly keyCredentials?: readonly KeyCredential[] | undefined },
  ): Promise<void> {
    transaction.changesAuthority()
    const row = await store.servicePrincipal(transaction, 'object_id', objectId)
    if (row === undefined) throw resourceNotFound(objectId)
    if (change.enabled !== undefined) await store.enableServicePrincipal(transaction, objectId, change.enabled ? 1 : 0)
    // People sign in to it anew when it is enabled again: what was ended stays ended.
    if (change.enabled === false) await store.endSignInsTo(transaction, row.app_id)
    if (change.enabled === false && row.directory_role === 'owner') await requireOwnerLeft(store, transaction)
    if (change.keyCredentials !== undefined) {
      refuseManaged(row)
      const holder = { holderId: objectId, appId: row.app_id }
      await credentials.replaceCertificates(transaction, holder, change.keyCredentials)
    }
  }

  async function deleteServicePrincipal(transaction: Transaction, objectId: string): Promise<ServicePrincipalRecord> {
    const row = await store.servicePrincipal(transaction, 'object_id', objectId)
    if (row === undefined) throw resourceNotFound(objectId)
    refuseManaged(row)
    await removePrincipal(transaction, row)
    return toServicePrincipalRecord(row)
  }

  async function removePrincipal(
    transaction: Transaction,
    { object_id, app_id, directory_role }: NamedServicePrincipalRow,
  ): Promise<void> {
    transaction.changesAuthority()
    await onPrincipalDeleted(transaction, object_id)
    await store.endSignInsTo(transaction, app_id)
    await store.deleteServicePrincipal(transaction, object_id)
    if (directory_role === 'owner') await requireOwnerLeft(store, transaction)
  }

  return {
    createApplication,
    updateApplication,
    deleteApplication,
    addOwner,
    removeOwner,
    createServicePrincipal,
    updateServicePrincipal,
    deleteServicePrincipal,
  }
}
