import type { Origin } from '../platform/http/app.ts'
import type { Transaction } from '../platform/sql/database.ts'
import type { Applications } from './applications/application-reads.ts'
import type { ExternalPerson, ExternalSignIn, FederatedIdentity } from './external/external-identities.ts'
import type { FederatedCredentials } from './credentials/federated-credentials.ts'
import type { SignInPlace } from './people/known-places.ts'
import type { PasswordCheck, PasswordClaim } from './people/password-check.ts'
import type { PreparedPassword } from './people/passwords.ts'
import type { DirectoryRole, NewUser, PasswordChange } from './people/people.ts'
import type { Groups, People } from './people/people-reads.ts'
import type { ProvedUser } from './people/proof-standing.ts'
import type { DirectoryRoles } from './roles.ts'
import type { EnrolmentCodes } from './people/enrolment-codes.ts'
import type { SecondFactorDue } from './people/second-factor-policy.ts'
import type { SecurityEvents } from './people/security-events.ts'
import type { SecondFactors } from './people/second-factors.ts'
import type { Secrets } from './credentials/secrets.ts'
import type { NewSignIn, SignIn, SignInUse } from './people/sign-ins.ts'

export type Tenant = { readonly tenantId: string; readonly displayName: string; readonly defaultDomain: string }

export type ServicePrincipal = {
  readonly objectId: string
  readonly appId: string
  readonly displayName: string
  readonly enabled: boolean
}

export type User = {
  readonly objectId: string
  readonly userPrincipalName: string
  readonly displayName: string
  readonly enabled: boolean
  readonly mail: string | undefined
  /** Whether another provider proves the person, who has no password here then. */
  readonly external: boolean
  /** Whether the password that the person has is good for choosing another alone. */
  readonly mustChangePassword: boolean
  /** What was proved of an earlier one makes no sign-in any more. */
  readonly proofRevision: number
}

export type Group = {
  readonly objectId: string
  readonly displayName: string
  readonly description: string | undefined
}

/** Where browsers may be sent with a code, by how they are used: a confidential web application, a program, a page. */
export type RedirectUris = {
  readonly web: readonly string[]
  readonly publicClient: readonly string[]
  readonly spa: readonly string[]
}

/** An application through which people may sign in. */
export type Application = {
  readonly objectId: string
  /** The client id. */
  readonly appId: string
  readonly displayName: string
  readonly redirectUris: RedirectUris
  /** Whether it may sign people in without a secret or a browser of its own. [Microsoft Graph, application] */
  readonly isFallbackPublicClient: boolean
  /** False when its service principal is disabled. */
  readonly enabled: boolean
}

/** Whoever can prove who they are. */
export type SigningPrincipal =
  ({ readonly kind: 'service-principal' } & ServicePrincipal) | ({ readonly kind: 'user' } & User)

/** Anybody who can be given a role, known by the object id. */
export type DirectoryPrincipal = SigningPrincipal | ({ readonly kind: 'group' } & Group)

export type ClientSecretCheck =
  | {
      readonly outcome: 'proved'
      readonly servicePrincipal: ServicePrincipal
      readonly credentialId: string
      /** When the secret expires: nothing that is got by it may live longer. */
      readonly expiresAtMs: number
    }
  | { readonly outcome: 'unknown-application' | 'wrong-secret' | 'expired-secret' | 'disabled' }

/** What the first start gets: secrets are returned this once, in clear. */
export type NewServicePrincipal = { readonly servicePrincipal: ServicePrincipal; readonly secret: string }

/** What a managed identity belongs to: itself, or a machine that stands outside of every cloud. */
export type ManagedIdentityKind = 'user-assigned' | 'machine'

/** Where a resource lies in the ARM tree; compared without regard to case. */
export type ResourcePlace = {
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly name: string
}

/** A service principal without an application and without secrets: a user-assigned identity, or a machine's own. */
export type ManagedIdentity = ResourcePlace & {
  readonly kind: ManagedIdentityKind
  /** The ARM id. */
  readonly id: string
  readonly objectId: string
  readonly appId: string
  readonly location: string
  readonly tags: Readonly<Record<string, string>>
  readonly createdAtMs: number
}

/** A machine with the key that it was enrolled with, if it was, and the user-assigned identities that are attached to it. */
export type Machine = ManagedIdentity & {
  readonly key: { readonly keyId: string; readonly enrolledAtMs: number } | undefined
  readonly attached: readonly ManagedIdentity[]
}

