import type { Transaction } from '../../platform/sql/database.ts'
import { type ApplicationSignInStore, noSignIn } from './application-sign-in-store.ts'
import type { createApplications } from './applications.ts'
import type { ApplicationCondition, Page } from '../list-store.ts'
import {
  type ApplicationRecord,
  type DescribedApplication,
  type DescribedServicePrincipal,
  type ServicePrincipalRecord,
  toApplicationRecord,
  toCertificateRecord,
  toSecretRecord,
  toServicePrincipalRecord,
} from '../records.ts'
import type { DirectoryStore } from '../store.ts'

/** Finds, lists and describes applications and service principals. */
export function createApplicationReads(options: {
  readonly store: DirectoryStore
  readonly signIns: ApplicationSignInStore
}) {
  const { store, signIns } = options

  /** What belongs to applications or service principals, with three reads for all of them. */
  async function belongings(holderIds: readonly string[], applicationIds: readonly string[]) {
    const [uris, secrets, certificates] = await Promise.all([
      store.urisOf(applicationIds),
      store.secretsOf(holderIds),
      store.certificatesOf(holderIds),
    ])
    return (holderId: string, applicationId: string) => ({
      uris: uris.filter((uri) => uri.application_id === applicationId).map(({ uri }) => uri),
      secrets: secrets.filter((secret) => secret.holder_id === holderId).map(toSecretRecord),
      certificates: certificates.filter(({ holder_id }) => holder_id === holderId).map(toCertificateRecord),
    })
  }

  return {
    /** By the object id; with a transaction, what that sees. */
    find: async (objectId: string, transaction?: Transaction): Promise<ApplicationRecord | undefined> => {
      const row = await store.application(transaction, 'object_id', objectId)
      return row && toApplicationRecord(row)
    },
    list: async (page: Page<ApplicationCondition>): Promise<ApplicationRecord[]> =>
      (await store.listApplications(page)).map(toApplicationRecord),
    describe: async (applications: readonly ApplicationRecord[]): Promise<DescribedApplication[]> => {
      const ids = applications.map(({ objectId }) => objectId)
      const [belongingsOf, signInById] = await Promise.all([belongings(ids, ids), signIns.of(ids)])
      return applications.map((application) => {
        const { objectId } = application
        return { ...application, ...belongingsOf(objectId, objectId), ...(signInById.get(objectId) ?? noSignIn) }
      })
    },
    ownerIds: (objectId: string): Promise<string[]> => store.applicationOwnerIds(undefined, objectId),
    /** Of these applications, those that somebody owns. */
    ownedAmong: (ownerId: string, objectIds: readonly string[]): Promise<ReadonlySet<string>> =>
      store.ownedAmong(ownerId, objectIds),

    findServicePrincipal: async (objectId: string): Promise<ServicePrincipalRecord | undefined> => {
      const row = await store.servicePrincipalById(objectId)
      return row && toServicePrincipalRecord(row)
    },
    /** The service principal of an application, by the client id. */
    servicePrincipalOf: async (appId: string): Promise<ServicePrincipalRecord | undefined> => {
      const row = await store.servicePrincipalByAppId(appId)
      return row && toServicePrincipalRecord(row)
    },
    servicePrincipalsNamed: async (objectIds: readonly string[]): Promise<ServicePrincipalRecord[]> =>
      (await store.servicePrincipalsByIds(objectIds)).map(toServicePrincipalRecord),
    listServicePrincipals: async (page: Page<ApplicationCondition>): Promise<ServicePrincipalRecord[]> =>
      (await store.listServicePrincipals(page)).map(toServicePrincipalRecord),
    describeServicePrincipals: async (
      principals: readonly ServicePrincipalRecord[],
    ): Promise<DescribedServicePrincipal[]> => {
      const belongingsOf = await belongings(
        principals.map(({ objectId }) => objectId),
        principals.map(({ applicationId }) => applicationId),
      )
      return principals.map((principal) => ({
        ...principal,
        ...belongingsOf(principal.objectId, principal.applicationId),
      }))
    },
  }
}

/** The applications and service principals. Each change throws `DirectoryError` for what may not be. */
export type Applications = ReturnType<typeof createApplications> & ReturnType<typeof createApplicationReads>
