import type { Directory, DirectoryRole, User } from '../directory/index.ts'
import type { Origin } from '../platform/http/app.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import { certificateStore } from './certificates/certificate-store.ts'
import type { KeyCredential } from './certificates/certificate.ts'
import { createCertificates, toCertificateRecord } from './certificates/certificates.ts'
import { type CredentialStores, createDirectoryListener } from './deletions.ts'
import { federatedCredentialStore } from './federation/federated-credential-store.ts'
import { type FederatedCredentials, createFederatedCredentials } from './federation/federated-credentials.ts'
import { createFederatedMatch } from './federation/federated-matches.ts'
import { type ManagedFederation, createManagedFederation } from './federation/managed-federation.ts'
import { machineStore } from './machines/machine-store.ts'
import { type Machines, createMachines, machineCredentialValidUntilMs } from './machines/machines.ts'
import { oneTimeCodeStore } from './one-time-codes/one-time-code-store.ts'
import { knownNetworkStore } from './passwords/known-network-store.ts'
import { type SignInPlace, createKnownPlaces } from './passwords/known-places.ts'
import { type OneTimeLinks, createOneTimeLinks } from './passwords/one-time-links.ts'
import { createPasswordChanges, type PasswordChange, type PasswordReset } from './passwords/password-changes.ts'
import { type PasswordCheck, type PasswordClaim, createPasswordCheck } from './passwords/password-check.ts'
import { passwordFailureStore } from './passwords/password-failure-store.ts'
import type { PreparedPassword } from './passwords/passwords.ts'
import { createRequireLifetime, dayMs, defaultSecretDays } from './records/lifetime.ts'
import type {
  ClientCertificate,
  ClientSecretCheck,
  Credential,
  ExternalAssertion,
  FederatedMatch,
  HeldCredentials,
  HolderKind,
  NewServicePrincipal,
} from './records/model.ts'
import { type AccessPasses, createAccessPasses } from './second-factors/access-passes.ts'
import type { SecondFactors } from './second-factors/model.ts'
import {
  type SecondFactorDue,
  type SecondFactorPolicy,
  type SecondFactorRules,
  createSecondFactorRules,
} from './second-factors/second-factor-policy.ts'
import { secondFactorStore } from './second-factors/second-factor-store.ts'
import { createSecondFactors } from './second-factors/second-factors.ts'
import { createSecretCheck } from './secrets/client-secrets.ts'
import { secretStore } from './secrets/secret-store.ts'
import { type Secrets, createSecrets, toSecretRecord } from './secrets/secrets.ts'
import { securityEventStore } from './security-events/security-event-store.ts'
import { type SecurityEvents, createSecurityEvents } from './security-events/security-events.ts'
import type { AuthenticatedUser } from './sign-ins/authentication.ts'
import { signInStore } from './sign-ins/sign-in-store.ts'
import { type NewSignIn, type SignIn, type SignInUse, type UsedSignIn, createSignIns } from './sign-ins/sign-ins.ts'
import { createStandingCheck } from './standing/standing.ts'
import type { PublicOrigin } from '../platform/http/requested-origin.ts'

/** A service principal with fixed ids and a fixed secret. The secret may have any lifetime. */
export type FixedServicePrincipal = {
  readonly applicationObjectId: string
  readonly appId: string
  readonly objectId: string
  readonly secret: string
}

/**
 * The credentials of the principals of the directory. The server stores a hash of each secret, and returns the secret only once, at its
 * creation.
 */
export interface Credentials {
  /** Creates an application, its service principal and one secret, valid for `secretDays` (365 by default). */
  createServicePrincipal(
    transaction: Transaction,
    application: {
      readonly displayName: string
      readonly directoryRole?: DirectoryRole
      readonly secretDays?: number
      readonly fixed?: FixedServicePrincipal
    },
  ): Promise<NewServicePrincipal>
  /**
   * This check must be fast: a successful check is cached for one authority revision, until the secret expires. All failed checks take the
   * same time.
   */
  checkClientSecret(appId: string, secret: string): Promise<ClientSecretCheck>
  /**
   * Whether a principal exists, is enabled and still has this valid credential. If the credential is `undefined`, the function checks only
   * the principal.
   */
  credentialStands(objectId: string, credential: Credential | undefined): Promise<boolean>

