import { isName, nameKey } from '../standards/azure/object-name.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import { nullGuid, parseGuid } from '../standards/azure/guid.ts'
import { createApplications } from './applications/applications.ts'
import type {
  OnPrincipalDeleted,
  Tenant,
  ServicePrincipal,
  User,
  Application,
  DirectoryPrincipal,
  ClientSecretCheck,
  NewServicePrincipal,
  ClientCertificate,
  OutsideAssertion,
  FederatedMatch,
  DirectoryRole,
} from './model.ts'
import { createApplicationReads, type Applications } from './applications/application-reads.ts'
import { createApplicationSignInStore } from './applications/application-sign-in-store.ts'
import { andThen } from '../platform/memory/authority-memory.ts'
import { createSecretCheck, createStandingCheck } from './credentials/client-secrets.ts'
import { createCredentials, defaultSecretDays } from './credentials/credentials.ts'
import {
  createExternalIdentities,
  type ExternalPerson,
  type ExternalSignIn,
  type FederatedIdentity,
} from './external/external-identities.ts'
import { createExternalPrincipals, type ExternalPrincipals } from './external/external-principals.ts'
import { createFederatedCredentialStore } from './credentials/federated-credential-store.ts'
import { createFederatedCredentials, type FederatedCredentials } from './credentials/federated-credentials.ts'
import { createGroupIds, createGroups } from './groups/groups.ts'
import { createMachines, type Machines } from './managed-identities/machines.ts'
import { createManagedFederation, type ManagedFederation } from './managed-identities/managed-federation.ts'
import { createManagedIdentities, type ManagedIdentities } from './managed-identities/managed-identities.ts'
import { createManagedIdentityStore } from './managed-identities/managed-identity-store.ts'
import {
  groupAsPrincipal,
  servicePrincipalAsPrincipal,
  toServicePrincipal,
  toUser,
  userAsPrincipal,
} from './principals.ts'
import { createEnrolmentCodes, type EnrolmentCodes } from './people/enrolment-codes.ts'
import { createKnownPlaces, type SignInPlace } from './people/known-places.ts'
import { createPasswordCheck, type PasswordCheck, type PasswordClaim } from './people/password-check.ts'
import { preparePassword, type PreparedPassword } from './people/passwords.ts'
import { createPeople, type NewUser, type PasswordChange } from './people/people.ts'
import { createGroupReads, createPeopleReads, type Groups, type People } from './people/people-reads.ts'
import { requireProof, type ProvedUser } from './people/proof-standing.ts'
import { asUser } from './records.ts'
import { createDirectoryRoles, type DirectoryRoles } from './roles.ts'
import { requireSubscriptionOwnersLeft } from './owners.ts'
import {
  type SecondFactorPolicy,
  createSecondFactorRules,
  type SecondFactorDue,
} from './people/second-factor-policy.ts'
import { createSecurityEvents, type SecurityEvents } from './people/security-events.ts'
import { createSecondFactors, type SecondFactors } from './people/second-factors.ts'
import { createSecrets, type Secrets } from './credentials/secrets.ts'
import { createSignIns, type NewSignIn, type SignIn, type SignInUse } from './people/sign-ins.ts'
import { createDirectoryStore } from './store.ts'
import type { Origin } from '../platform/http/app.ts'

/** Principals and their credentials. Secrets are stored hashed and given out once, when they are made. */
export interface Directory {
  readonly tenant: () => Promise<Tenant>
  createTenant(transaction: Transaction, tenant: Tenant): Promise<void>
  /** @throws RangeError for what is no user principal name; NameTakenError */
  createUser(transaction: Transaction, user: NewUser): Promise<User>
  /** An application, its service principal and one secret, valid for `secretDays` (365 by default). */
  createServicePrincipal(
    transaction: Transaction,
    application: { readonly displayName: string; readonly directoryRole?: DirectoryRole; readonly secretDays?: number },
  ): Promise<NewServicePrincipal>

  /** Hot: remembered as long as `Database.authorityRevision` stands and the secret has not expired. Takes the same time for every refusal. */
  checkClientSecret(appId: string, secret: string): ClientSecretCheck | Promise<ClientSecretCheck>
  /** Whether a principal exists, is enabled and still has this unexpired credential. `undefined` asks for the principal alone. */
  credentialStands(objectId: string, credentialId: string | undefined): boolean | Promise<boolean>
  findPrincipal(objectId: string): DirectoryPrincipal | undefined | Promise<DirectoryPrincipal | undefined>
  /** Whether a principal that was found is there still, as the transaction sees it. */
  holdsPrincipal(transaction: Transaction, objectId: string): Promise<boolean>
  findApplication(appId: string): Application | undefined | Promise<Application | undefined>
  findServicePrincipalByAppId(appId: string): ServicePrincipal | undefined | Promise<ServicePrincipal | undefined>
  findUser(objectId: string): User | undefined | Promise<User | undefined>
  /** By the name in any case. */
  findUserByName(userPrincipalName: string): Promise<User | undefined>
  /** Object ids of the groups that the principal is in, nested ones too. Hot: remembered as long as the authority revision stands. */
  groupIdsOf(objectId: string): readonly string[] | Promise<readonly string[]>
  /** Those groups, and all in which the principal would be if it joined the groups that it owns. */
  groupIdsInReachOf(objectId: string): Promise<readonly string[]>

