import { isName, nameKey } from '../spec/object-name.ts'
import type { Clock } from '../platform/clock.ts'
import type { Sealer } from '../platform/sealing.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import { nullGuid, parseGuid } from '../spec/guid.ts'
import { type OnPrincipalDeleted, createApplications } from './applications/applications.ts'
import { createApplicationReads } from './applications/application-reads.ts'
import { createApplicationSignInStore } from './applications/application-sign-in-store.ts'
import { andThen } from '../platform/sql/authority-memory.ts'
import { createSecretCheck, createStandingCheck } from './credentials/client-secrets.ts'
import { createCredentials, defaultSecretDays } from './credentials/credentials.ts'
import { createExternalIdentities } from './external/external-identities.ts'
import { createExternalPrincipals } from './external/external-principals.ts'
import { createFederatedCredentialStore } from './credentials/federated-credential-store.ts'
import { createFederatedCredentials } from './credentials/federated-credentials.ts'
import { createGroupIds, createGroups } from './groups/groups.ts'
import type { Directory, Tenant } from './index.ts'
import { createMachines } from './managed-identities/machines.ts'
import { createManagedFederation } from './managed-identities/managed-federation.ts'
import { createManagedIdentities } from './managed-identities/managed-identities.ts'
import { createManagedIdentityStore } from './managed-identities/managed-identity-store.ts'
import {
  groupAsPrincipal,
  servicePrincipalAsPrincipal,
  toServicePrincipal,
  toUser,
  userAsPrincipal,
} from './principals.ts'
import { createEnrolmentCodes } from './people/enrolment-codes.ts'
import { createKnownPlaces } from './people/known-places.ts'
import { createPasswordCheck } from './people/password-check.ts'
import { preparePassword } from './people/passwords.ts'
import { createPeople } from './people/people.ts'
import { createGroupReads, createPeopleReads } from './people/people-reads.ts'
import { requireProof } from './people/proof-standing.ts'
import { asUser } from './records.ts'
import { createDirectoryRoles } from './roles.ts'
import { requireSubscriptionOwnersLeft } from './owners.ts'
import { type SecondFactorPolicy, createSecondFactorRules } from './people/second-factor-policy.ts'
import { createSecurityEvents } from './people/security-events.ts'
import { createSecondFactors } from './people/second-factors.ts'
import { createSecrets } from './credentials/secrets.ts'
import { createSignIns } from './people/sign-ins.ts'
import { createDirectoryStore } from './store.ts'

export type DirectoryOptions = {
  readonly database: Database
  readonly clock: Clock
  /** Seals the secrets of authenticator apps. */
  readonly sealer: Sealer
  /** Scheme, host and port under which clients reach the server, as `https://localhost:5443`. */
  readonly publicOrigin: string
  /** Ends what a deleted principal was given in other rooms, and gives the subscriptions that have no owner left by that. */
  readonly onPrincipalDeleted: (transaction: Transaction, objectId: string) => Promise<readonly string[]>
  /** Ends what people agreed to with an application that is deleted, by its client id. */
  readonly onApplicationDeleted?: (transaction: Transaction, appId: string) => Promise<unknown>
  /** Whether a URL may be an issuer that federated credentials trust. Every https URL by default. */
  readonly acceptsIssuer?: (issuer: string) => boolean
  /** Who has to sign in with a second factor; nobody by default. */
  readonly secondFactorPolicy?: SecondFactorPolicy
  /** The tenants whose tokens are accepted, in lower case; none by default. */
  readonly trustedTenants?: readonly string[]
  /** No credential may be valid for longer than so many days from now. 732 by default: two years, one of them a leap year. */
  readonly longestCredentialDays?: number
  /** No sign-in of a person lasts longer than so many days, however often it is renewed. 180 by default. */
  readonly maxSignInDays?: number
}

const dayMs = 24 * 60 * 60 * 1000