  /** The secrets of applications and of service principals. */
  readonly secrets: Secrets
  /**
   * Replaces the certificates of an application or service principal. If the request contains a certificate without its key, the stored
   * certificate remains.
   *
   * @throws DirectoryError
   */
  replaceCertificates(
    transaction: Transaction,
    kind: HolderKind,
    holderId: string,
    credentials: readonly KeyCredential[],
  ): Promise<void>
  /** The certificates of an application and of its service principal, including expired certificates. */
  clientCertificates(appId: string): Promise<readonly ClientCertificate[]>
  /** The secrets and certificates of each of these applications or service principals. */
  heldBy(holderIds: readonly string[]): Promise<(holderId: string) => HeldCredentials>
  /** The federated credentials of applications and managed identities. */
  readonly federatedCredentials: FederatedCredentials
  readonly managedFederation: ManagedFederation
  /**
   * The federated credential that trusts a token. If `appId` is given, it is a credential of this application; otherwise, exactly one
   * application may trust the token.
   */
  matchFederatedCredential(assertion: ExternalAssertion, appId: string | undefined): Promise<FederatedMatch>
  readonly machines: Machines

  /** An unknown name, a wrong password and a throttled attempt give the same result in the same time. */
  checkPassword(claim: PasswordClaim): Promise<PasswordCheck>
  /** Checks and hashes the first password of a user, or a password that an administrator set. @throws WeakPasswordError */
  prepareInitialPassword(userPrincipalName: string, password: string): Promise<PreparedPassword>
  /** Checks and hashes a later password that a user chose, before the transaction that stores the password. @throws WeakPasswordError */
  preparePassword(userPrincipalName: string, password: string): Promise<PreparedPassword>
  /** Resets a password, and ends the sign-ins of the user. @throws DirectoryError */
  resetPassword(
    transaction: Transaction,
    objectId: string,
    password: PreparedPassword,
    reset: PasswordReset,
  ): Promise<void>
  /** Sets the password that a user chose, and ends the sign-ins of the user. @throws AuthenticationRejectedError */
  changePassword(
    transaction: Transaction,
    user: AuthenticatedUser,
    password: PreparedPassword,
    change: PasswordChange,
  ): Promise<User>
  readonly oneTimeLinks: OneTimeLinks
  /** Whether the user has signed in from this network or browser since the last change of the password. */
  isKnownPlace(objectId: string, place: SignInPlace): Promise<boolean>
  /** Stores the network of a complete sign-in. A new network is recorded as a security event. */
  recordPlace(
    transaction: Transaction,
    objectId: string,
    origin: Pick<Origin, 'remoteAddress' | 'userAgent'>,
  ): Promise<void>

  /** Requires that the sign-in has not ended, and that its authentication is still valid. @throws AuthenticationRejectedError */
  requireSignIn(transaction: Transaction, signIn: UsedSignIn): Promise<void>
  /** Records a sign-in of an authenticated user. @throws AuthenticationRejectedError if the authentication is no longer valid */
  recordSignIn(transaction: Transaction, signIn: NewSignIn): Promise<SignIn>
  /** Extends a sign-in that has not ended: the sign-in then ends after `lifetimeMs` from now. */
  touchSignIn(transaction: Transaction, id: string, lifetimeMs: number): Promise<void>
  /** Records the time and the sender when a sign-in is used. */
  recordSignInUse(transaction: Transaction, id: string, use: SignInUse): Promise<void>
  /** A sign-in that has not ended. */
  findSignIn(id: string): Promise<SignIn | undefined>
  /** The list contains at most 200 sign-ins of a user that have not ended. Sign-ins that end last are first. */
  signInsOf(objectId: string): Promise<readonly SignIn[]>
  /** Ends a sign-in and invalidates its tokens. Returns false if the sign-in does not exist. */
  endSignIn(transaction: Transaction, id: string): Promise<boolean>
  /** Ends the sign-ins of a user to one application. */
  endSignInsTo(transaction: Transaction, objectId: string, clientId: string): Promise<void>
  /** Ends all sign-ins of a user. */
  endSignInsOf(transaction: Transaction, objectId: string): Promise<void>
  /** Ends the sign-ins that lack a required second factor. The server calls this at its start, because the settings may have changed. */
  endInsufficientSignIns(): Promise<void>

