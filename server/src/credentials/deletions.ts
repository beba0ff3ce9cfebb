import type { DirectoryListener } from '../directory/index.ts'
import type { Transaction } from '../platform/sql/database.ts'
import type { CertificateStore } from './certificates/certificate-store.ts'
import type { FederatedCredentialStore } from './federation/federated-credential-store.ts'
import type { MachineStore } from './machines/machine-store.ts'
import type { OneTimeCodeStore } from './one-time-codes/one-time-code-store.ts'
import type { KnownNetworkStore } from './passwords/known-network-store.ts'
import type { SecondFactorRules } from './second-factors/second-factor-policy.ts'
import type { SecondFactorStore } from './second-factors/second-factor-store.ts'
import type { SecretStore } from './secrets/secret-store.ts'
import type { SecurityEventStore } from './security-events/security-event-store.ts'
import type { SignInStore } from './sign-ins/sign-in-store.ts'

/** The functions with SQL for every kind of credential. */
export type CredentialStores = {
  readonly secrets: SecretStore
  readonly certificates: CertificateStore
  readonly federated: FederatedCredentialStore
  readonly machines: MachineStore
  readonly signIns: SignInStore
  readonly knownNetworks: KnownNetworkStore
  readonly secondFactors: SecondFactorStore
  readonly oneTimeCodes: OneTimeCodeStore
  readonly securityEvents: SecurityEventStore
}

/** Creates the listener that deletes credentials with their principals, and ends sign-ins that a change invalidates. */
export function createDirectoryListener(
  stores: CredentialStores,
  rules: Pick<SecondFactorRules, 'endInsufficientOf'>,
  endSignInsOf: (transaction: Transaction, objectId: string) => Promise<void>,
): DirectoryListener {
  async function deleteOfHolder(transaction: Transaction, holderId: string): Promise<void> {
    await stores.secrets.deleteOf(transaction, holderId)
    await stores.certificates.deleteOf(transaction, holderId)
    await stores.federated.deleteOf(transaction, holderId)
  }

  async function deleteOfUser(transaction: Transaction, objectId: string): Promise<void> {
    await stores.signIns.deleteSignInsOf(transaction, objectId)
    await stores.secondFactors.deleteSecondFactorsOf(transaction, objectId)
    await stores.knownNetworks.deleteNetworks(transaction, objectId)
    await stores.securityEvents.deleteSecurityEventsOf(transaction, objectId)
    await stores.oneTimeCodes.deleteOf(transaction, objectId)
  }

  /**
   * Ends the links and codes that this principal created for other principals: a person who leaves the organization may still have these
   * links and codes. The sign-ins that began with such a link also end.
   */
  async function endCreatedBy(transaction: Transaction, creatorId: string): Promise<void> {
    for (const { kind, holder_id: holderId } of await stores.oneTimeCodes.deleteCreatedBy(transaction, creatorId)) {
      if (kind === 'one-time-link') await endSignInsOf(transaction, holderId)
    }
  }

  return {
    onPrincipalDeleted: async (transaction, principal) => {
      const { kind, objectId } = principal
      await endCreatedBy(transaction, objectId)
      switch (kind) {
        case 'user':
          await deleteOfUser(transaction, objectId)
          break
        case 'service-principal':
          await deleteOfHolder(transaction, objectId)
          await stores.machines.deleteOf(transaction, objectId)
          await stores.oneTimeCodes.deleteOf(transaction, objectId)
          await stores.signIns.endSignInsTo(transaction, principal.appId)
          break
        case 'group':
        case 'external':
          break
      }
    },
    onApplicationDeleted: (transaction, { objectId }) => deleteOfHolder(transaction, objectId),
    onPrincipalDisabled: endCreatedBy,
    onUserSuspended: endSignInsOf,
    onApplicationDisabled: async (transaction, appId) => {
      await stores.signIns.endSignInsTo(transaction, appId)
    },
    onOwnerAdded: (transaction, objectId) => rules.endInsufficientOf(transaction, objectId),
  }
}
