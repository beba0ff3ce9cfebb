import { randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { DirectoryError, denyManaged, resourceNotFound } from '../principals/errors.ts'
import type { DirectoryListener } from '../principals/events.ts'
import type { DirectoryRole, OnPrincipalDeleted } from '../principals/model.ts'
import { type SubscriptionGuard, requireOwnerLeft } from '../principals/owners.ts'
import type { NamedServicePrincipalRow, PrincipalStore } from '../principals/principal-store.ts'
import { type ServicePrincipalRecord, toServicePrincipalRecord } from '../principals/records.ts'
import type { ApplicationStore } from './application-store.ts'

/** Deletes a service principal with everything that belongs to it in every module. */
export type RemoveServicePrincipal = (transaction: Transaction, row: NamedServicePrincipalRow) => Promise<void>

/** Creates the deletion of service principals. @throws DirectoryError if the service principal is the last owner of the directory */
export function createRemoveServicePrincipal(
  store: PrincipalStore,
  onPrincipalDeleted: OnPrincipalDeleted,
): RemoveServicePrincipal {
  return async (transaction, { object_id: objectId, app_id: appId, directory_role }) => {
    transaction.changesAuthority()
    await onPrincipalDeleted(transaction, { kind: 'service-principal', objectId, appId })
    await store.deleteServicePrincipal(transaction, objectId)
    if (directory_role === 'owner') await requireOwnerLeft(store, transaction)
  }
}

/** A service principal to create. */
type NewServicePrincipal = {
  readonly enabled: boolean
  readonly directoryRole: DirectoryRole | null
  readonly assignmentRequired?: boolean | undefined
  /** By default, the id is random. */
  readonly objectId?: string
}

/** Properties of a service principal to change. */
type ServicePrincipalChange = {
  readonly enabled?: boolean | undefined
  readonly assignmentRequired?: boolean | undefined
}

/** The functions that change the service principals of applications. Each throws {@link DirectoryError} if the change is denied. */
export function createServicePrincipals(options: {
  readonly store: ApplicationStore & PrincipalStore
  readonly clock: Clock
  readonly events: Pick<DirectoryListener, 'onApplicationDisabled' | 'onPrincipalDisabled'>
  readonly guard: SubscriptionGuard
  readonly removeServicePrincipal: RemoveServicePrincipal
}) {
  const { store, clock, events, guard, removeServicePrincipal } = options

  async function requirePrincipal(transaction: Transaction, objectId: string): Promise<NamedServicePrincipalRow> {
    const row = await store.servicePrincipal(transaction, 'object_id', objectId)
    if (row === undefined) throw resourceNotFound(objectId)
    return row
  }

  return {
    createServicePrincipal: async (
      transaction: Transaction,
      appId: string,
      { enabled, directoryRole, assignmentRequired = false, objectId = randomUUID() }: NewServicePrincipal,
    ): Promise<ServicePrincipalRecord> => {
      const application = await store.application(transaction, 'app_id', appId)
      if (application === undefined) {
        // The Azure CLI (az) waits for replication if the error contains the text "does not reference".
        const text = `The appId '${appId}' of the service principal does not reference a valid application object.`
        throw new DirectoryError('no-application', text)
      }
      if ((await store.servicePrincipal(transaction, 'app_id', appId)) !== undefined) {
        const text = `The service principal cannot be created, updated, or restored because the service principal name ${appId} is already in use.`
        throw new DirectoryError('conflict', text)
      }
      const row = {
        object_id: objectId,
        app_id: appId,
        application_id: application.object_id,
        enabled: enabled ? 1 : 0,
        directory_role: directoryRole,
        created_at_ms: clock.now(),
        assignment_required: assignmentRequired ? 1 : 0,
      }
      await store.insertServicePrincipal(transaction, row)
      const { display_name } = application
      const noResource = { managed_kind: null, subscription_id: null, resource_group: null }
      return toServicePrincipalRecord({ ...row, display_name, ...noResource })
    },

    updateServicePrincipal: async (
      transaction: Transaction,
      objectId: string,
      { enabled, assignmentRequired }: ServicePrincipalChange,
    ): Promise<void> => {
      transaction.changesAuthority()
      const row = await requirePrincipal(transaction, objectId)
      if (assignmentRequired !== undefined) {
        await store.requireAssignment(transaction, objectId, assignmentRequired ? 1 : 0)
      }
      if (enabled === undefined) return
      await store.enableServicePrincipal(transaction, objectId, enabled ? 1 : 0)
      if (enabled) return
      // The sign-ins remain ended when the service principal is enabled again.
      await events.onPrincipalDisabled(transaction, objectId)
      await events.onApplicationDisabled(transaction, row.app_id)
      if (row.directory_role === 'owner') await requireOwnerLeft(store, transaction)
      await guard.requireOwners(transaction, await guard.ownedBy(transaction, objectId))
    },

    deleteServicePrincipal: async (transaction: Transaction, objectId: string): Promise<ServicePrincipalRecord> => {
      const row = await requirePrincipal(transaction, objectId)
      const record = toServicePrincipalRecord(row)
      denyManaged(record)
      await removeServicePrincipal(transaction, row)
      return record
    },
  }
}