  readonly secondFactors: SecondFactors
  /**
   * The second factor that a sign-in by these methods still needs, or the setup of a second factor that the policy requires. An unknown
   * object id means a user that the server is about to create.
   */
  secondFactorDue(
    objectId: string,
    methods: readonly string[],
    transaction?: Transaction,
  ): Promise<SecondFactorDue | undefined>
  /** Whether the user, who signed in by these methods, needs a code from an owner to set up the first second factor. */
  needsAccessPass(objectId: string, methods: readonly string[], transaction?: Transaction): Promise<boolean>
  readonly accessPasses: AccessPasses
  /** The security events of users, for the account pages. */
  readonly securityEvents: SecurityEvents
}

export type CredentialsOptions = {
  readonly database: Database
  readonly clock: Clock
  /** After this call, the credentials of a principal are deleted together with the principal. */
  readonly directory: Directory
  /** Encrypts the secrets of authenticator apps. */
  readonly sealer: Sealer
  /** The scheme, host and port under which clients reach the server, such as `https://localhost:5443`. */
  readonly publicOrigin: PublicOrigin
  /** Whether federated credentials may trust a URL as an issuer. By default, every https URL is allowed. */
  readonly acceptsIssuer?: (issuer: string) => boolean
  /** The users who must sign in with a second factor. By default, no user must. */
  readonly secondFactorPolicy?: SecondFactorPolicy
  /** The maximum lifetime of a credential in days. The default is 732: two years, of which one is a leap year. */
  readonly maxCredentialDays?: number
  /** The maximum lifetime of a sign-in in days, including all its renewals. The default is 180. */
  readonly maxSignInDays?: number
}

/** Opens the credentials of a directory. */
export function createCredentials(options: CredentialsOptions): Credentials {
  const { database, clock, directory, maxSignInDays = 180 } = options
  const stores: CredentialStores = {
    secrets: secretStore(database),
    certificates: certificateStore(database),
    federated: federatedCredentialStore(database),
    machines: machineStore(database),
    signIns: signInStore(database),
    knownNetworks: knownNetworkStore(database),
    secondFactors: secondFactorStore(database),
    oneTimeCodes: oneTimeCodeStore(database),
    securityEvents: securityEventStore(database),
  }
  const rules = createSecondFactorRules({
    store: stores.secondFactors,
    authentication: directory.authentication,
    policy: options.secondFactorPolicy ?? { required: 'none', enrolment: 'self' },
    endWeakSignIns: stores.signIns.endWeakSignIns,
  })
  const { validUntilMs: signInValidUntilMs, ...signIns } = createSignIns({
    store: stores.signIns,
    directory,
    rules,
    clock,
    maxSignInMs: maxSignInDays * dayMs,
  })
  directory.addListener(createDirectoryListener(stores, rules, signIns.endSignInsOf))
  const programs = createProgramCredentials(options, stores)
  return {
    ...programs.credentials,
    credentialStands: createStandingCheck({
      database,
      clock,
      directory,
      kinds: { ...programs.kinds, 'sign-in': signInValidUntilMs },
    }),
    ...signIns,
    ...createUserCredentials(options, stores, rules, signIns.endSignInsOf),
  }
}

/** The credentials of applications, service principals and managed identities. */
function createProgramCredentials(options: CredentialsOptions, stores: CredentialStores) {
  const { database, clock, directory, publicOrigin, maxCredentialDays = 732 } = options
  const { acceptsIssuer = (issuer: string) => issuer.startsWith('https://') } = options
  const requireLifetime = createRequireLifetime(clock, maxCredentialDays)
  const secrets = createSecrets({ directory, store: stores.secrets, clock, requireLifetime })
  const certificates = createCertificates({ directory, store: stores.certificates, clock, requireLifetime })
  const store = stores.federated
  const federatedCredentials = createFederatedCredentials({ directory, store, clock, publicOrigin, acceptsIssuer })
  const codes = stores.oneTimeCodes.ofKind('enrollment-code')
  const machines = { database, directory, store: stores.machines, codes, clock }
  return {
    credentials: {
      createServicePrincipal: createServicePrincipalWithSecret(directory, secrets, clock),
      checkClientSecret: createSecretCheck({ database, clock, store: stores.secrets, directory }),
      secrets,
      replaceCertificates: certificates.replace,
      clientCertificates: certificates.ofApplication,
      heldBy: async (holderIds: readonly string[]) => {
        const [secretRows, certificateRows] = await Promise.all([
          stores.secrets.ofHolders(holderIds),
          stores.certificates.ofHolders(holderIds),
        ])
        return (holderId: string): HeldCredentials => ({
          secrets: secretRows.filter((row) => row.holder_id === holderId).map(toSecretRecord),
          certificates: certificateRows.filter((row) => row.holder_id === holderId).map(toCertificateRecord),
        })
      },
      federatedCredentials,
      managedFederation: createManagedFederation({ federatedCredentials }),
      matchFederatedCredential: createFederatedMatch({ database, directory, store, clock }),
      machines: createMachines(machines),
    },
    kinds: {
      'client-secret': secrets.validUntilMs,
      certificate: certificates.validUntilMs,
      'federated-credential': federatedCredentials.validUntilMs,
      machine: (objectId: string, id: string) => machineCredentialValidUntilMs(machines, objectId, id),
    },
  }
}

