import type { Clock } from '../platform/process/clock.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import { nullGuid, parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { isName, nameKey } from '@acrux/shared/standards/azure/object-name.ts'
import { applicationListStore } from './applications/application-list-store.ts'
import { applicationOwnerStore } from './applications/application-owner-store.ts'
import { type Applications, createApplicationReads } from './applications/application-reads.ts'
import { type ApplicationSignInStore, createApplicationSignInStore } from './applications/application-sign-in-store.ts'
import { applicationStore } from './applications/application-store.ts'
import { createApplications } from './applications/applications.ts'
import { createRemoveServicePrincipal, createServicePrincipals } from './applications/service-principals.ts'
import { createProviderExpiry } from './external/expired-providers.ts'
import { createExternalGroups } from './external/external-groups.ts'
import { type ExternalPrincipals, createExternalPrincipals } from './external/external-principals.ts'
import { externalUserStore } from './external/external-user-store.ts'
import { type ExternalPerson, type ExternalSignIn, createExternalUsers } from './external/external-users.ts'
import { createFindPrincipal } from './find-principal.ts'
import { type Groups, createGroupReads } from './groups/group-reads.ts'
import { groupStore } from './groups/group-store.ts'
import { createGroupIds, createGroups } from './groups/groups.ts'
import { type AuthenticationRecords, createAuthenticationRecords } from './people/authentication-records.ts'
import { type People, createPeopleReads } from './people/people-reads.ts'
import { peopleStore } from './people/people-store.ts'
import { type NewUser, createPeople } from './people/people.ts'
import { type DirectoryRoles, createDirectoryRoles } from './people/roles.ts'
import { type DirectoryListener, createDirectoryEvents } from './principals/events.ts'
import type {
  Application,
  DirectoryPrincipal,
  ExternalIdentity,
  OnPrincipalDeleted,
  ServicePrincipal,
  Tenant,
  User,
} from './principals/model.ts'
import {
  type SubscriptionGuard,
  type SubscriptionOwners,
  createSubscriptionGuard,
  requireOwnerLeft,
} from './principals/owners.ts'
import { principalStore } from './principals/principal-store.ts'
import { toServicePrincipal, toUser } from './principals/principals.ts'
import { asUser } from './principals/records.ts'
import { type TenantReader, createTenantReader, insertTenant } from './principals/tenant.ts'
import { type ManagedIdentities, createManagedIdentities } from './workloads/managed-identities.ts'
import { createManagedIdentityStore } from './workloads/managed-identity-store.ts'

/** The principals. */
export interface Directory {
  readonly tenant: TenantReader
  createTenant(transaction: Transaction, tenant: Tenant): Promise<void>
  /**
   * Unless the caller passes an object id, the object id is random.
   *
   * @throws RangeError for an invalid user principal name; NameTakenError
   */
  createUser(transaction: Transaction, user: NewUser, objectId?: string): Promise<User>
  findPrincipal(objectId: string): Promise<DirectoryPrincipal | undefined>
  /** Whether the principal exists inside the transaction. */
  hasPrincipal(transaction: Transaction, objectId: string): Promise<boolean>
  findApplication(appId: string): Promise<Application | undefined>
  findServicePrincipal(objectId: string): Promise<ServicePrincipal | undefined>
  findServicePrincipalByAppId(appId: string): Promise<ServicePrincipal | undefined>
  findUser(objectId: string): Promise<User | undefined>
  /** Finds a user by the name, in upper or lower case. */
  findUserByName(userPrincipalName: string): Promise<User | undefined>
  /**
   * The object ids of the groups that contain the principal, directly or through other groups. This function must be fast: results are
   * cached for one authority revision.
   */
  groupIdsOf(objectId: string): Promise<readonly string[]>
  /** The groups that contain the principal, and the groups that would contain it if it joined the groups that it owns. */
  groupIdsInReachOf(objectId: string): Promise<readonly string[]>
  /** Whether a user or service principal has the directory role `owner`. */
  isDirectoryOwner(objectId: string): Promise<boolean>