/** The managed identities as resources. Who deletes one ends all that was got by it, and all that it was given. */
export interface ManagedIdentities {
  /** With a transaction, what that sees. */
  find(kind: ManagedIdentityKind, place: ResourcePlace, transaction?: Transaction): Promise<ManagedIdentity | undefined>
  list(
    subscriptionId: string,
    narrowed?: { readonly kind?: ManagedIdentityKind; readonly resourceGroup?: string | undefined },
  ): Promise<ManagedIdentity[]>
  /** Makes one, or replaces the tags of the one that is there. The caller sees to it that the group is there. */
  put(
    transaction: Transaction,
    identity: ResourcePlace & Pick<ManagedIdentity, 'kind' | 'location' | 'tags'>,
  ): Promise<{ readonly identity: ManagedIdentity; readonly created: boolean }>
  /** @throws DirectoryError for the last owner of the directory */
  delete(transaction: Transaction, identity: ManagedIdentity): Promise<void>
  deleteInGroup(transaction: Transaction, subscriptionId: string, resourceGroup: string): Promise<ManagedIdentity[]>
}

/** Whose tokens a managed identity trusts: a subject's, or those with certain claims; the other is undefined. */
export type ManagedTrust = {
  readonly name: string
  readonly issuer: string
  readonly audience: string
  readonly subject: string | undefined
  readonly claimsExpression: string | undefined
}

/** The federated credentials of managed identities, known by their names. */
export interface ManagedFederation {
  list(identity: ManagedIdentity): Promise<ManagedTrust[]>
  /** With a transaction, what that sees. */
  find(identity: ManagedIdentity, name: string, transaction?: Transaction): Promise<ManagedTrust | undefined>
  /** @throws DirectoryError for what may not be trusted, is trusted already, or by another, which `mayShareTrust` allows */
  put(
    transaction: Transaction,
    identity: ManagedIdentity,
    trust: ManagedTrust,
    mayShareTrust?: boolean,
  ): Promise<{ readonly trust: ManagedTrust; readonly created: boolean }>
  delete(transaction: Transaction, identity: ManagedIdentity, name: string): Promise<boolean>
}

/** A code by which a machine is enrolled, once. It is stored by its hash alone. */
export type EnrollmentCode = { readonly code: string; readonly codeHash: string; readonly expiresAtMs: number }

/** A machine that was just enrolled, and the id of its new key. */
export type Enrolled = { readonly machine: ManagedIdentity; readonly keyId: string }

/** An identity that a machine may speak as. */
export type SpokenIdentity = {
  /** The ARM id of the identity. */
  readonly id: string
  readonly servicePrincipal: ServicePrincipal
  /** Ends when the identity is detached, and with every new key of the machine. */
  readonly credentialId: string
  readonly credentialExpiresAtMs: number
}

/** The machines that speak as managed identities. */
export interface Machines {
  describe(machines: readonly ManagedIdentity[], transaction?: Transaction): Promise<Machine[]>
  /** A code that was made before enrolls nothing any more. */
  attach(transaction: Transaction, machine: ManagedIdentity, identity: ManagedIdentity): Promise<void>
  detach(transaction: Transaction, machine: ManagedIdentity, identity: ManagedIdentity): Promise<void>
  /** A code of 15 minutes, to be inserted; made outside the transaction, which may run more than once. */
  prepareEnrollmentCode(): EnrollmentCode
  /** A machine has one code at a time: an earlier one is no more. */
  insertEnrollmentCode(transaction: Transaction, machine: ManagedIdentity, code: EnrollmentCode): Promise<void>
  /**
   * Gives the machine of this code the key, in place of the one it had; of several at once, one succeeds. `onEnrolled`
   * writes the event in the same transaction. Undefined for a code that is none, is used, or is too old.
   */
  enroll(
    code: string,
    publicKey: string,
    onEnrolled: (transaction: Transaction, enrolled: Enrolled) => Promise<void>,
  ): Promise<Enrolled | undefined>
  /** The public key of this id as JWK text, and whose it is. */
  findKey(keyId: string): Promise<
    | {
        readonly machine: Pick<ServicePrincipal, 'objectId' | 'appId' | 'enabled'>
        readonly publicKey: string
      }
    | undefined
  >
  /** What the machine may speak as: itself, and what is attached to it. */
  identitiesOf(machineId: string): Promise<SpokenIdentity[]>
}

