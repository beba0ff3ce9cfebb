import type { Transaction } from '../../platform/sql/database.ts'
import type { DeletedPrincipal } from './model.ts'

/** The directory calls the listener in the transaction of the change. An error undoes the change. */
export interface DirectoryListener {
  onPrincipalDeleted(transaction: Transaction, principal: DeletedPrincipal): Promise<void>
  onApplicationDeleted(
    transaction: Transaction,
    application: { readonly objectId: string; readonly appId: string },
  ): Promise<void>
  /** The user or service principal was disabled. */
  onPrincipalDisabled(transaction: Transaction, objectId: string): Promise<void>
  /** The user was disabled, must choose another password, or lost an identity of another provider. */
  onUserSuspended(transaction: Transaction, objectId: string): Promise<void>
  /** Users may no longer sign in to the application. */
  onApplicationDisabled(transaction: Transaction, appId: string): Promise<void>
  /** The principal became an owner of the directory. */
  onOwnerAdded(transaction: Transaction, objectId: string): Promise<void>
}

/** Calls the listeners one after another. */
export function createDirectoryEvents(): {
  readonly listeners: DirectoryListener[]
  readonly events: DirectoryListener
} {
  const listeners: DirectoryListener[] = []
  async function each(call: (listener: DirectoryListener) => Promise<void>): Promise<void> {
    for (const listener of listeners) await call(listener)
  }
  return {
    listeners,
    events: {
      onPrincipalDeleted: (transaction, principal) =>
        each((listener) => listener.onPrincipalDeleted(transaction, principal)),
      onApplicationDeleted: (transaction, application) =>
        each((listener) => listener.onApplicationDeleted(transaction, application)),
      onPrincipalDisabled: (transaction, objectId) =>
        each((listener) => listener.onPrincipalDisabled(transaction, objectId)),
      onUserSuspended: (transaction, objectId) => each((listener) => listener.onUserSuspended(transaction, objectId)),
      onApplicationDisabled: (transaction, appId) =>
        each((listener) => listener.onApplicationDisabled(transaction, appId)),
      onOwnerAdded: (transaction, objectId) => each((listener) => listener.onOwnerAdded(transaction, objectId)),
    },
  }
}