  /** Finds the user with this identity at another provider. */
  findExternalUser(identity: ExternalIdentity): Promise<User | undefined>
  /**
   * Finds the user of an authenticated person by issuer and subject. If no user exists, the function creates a user without permissions. It
   * replaces the user's memberships in the provider's groups. Changes nothing if the user may not sign in.
   */
  signInExternalPerson(
    transaction: Transaction,
    person: ExternalPerson,
    policy: { readonly createUsers: boolean },
  ): Promise<ExternalSignIn>
  /** The time at which the user's last sign-in at any provider expires; 0 if the user has no such sign-in. */
  externalSignInExpiresAtMs(transaction: Transaction, objectId: string): Promise<number>
  /**
   * Ends the sign-ins of users of removed issuers, and deletes their memberships. The server calls this at its start, because the settings
   * may have changed.
   */
  endSignInsOfRemovedProviders(isConfigured: (issuer: string) => boolean): Promise<void>
  /** Removes group memberships of expired sign-ins. A job calls this every minute. */
  endStaleMemberships(): Promise<void>

  /** The columns of users that belong to their authentication. */
  readonly authentication: AuthenticationRecords
  readonly externalPrincipals: ExternalPrincipals
  readonly managedIdentities: ManagedIdentities
  readonly people: People
  readonly groups: Groups
  /** Applications with their service principals. */
  readonly applications: Applications
  /** The roles on the directory itself. */
  readonly roles: DirectoryRoles
  /** Adds a listener. It is called in every transaction that changes a principal. A module adds its listener when it opens. */
  addListener(listener: DirectoryListener): void
}

export type DirectoryOptions = {
  readonly database: Database
  readonly clock: Clock
  /** Deletes the data that other modules store about a principal. */
  readonly onPrincipalDeleted: (transaction: Transaction, objectId: string) => Promise<unknown>
  /** The principals with the role Owner at each subscription. */
  readonly subscriptionOwners: SubscriptionOwners
  /** Deletes the consents to a deleted application, by its client id. */
  readonly onApplicationDeleted?: (transaction: Transaction, appId: string) => Promise<unknown>
  /** The tenants whose tokens are accepted, in lower case. By default, the list is empty. */
  readonly trustedTenants?: readonly string[]
}

/** Opens the directory. */
export function createDirectory(options: DirectoryOptions): Directory {
  const { database, clock, trustedTenants = [] } = options
  const store = { ...principalStore(database), ...peopleStore(database), ...groupStore(database) }
  const { listeners, events } = createDirectoryEvents()
  const tenant = createTenantReader(store)
  const externalStore = externalUserStore(database)
  const externalGroups = createExternalGroups(externalStore, clock)
  const { insertUser } = store
  const externalUsers = createExternalUsers({ clock, store: externalStore, insertUser, groups: externalGroups, tenant })
  const applicationOwners = applicationOwnerStore(database)
  const guard = createSubscriptionGuard(store, options.subscriptionOwners)
  const onPrincipalDeleted: OnPrincipalDeleted = async (transaction, principal) => {
    const { objectId } = principal
    const row =
      (await store.user(transaction, objectId)) ?? (await store.servicePrincipal(transaction, 'object_id', objectId))
    if (row?.directory_role === 'owner') await requireOwnerLeft(store, transaction, objectId)
    const owned = await guard.ownedBy(transaction, objectId)
    await store.deleteFromGroups(transaction, objectId)
    await applicationOwners.deleteOwnerships(transaction, objectId)
    await externalUsers.deleteIdentitiesOf(transaction, objectId)
    await events.onPrincipalDeleted(transaction, principal)
    await options.onPrincipalDeleted(transaction, objectId)
    await guard.requireOwners(transaction, owned)
  }
  const signIns = createApplicationSignInStore(database)
  const managedStore = createManagedIdentityStore(database)
  const external = createExternalPrincipals({ database, clock, trustedTenants, onPrincipalDeleted })
  const people = createPeople({ store, clock, identities: externalUsers, events, guard, onPrincipalDeleted })
  return {
    tenant,
    createTenant: (transaction, row) => insertTenant(store, transaction, row),
    createUser: async (transaction, user, objectId) => asUser(await people.createUser(transaction, user, objectId)),
    findPrincipal: createFindPrincipal(store, external.find),
    hasPrincipal: external.has,
    ...createLookups(store, signIns),
    groupIdsOf: createGroupIdsLookup(database, clock, store),
    groupIdsInReachOf: (objectId) => store.groupIdsInReachOf(objectId),
    findExternalUser: externalUsers.findExternalUser,
    signInExternalPerson: externalUsers.signInExternalPerson,
    externalSignInExpiresAtMs: externalUsers.externalSignInExpiresAtMs,
    ...createProviderExpiry({ database, clock, store: externalStore, groups: externalGroups, events }),
    authentication: createAuthenticationRecords(store),
    externalPrincipals: external.principals,
    managedIdentities: createManagedIdentities({ store, managedStore, clock, onPrincipalDeleted }),
    people: { ...people, ...createPeopleReads({ store }) },
    groups: { ...createGroups({ store, clock, onPrincipalDeleted }), ...createGroupReads({ store }) },
    applications: openApplications(options, { store, signIns, events, guard, onPrincipalDeleted }),
    roles: createDirectoryRoles({ store, events }),
    addListener: (listener) => {
      listeners.push(listener)
    },
  }
}

