import type { Transaction } from '../../platform/sql/database.ts'
import type { Page } from '../principals/list-page.ts'
import type { PrincipalStore } from '../principals/principal-store.ts'
import {
  type ApplicationRecord,
  type DescribedApplication,
  type DescribedServicePrincipal,
  type ServicePrincipalRecord,
  toApplicationRecord,
  toServicePrincipalRecord,
} from '../principals/records.ts'
import type { ApplicationCondition, ApplicationListStore } from './application-list-store.ts'
import type { ApplicationOwnerStore } from './application-owner-store.ts'
import { type ApplicationSignInStore, noSignIn } from './application-sign-in-store.ts'
import type { ApplicationStore } from './application-store.ts'
import type { createApplications } from './applications.ts'
import type { createServicePrincipals } from './service-principals.ts'

/** The SQL that the reads of applications use. */
export type ApplicationReadStore = ApplicationListStore & ApplicationOwnerStore & ApplicationStore & PrincipalStore

/** Finds, lists and describes applications and service principals. */
export function createApplicationReads(options: {
  readonly store: ApplicationReadStore
  readonly signIns: ApplicationSignInStore
}) {
  const { store, signIns } = options

  /** The identifier URIs of each application. */
  async function urisOf(applicationIds: readonly string[]): Promise<(applicationId: string) => string[]> {
    const rows = await store.urisOf(applicationIds)
    return (applicationId) => rows.filter((row) => row.application_id === applicationId).map(({ uri }) => uri)
  }

  return {
    /** Finds an application by its object id. With a transaction, the function reads the state inside the transaction. */
    find: async (objectId: string, transaction?: Transaction): Promise<ApplicationRecord | undefined> => {
      const row = await store.application(transaction, 'object_id', objectId)
      return row && toApplicationRecord(row)
    },
    list: async (page: Page<ApplicationCondition>): Promise<ApplicationRecord[]> =>
      (await store.listApplications(page)).map(toApplicationRecord),
    describe: async (applications: readonly ApplicationRecord[]): Promise<DescribedApplication[]> => {
      const ids = applications.map(({ objectId }) => objectId)
      const [uris, signInById] = await Promise.all([urisOf(ids), signIns.of(ids)])
      return applications.map((application) => {
        const { objectId } = application
        return { ...application, uris: uris(objectId), ...(signInById.get(objectId) ?? noSignIn) }
      })
    },
    ownerIds: (objectId: string): Promise<string[]> => store.applicationOwnerIds(undefined, objectId),
    /** The ids of the applications among `objectIds` that the principal owns. */
    ownedAmong: (ownerId: string, objectIds: readonly string[]): Promise<ReadonlySet<string>> =>
      store.ownedAmong(ownerId, objectIds),

    /** Finds a service principal by its object id. With a transaction, the function reads the state inside the transaction. */
    findServicePrincipal: async (
      objectId: string,
      transaction?: Transaction,
    ): Promise<ServicePrincipalRecord | undefined> => {
      const row = await (transaction === undefined
        ? store.servicePrincipalById(objectId)
        : store.servicePrincipal(transaction, 'object_id', objectId))
      return row && toServicePrincipalRecord(row)
    },
    /** The service principal of an application, by the client id. */
    servicePrincipalOf: async (appId: string): Promise<ServicePrincipalRecord | undefined> => {
      const row = await store.servicePrincipalByAppId(appId)
      return row && toServicePrincipalRecord(row)
    },
    servicePrincipalsNamed: async (objectIds: readonly string[]): Promise<ServicePrincipalRecord[]> =>
      (await store.servicePrincipalsBy('object_id', objectIds)).map(toServicePrincipalRecord),
    /** The service principals of these applications, by their client ids. */
    servicePrincipalsOf: async (appIds: readonly string[]): Promise<ServicePrincipalRecord[]> =>
      (await store.servicePrincipalsBy('app_id', appIds)).map(toServicePrincipalRecord),
    listServicePrincipals: async (page: Page<ApplicationCondition>): Promise<ServicePrincipalRecord[]> =>
      (await store.listServicePrincipals(page)).map(toServicePrincipalRecord),
    describeServicePrincipals: async (
      principals: readonly ServicePrincipalRecord[],
    ): Promise<DescribedServicePrincipal[]> => {
      const uris = await urisOf(principals.map(({ applicationId }) => applicationId))
      return principals.map((principal) => ({ ...principal, uris: uris(principal.applicationId) }))
    },
  }
}

/** The applications and service principals. Each function that changes them throws `DirectoryError` if the change is denied. */
export type Applications = ReturnType<typeof createApplications> &
  ReturnType<typeof createServicePrincipals> &
  ReturnType<typeof createApplicationReads>
