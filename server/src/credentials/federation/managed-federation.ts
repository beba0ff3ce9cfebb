import { DirectoryError, type ManagedIdentity } from '../../directory/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { FederatedCredentialRecord, ManagedTrust } from '../records/model.ts'
import type { FederatedCredentials } from './federated-credentials.ts'

/** The federated credentials of managed identities, identified by their names. */
export interface ManagedFederation {
  list(identity: ManagedIdentity): Promise<ManagedTrust[]>
  /** With a transaction, the function reads the state inside the transaction. */
  find(identity: ManagedIdentity, name: string, transaction?: Transaction): Promise<ManagedTrust | undefined>
  /**
   * @throws DirectoryError for an invalid or repeated trust. Without `mayShareTrust`, also for a trust that another application already
   * has.
   */
  put(
    transaction: Transaction,
    identity: ManagedIdentity,
    trust: ManagedTrust,
    mayShareTrust?: boolean,
  ): Promise<{ readonly trust: ManagedTrust; readonly created: boolean }>
  delete(transaction: Transaction, identity: ManagedIdentity, name: string): Promise<boolean>
}

/**
 * Creates the federated credentials of managed identities. They use the rules and the table of the federated credentials of applications.
 */
export function createManagedFederation({
  federatedCredentials,
}: {
  readonly federatedCredentials: FederatedCredentials
}): ManagedFederation {
  async function findRow(
    transaction: Transaction | undefined,
    { objectId }: ManagedIdentity,
    name: string,
  ): Promise<FederatedCredentialRecord | undefined> {
    try {
      return await federatedCredentials.find(transaction, objectId, name)
    } catch (error) {
      if (error instanceof DirectoryError && error.rejection === 'not-found') return undefined
      throw error
    }
  }

  return {
    list: async ({ objectId }) => (await federatedCredentials.list(objectId)).map(toTrust),
    find: async (identity, name, transaction) => {
      const row = await findRow(transaction, identity, name)
      return row && toTrust(row)
    },
    put: async (
      transaction,
      identity,
      { name, issuer, audience, subject, claimsExpression },
      mayShareTrust = false,
    ) => {
      federatedCredentials.requireIssuer(issuer)
      const trust = federatedCredentials.requireTrust({ subject, claimsExpression })
      const present = await findRow(transaction, identity, name)
      const { objectId, appId } = identity
      if (present === undefined) {
        const request = { name, issuer, audience, trust, description: null, mayShareTrust }
        const holder = { holderId: objectId, appId }
        return { trust: toTrust(await federatedCredentials.create(transaction, holder, request)), created: true }
      }
      const wanted = { issuer, audience, trust, mayShareTrust }
      const row = await federatedCredentials.update(transaction, objectId, present.id, wanted)
      return { trust: toTrust(row), created: false }
    },
    delete: async (transaction, identity, name) => {
      const present = await findRow(transaction, identity, name)
      if (present === undefined) return false
      await federatedCredentials.remove(transaction, identity.objectId, present.id)
      return true
    },
  }
}

function toTrust(row: FederatedCredentialRecord): ManagedTrust {
  return {
    name: row.name,
    issuer: row.issuer,
    audience: row.audience,
    subject: row.subject ?? undefined,
    claimsExpression: row.claimsExpression ?? undefined,
  }
}