  /** The proof by password: an unknown name, a wrong password and a throttled attempt are alike, in time too. */
  checkPassword(claim: PasswordClaim): Promise<PasswordCheck>
  /** Whether the person signed in from this network or browser before, and has not had another password since. */
  isKnownPlace(objectId: string, place: SignInPlace): Promise<boolean>
  /** Remembers the network of a complete sign-in; the person is told when it is a new one. */
  rememberPlace(
    transaction: Transaction,
    objectId: string,
    origin: Pick<Origin, 'remoteAddress' | 'userAgent'>,
  ): Promise<void>
  /** Judges and hashes another password that a user chose for themselves; before the transaction that stores it. @throws WeakPasswordError */
  preparePassword(userPrincipalName: string, password: string): Promise<PreparedPassword>
  /** Sets the password that a person chose, ends their sign-ins, and gives the person as they are then. @throws ProofRefusedError */
  changePassword(
    transaction: Transaction,
    user: ProvedUser,
    password: PreparedPassword,
    change: PasswordChange,
  ): Promise<User>
  /** Makes sure that nothing was taken away since somebody was proved, or found to be signed in. @throws ProofRefusedError */
  requireProof(transaction: Transaction, user: ProvedUser): Promise<void>
  /** Writes down a sign-in of somebody who was proved before, if the proof counts still. @throws ProofRefusedError */
  recordSignIn(transaction: Transaction, signIn: NewSignIn): Promise<SignIn>
  /** Lets a sign-in that has not ended live for so long from now. */
  touchSignIn(transaction: Transaction, id: string, lifetimeMs: number): Promise<void>
  /** Records that a sign-in was used now, and from where. */
  noteSignInUse(transaction: Transaction, id: string, use: SignInUse): Promise<void>
  /** A sign-in that has not ended. */
  findSignIn(id: string): Promise<SignIn | undefined>
  /** The sign-ins of a person that have not ended, 200 at most, those that last longest first. */
  signInsOf(objectId: string): Promise<readonly SignIn[]>
  /** Whether there was one. Its tokens are refused from then on. */
  endSignIn(transaction: Transaction, id: string): Promise<boolean>
  /** Ends the sign-ins of a person to one application. */
  endSignInsTo(transaction: Transaction, objectId: string, clientId: string): Promise<void>
  /** Signs somebody out everywhere. */
  endSignInsOf(transaction: Transaction, objectId: string): Promise<void>
  /** The user who is somebody at another provider, by issuer and subject alone. */
  findExternalUser(identity: FederatedIdentity): Promise<User | undefined>
  /**
   * Takes in somebody whom another provider proved: finds the user by issuer and subject alone, or makes one without any
   * right, and has the user be in those of the provider's groups that it names now. Nothing changes for who may not sign in.
   */
  signInExternalPerson(
    transaction: Transaction,
    person: ExternalPerson,
    policy: { readonly createUsers: boolean },
  ): Promise<ExternalSignIn>
  /** Ends what was proved by issuers that are believed no more. To be run at the start, when the settings may be others. */
  endProofsOfOthers(isBelieved: (issuer: string) => boolean): Promise<void>
  /** Ends the sign-ins that lack a required second factor. To be run at the start, when the settings may be others. */
  endInsufficientSignIns(): Promise<void>
  /** Takes people out of the groups that a sign-in told which holds no more. To be run every minute. */
  endStaleMemberships(): Promise<void>
  readonly secondFactors: SecondFactors
  /**
   * What a sign-in by these methods lacks: the second factor that the person has, or one that has to be set up because the
   * policy requires it. An object id of nobody is a person who is about to be created.
   */
  secondFactorDue(
    objectId: string,
    methods: readonly string[],
    transaction?: Transaction,
  ): Promise<SecondFactorDue | undefined>
  /** Whether the person, signed in by these methods, needs a code of an owner to set up the first second factor. */
  needsEnrolmentCode(objectId: string, methods: readonly string[], transaction?: Transaction): Promise<boolean>
  readonly enrolmentCodes: EnrolmentCodes
  /** What happened to the security of people's accounts, for the account pages. */
  readonly securityEvents: SecurityEvents
  /** The certificates of an application, and of its service principal, of whatever time. */
  clientCertificates(appId: string): Promise<readonly ClientCertificate[]>
  /** Whether a user or service principal has the directory role `owner`. */
  isDirectoryOwner(objectId: string): Promise<boolean>
  /** Which federated credential trusts a token: one of the application, or without one the only one of all. */
  matchFederatedCredential(assertion: OutsideAssertion, appId: string | undefined): Promise<FederatedMatch>
  /** The federated credentials of applications and managed identities. */
  readonly federatedCredentials: FederatedCredentials
  readonly externalPrincipals: ExternalPrincipals
  readonly managedIdentities: ManagedIdentities
  readonly managedFederation: ManagedFederation
  readonly machines: Machines
  readonly people: People
  readonly groups: Groups
  /** With their service principals. */
  readonly applications: Applications
  /** The secrets of applications and of service principals. */
  readonly secrets: Secrets
  /** The roles on the directory itself. */
  readonly roles: DirectoryRoles
}

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