function createServicePrincipalWithSecret(
  { applications }: Directory,
  secrets: Secrets,
  clock: Clock,
): Credentials['createServicePrincipal'] {
  return async (transaction, { displayName, directoryRole, secretDays = defaultSecretDays, fixed }) => {
    const ids = fixed && { objectId: fixed.applicationObjectId, appId: fixed.appId }
    const application = await applications.createApplication(transaction, { displayName, ...ids }, null)
    const role = { enabled: true, directoryRole: directoryRole ?? null, ...(fixed && { objectId: fixed.objectId }) }
    const principal = await applications.createServicePrincipal(transaction, application.appId, role)
    const { objectId: holderId, appId } = application
    const expiresAtMs = clock.now() + secretDays * dayMs
    // A fixed secret is valid at any time, because a test can set the clock to any time.
    const chosen = fixed && { secretText: fixed.secret, startsAtMs: 0 }
    const request = { displayName: null, startsAtMs: undefined, expiresAtMs, ...chosen }
    const { secretText, insert } = secrets.prepare({ kind: 'applications', holderId, appId }, request)
    await insert(transaction)
    const { objectId, enabled } = principal
    return { servicePrincipal: { objectId, appId, displayName, enabled }, secret: secretText }
  }
}

/** The passwords and second factors of users. */
function createUserCredentials(
  { database, clock, directory, sealer }: CredentialsOptions,
  stores: CredentialStores,
  rules: SecondFactorRules,
  endSignInsOf: Credentials['endSignInsOf'],
) {
  const { authentication } = directory
  const securityEvents = createSecurityEvents({ store: stores.securityEvents, clock })
  const places = createKnownPlaces({ store: stores.knownNetworks, clock, securityEvents })
  const { endWeakSignIns } = stores.signIns
  const shared = { database, authentication, clock, securityEvents }
  const secondFactors = createSecondFactors({ ...shared, store: stores.secondFactors, sealer, endWeakSignIns })
  const failures = passwordFailureStore(database)
  const oneTimeLinks = stores.oneTimeCodes.ofKind('one-time-link')
  const passwordChanges = createPasswordChanges({
    ...shared,
    store: { ...failures, ...stores.knownNetworks },
    oneTimeLinks,
    secondFactorStore: stores.secondFactors,
    endSignInsOf,
    tenantNames: async () => {
      const { displayName, defaultDomain } = await directory.tenant()
      return [displayName, defaultDomain, 'Acrux']
    },
  })
  const { resetPassword } = passwordChanges
  return {
    checkPassword: createPasswordCheck({ ...shared, store: failures, rules, secondFactors, places }),
    ...passwordChanges,
    oneTimeLinks: createOneTimeLinks({ ...shared, store: oneTimeLinks, resetPassword, endSignInsOf }),
    isKnownPlace: async (objectId: string, place: SignInPlace) => {
      const user = await authentication.find(objectId)
      return places.isKnown({ objectId, passwordChangedAtMs: user?.passwordChangedAtMs ?? 0 }, place)
    },
    recordPlace: places.record,
    endInsufficientSignIns: () => database.transaction((transaction) => rules.endInsufficient(transaction)),
    secondFactors,
    secondFactorDue: async (objectId: string, methods: readonly string[], transaction?: Transaction) => {
      const user = await authentication.find(objectId, transaction)
      return rules.due(transaction, { objectId, directoryRole: user?.directoryRole }, methods)
    },
    needsAccessPass: (objectId: string, methods: readonly string[], transaction?: Transaction) =>
      rules.needsCode(transaction, objectId, methods),
    accessPasses: createAccessPasses({ store: stores.oneTimeCodes.ofKind('access-pass'), clock }),
    securityEvents,
  }
}