/** Opens the directory room. */
export function createDirectory(options: DirectoryOptions): Directory {
  const { database, clock, publicOrigin, longestCredentialDays = 732 } = options
  const store = createDirectoryStore(database)
  const identities = createExternalIdentities({ database, clock, store, tenant: readTenant })
  const onPrincipalDeleted: OnPrincipalDeleted = async (transaction, objectId) => {
    await store.deleteFromGroups(transaction, objectId)
    await store.deleteOwnerships(transaction, objectId)
    await identities.deleteIdentitiesOf(transaction, objectId)
    requireSubscriptionOwnersLeft(await options.onPrincipalDeleted(transaction, objectId))
  }
  const managedStore = createManagedIdentityStore(database)
  const signIns = createApplicationSignInStore(database)
  const credentials = createCredentials({ store, clock, longestCredentialDays })
  const applications = createApplications({
    store,
    signIns,
    clock,
    credentials,
    onPrincipalDeleted,
    onApplicationDeleted: options.onApplicationDeleted,
  })
  const enrolmentCodes = createEnrolmentCodes({ store, clock })
  const rules = createSecondFactorRules(store, options.secondFactorPolicy ?? { required: 'none', enrolment: 'self' })
  const securityEvents = createSecurityEvents({ store, clock })
  const people = createPeople({
    store,
    clock,
    tenantNames,
    enrolmentCodes,
    securityEvents,
    identities,
    onPrincipalDeleted,
  })
  const groups = createGroups({ store, clock, onPrincipalDeleted })
  const roles = createDirectoryRoles({ store, rules })
  const { standsUntilMs, ...signInsOfPeople } = createSignIns({
    store,
    rules,
    clock,
    externalStandsUntilMs: identities.standsUntilMs,
    maxSignInMs: (options.maxSignInDays ?? 180) * dayMs,
  })
  const places = createKnownPlaces({ store, clock, securityEvents })
  const secondFactors = createSecondFactors({ database, store, clock, sealer: options.sealer, securityEvents })
  const checkPassword = createPasswordCheck({ database, store, clock, rules, secondFactors, places, securityEvents })
  const groupIdsOf = createGroupIds(database, clock, store)
  const checkSecret = createSecretCheck(database, clock, store)
  const { acceptsIssuer = (issuer: string) => issuer.startsWith('https://'), trustedTenants = [] } = options
  const federatedStore = createFederatedCredentialStore(database)
  const federatedCredentials = createFederatedCredentials({
    database,
    store: federatedStore,
    clock,
    publicOrigin,
    acceptsIssuer,
  })
  const external = createExternalPrincipals({ database, clock, trustedTenants, onPrincipalDeleted })
  const credentialStands = createStandingCheck(database, clock, store, [
    federatedCredentials.standsUntilMs,
    external.standsUntilMs,
    standsUntilMs,
  ])
  let tenant: Tenant | undefined

  async function tenantNames(): Promise<readonly string[]> {
    const { displayName, defaultDomain } = await readTenant()
    return [displayName, defaultDomain, 'Acrux']
  }

  async function readTenant(): Promise<Tenant> {
    if (tenant !== undefined) return tenant
    const row = await store.tenant()
    if (row === undefined) throw new Error('there is no tenant yet')
    tenant = { tenantId: row.tenant_id, displayName: row.display_name, defaultDomain: row.default_domain }
    return tenant
  }

  return {
    tenant: readTenant,
    createTenant: async (transaction, { tenantId, displayName, defaultDomain }) => {
      const row = {
        tenant_id: tenantId.toLowerCase(),
        display_name: displayName,
        default_domain: nameKey(defaultDomain),
      }
      await store.insertTenant(transaction, { only: 1, ...row })
    },
    createUser: async (transaction, user) => asUser(await people.createUser(transaction, user)),
    createServicePrincipal: async (transaction, { displayName, directoryRole, secretDays = defaultSecretDays }) => {
      const application = await applications.createApplication(transaction, { displayName }, null)
      const role = { enabled: true, directoryRole: directoryRole ?? null }
      const principal = await applications.createServicePrincipal(transaction, application.appId, role)
      const { secretText, row } = credentials.prepareSecret(
        { holderId: application.objectId, appId: application.appId },
        { displayName: null, startsAtMs: undefined, expiresAtMs: clock.now() + secretDays * dayMs },
      )
      await credentials.insertSecret(transaction, row)
      const { objectId, appId, enabled } = principal
      return { servicePrincipal: { objectId, appId, displayName, enabled }, secret: secretText }
    },

    checkClientSecret: checkSecret,
    credentialStands,
    findPrincipal: (objectIdText) => {
      const objectId = parseGuid(objectIdText)
      if (objectId === undefined) return undefined
      return andThen(store.servicePrincipalById(objectId), (principal) => {
        if (principal !== undefined) return servicePrincipalAsPrincipal(principal)
        return andThen(store.userById(objectId), (user) => {
          if (user !== undefined) return userAsPrincipal(user)
          return andThen(store.groupById(objectId), (group) =>
            group === undefined ? external.find(objectId) : groupAsPrincipal(group),
          )
        })
      })
    },
    holdsPrincipal: external.holds,
    findUser: (objectIdText) => {
      const objectId = parseGuid(objectIdText)
      return objectId === undefined ? undefined : andThen(store.userById(objectId), (row) => row && toUser(row))
    },
    findUserByName: async (userPrincipalName) => {
      const row = isName(userPrincipalName) ? await store.userByName(nameKey(userPrincipalName)) : undefined
      return row && toUser(row)
    },
    findApplication: (appIdText) => {
      const appId = parseGuid(appIdText)
      return appId === undefined ? undefined : signIns.find(appId)
    },
    findServicePrincipalByAppId: (appIdText) => {
      const appId = parseGuid(appIdText)
      if (appId === undefined) return undefined
      return andThen(store.servicePrincipalByAppId(appId), (row) =>
        row === undefined ? undefined : toServicePrincipal(row),
      )
    },
    groupIdsOf: (objectIdText) => {
      const objectId = parseGuid(objectIdText)
      return objectId === undefined ? [] : groupIdsOf(objectId)
    },
    groupIdsInReachOf: (objectId) => store.groupIdsInReachOf(objectId),
    checkPassword,
    isKnownPlace: async (objectId, place) => {
      const row = await store.userById(objectId)
      return places.isKnown({ objectId, passwordChangedAtMs: row?.password_changed_at_ms ?? 0 }, place)
    },
    rememberPlace: places.remember,
    preparePassword: async (userPrincipalName, password) => {
      const row = isName(userPrincipalName) ? await store.userByName(nameKey(userPrincipalName)) : undefined
      const names = [...(await tenantNames()), row?.display_name ?? '', row?.mail ?? '']
      return preparePassword({ userPrincipalName, password, current: row?.password_hash, names })
    },
    requireProof: async (transaction, user) => {
      await requireProof(store, transaction, user)
    },
    changePassword: async (transaction, user, password, change) =>
      asUser(await people.changePassword(transaction, user, password, change)),
    ...signInsOfPeople,
    findExternalUser: identities.findExternalUser,
    signInExternalPerson: identities.signInExternalPerson,
    endProofsOfOthers: identities.endProofsOfOthers,
    endInsufficientSignIns: () => database.transaction((transaction) => rules.endInsufficient(transaction)),
    endStaleMemberships: identities.endStaleMemberships,
    secondFactors,
    secondFactorDue: async (objectId, methods, transaction) => {
      const user = await (transaction === undefined ? store.userById(objectId) : store.user(transaction, objectId))
      return rules.due(transaction, { objectId, directoryRole: user?.directory_role ?? null }, methods)
    },
    needsEnrolmentCode: (objectId, methods, transaction) => rules.needsCode(transaction, objectId, methods),
    enrolmentCodes,
    securityEvents,
    clientCertificates: async (appIdText) => {
      const rows = await store.certificatesOfApplication(parseGuid(appIdText) ?? nullGuid)
      return rows.map((row) => ({
        credentialId: row.id,
        der: row.der,
        startsAtMs: row.starts_at_ms,
        expiresAtMs: row.expires_at_ms,
      }))
    },
    isDirectoryOwner: async (objectIdText) => {
      const objectId = parseGuid(objectIdText) ?? nullGuid
      const holder = (await store.servicePrincipalById(objectId)) ?? (await store.userById(objectId))
      return holder?.directory_role === 'owner'
    },
    matchFederatedCredential: federatedCredentials.match,
    federatedCredentials,
    externalPrincipals: external.principals,
    managedIdentities: createManagedIdentities({ store, managedStore, clock, onPrincipalDeleted }),
    managedFederation: createManagedFederation({ federatedCredentials }),
    machines: createMachines({ database, managedStore, clock }),
    people: { ...people, ...createPeopleReads({ store }) },
    groups: { ...groups, ...createGroupReads({ store }) },
    applications: { ...applications, ...createApplicationReads({ store, signIns }) },
    secrets: createSecrets({ store, credentials }),
    roles,
  }
}