/** A certificate that may prove an application, within its times. */
export type ClientCertificate = {
  readonly credentialId: string
  readonly der: Uint8Array
  readonly startsAtMs: number
  readonly expiresAtMs: number
}

/** What a token of an outside issuer says, before or after its signature was checked. */
export type OutsideAssertion = {
  readonly issuer: string
  readonly subject: string
  readonly audiences: readonly string[]
  /** The value of a claim, where it is a text. */
  readonly claim: (name: string) => string | undefined
}

/** Which federated credential trusts a token; or what it failed by, of those that it was compared with. */
export type FederatedMatch =
  | { readonly outcome: 'matched'; readonly servicePrincipal: ServicePrincipal; readonly credentialId: string }
  | { readonly outcome: 'disabled'; readonly servicePrincipal: ServicePrincipal; readonly credentialId: string }
  | { readonly outcome: 'issuer' | 'subject' | 'audience' | 'several' }

/** Somebody of a trusted tenant: known by tenant and object id, and by nothing else. */
export type ExternalIdentity = {
  readonly tenantId: string
  readonly objectId: string
  readonly kind: 'user' | 'service-principal'
}

/** What the tokens of an external identity call it: for people to read, and for no decision. */
export type ExternalNames = { readonly displayName: string; readonly userPrincipalName: string; readonly appId: string }

/** An external identity that is on record. Its credential ends with the record, and with the trust in its tenant. */
export type KnownExternalPrincipal = { readonly principal: SigningPrincipal; readonly credentialId: string }

/** The principals of trusted tenants. */
export interface ExternalPrincipals {
  /**
   * Finds somebody whose token held, and puts them on record at the first time, which gives no rights. Undefined where
   * the object id is somebody's here, of another tenant, or of another kind.
   */
  meet(identity: ExternalIdentity, names: ExternalNames): Promise<KnownExternalPrincipal | undefined>
  /** Puts somebody on record who has not come yet, if there is one trusted tenant that they can only be of. */
  foresee(
    transaction: Transaction,
    objectId: string,
    kind: ExternalIdentity['kind'],
  ): Promise<SigningPrincipal | undefined>
  /** Takes somebody off the record: what was got by their tokens holds no more, nor does what they were given. */
  forget(transaction: Transaction, objectId: string): Promise<boolean>
}

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

  /** Hot: remembered as long as {@link Database.authorityRevision} stands and the secret has not expired. Takes the same time for every refusal. */
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

export type { ApplicationSignInChange } from './applications/application-sign-in-store.ts'
export type { KeyCredential } from './credentials/certificate.ts'
export type { SecretRequest } from './credentials/credentials.ts'
export type { ExternalPerson, ExternalSignIn, FederatedIdentity } from './external/external-identities.ts'
export type { FederatedCredentialChange } from './credentials/federated-credentials.ts'
export type { GroupCondition } from './groups/group-store.ts'
export type { ApplicationCondition, Condition, UserCondition } from './list-store.ts'
export type { PasswordCheck, PasswordClaim } from './people/password-check.ts'
export type { PreparedPassword } from './people/passwords.ts'
export type { DirectoryRole, NewUser } from './people/people.ts'
export type {
  ApplicationRecord,
  CertificateRecord,
  DescribedApplication,
  DescribedServicePrincipal,
  FederatedCredentialRecord,
  GroupRecord,
  SecretRecord,
  ServicePrincipalRecord,
  UserRecord,
} from './records.ts'
export type { HolderKind } from './credentials/secrets.ts'
export type { NewPasskey, Passkey, SecondFactors, SecondFactorsHeld } from './people/second-factors.ts'
export type { SecurityEvent } from './people/security-events.ts'
export { type NewSignIn, type SignIn, type SignInUse, unknownInstantMs } from './people/sign-ins.ts'
export { createDirectory } from './directory.ts'
export { DirectoryError, type DirectoryRefusal, NameTakenError, resourceNotFound } from './errors.ts'
export { directoryMigrations } from './migrations.ts'
export { WeakPasswordError, prepareGeneratedPassword } from './people/passwords.ts'
export { ProofRefusedError } from './people/proof-standing.ts'