function openApplications(
  { database, clock, onApplicationDeleted }: DirectoryOptions,
  shared: {
    readonly store: Store
    readonly signIns: ApplicationSignInStore
    readonly events: DirectoryListener
    readonly guard: SubscriptionGuard
    readonly onPrincipalDeleted: OnPrincipalDeleted
  },
): Applications {
  const { signIns, events, guard, onPrincipalDeleted } = shared
  const store = {
    ...shared.store,
    ...applicationStore(database),
    ...applicationListStore(database),
    ...applicationOwnerStore(database),
  }
  const removeServicePrincipal = createRemoveServicePrincipal(store, onPrincipalDeleted)
  const onDeleted: DirectoryListener['onApplicationDeleted'] = async (transaction, application) => {
    await events.onApplicationDeleted(transaction, application)
    await onApplicationDeleted?.(transaction, application.appId)
  }
  return {
    ...createApplications({
      store,
      signIns,
      clock,
      events: { onApplicationDeleted: onDeleted },
      removeServicePrincipal,
    }),
    ...createServicePrincipals({ store, clock, events, guard, removeServicePrincipal }),
    ...createApplicationReads({ store, signIns }),
  }
}

type Store = ReturnType<typeof principalStore> & ReturnType<typeof peopleStore> & ReturnType<typeof groupStore>

type Lookups = Pick<
  Directory,
  | 'findApplication'
  | 'findServicePrincipal'
  | 'findServicePrincipalByAppId'
  | 'findUser'
  | 'findUserByName'
  | 'isDirectoryOwner'
>

function createLookups(store: Store, signIns: ApplicationSignInStore): Lookups {
  return {
    findUser: async (objectIdText) => {
      const objectId = parseGuid(objectIdText)
      const row = objectId === undefined ? undefined : await store.userById(objectId)
      return row && toUser(row)
    },
    findUserByName: async (userPrincipalName) => {
      const row = isName(userPrincipalName) ? await store.userByName(nameKey(userPrincipalName)) : undefined
      return row && toUser(row)
    },
    findApplication: async (appIdText) => {
      const appId = parseGuid(appIdText)
      return appId === undefined ? undefined : signIns.find(appId)
    },
    findServicePrincipal: async (objectIdText) => {
      const objectId = parseGuid(objectIdText)
      const row = objectId === undefined ? undefined : await store.servicePrincipalById(objectId)
      return row && toServicePrincipal(row)
    },
    findServicePrincipalByAppId: async (appIdText) => {
      const appId = parseGuid(appIdText)
      const row = appId === undefined ? undefined : await store.servicePrincipalByAppId(appId)
      return row && toServicePrincipal(row)
    },
    isDirectoryOwner: async (objectIdText) => {
      const objectId = parseGuid(objectIdText) ?? nullGuid
      const principal = (await store.servicePrincipalById(objectId)) ?? (await store.userById(objectId))
      return principal?.directory_role === 'owner'
    },
  }
}

function createGroupIdsLookup(database: Database, clock: Clock, store: Store): Directory['groupIdsOf'] {
  const groupIdsOf = createGroupIds(database, clock, store)
  return async (objectIdText) => {
    const objectId = parseGuid(objectIdText)
    return objectId === undefined ? [] : groupIdsOf(objectId)
  }
}
