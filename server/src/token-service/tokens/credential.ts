import type { CallerBudget, CallerBudgets } from '../../platform/limits/caller-budget.ts'
import type { Access, Principal, ScopedTokenPasswordId } from '../../authorization/index.ts'
import type { AuditActor, AuditCredential, AuditEvent } from '../../audit/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { TokenOwner } from '../../identity/index.ts'
import type { AdminPasswordVersion, Registry, Resources } from '../../resources/index.ts'
import type { Credential as IdentityCredential, Credentials } from '../../credentials/index.ts'

/**
 * The credential of an authenticated caller. Tokens name their credential, and every request checks again whether the
 * credential is still valid.
 */
export type Credential =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'admin'; readonly password: AdminPasswordVersion }
  | { readonly kind: 'scoped-token'; readonly name: string; readonly password: ScopedTokenPasswordId }
  | {
      readonly kind: 'directory'
      readonly principalKind: 'service-principal' | 'user'
      readonly objectId: string
      /** The application that requested the token; for a service principal, its own. */
      readonly appId: string
      /** The readable name of the principal: an application id or a user principal name. */
      readonly subject: string
      /** The secret, certificate, sign-in or other credential that authenticated the principal. */
      readonly credential: IdentityCredential | undefined
      /** Obtained by a token for ARM, which a registry can reject. */
      readonly byArmToken?: true
      /** Obtained by a workload token in place of a password. The registry must accept its audience. */
      readonly workloadAudience?: string
    }

/** A verified credential, and when it expires. */
export type VerifiedCredential = { readonly credential: Credential; readonly expiresAtMs: number | undefined }

/** The modules that know whether a credential is still valid. */
export type StandingContext = {
  readonly resources: Resources
  readonly directory: Directory
  readonly credentials: Credentials
  readonly access: Access
}

/** A check of a credential at a registry that failed. */
export type FailedCheck =
  | 'admin-account-is-off'
  | 'arm-tokens-are-rejected'
  | 'audience-is-not-accepted'
  /** The credential or its owner was disabled, deleted or replaced. */
  | 'withdrawn'

/** The first check of a credential that fails at a registry; undefined for a credential that is still valid. */
export async function failedCheck(
  { resources, credentials, access }: StandingContext,
  registry: Registry,
  credential: Credential,
): Promise<FailedCheck | undefined> {
  switch (credential.kind) {
    case 'anonymous':
      return undefined
    case 'admin':
      if (!registry.adminUserEnabled) return 'admin-account-is-off'
      return (await resources.adminPasswordStands(registry.rid, credential.password)) ? undefined : 'withdrawn'
    case 'scoped-token':
      return (await access.scopedTokenStands(registry.rid, credential.password)) ? undefined : 'withdrawn'
    case 'directory':
      if (credential.byArmToken === true && !acceptsArmTokens(registry)) return 'arm-tokens-are-rejected'
      if (!stillAcceptsWorkload(resources, registry, credential.workloadAudience)) return 'audience-is-not-accepted'
      return (await credentials.credentialStands(credential.objectId, credential.credential)) ? undefined : 'withdrawn'
  }
}

/** Whether a credential is still valid at this registry. */
export async function credentialStands(
  context: StandingContext,
  registry: Registry,
  credential: Credential,
): Promise<boolean> {
  return (await failedCheck(context, registry, credential)) === undefined
}

/** The principal of a credential; undefined if the credential is no longer valid at this registry. */
export async function standingPrincipal(
  context: StandingContext,
  registry: Registry,
  credential: Credential,
): Promise<Principal | undefined> {
  return (await credentialStands(context, registry, credential))
    ? principalOf(context, registry, credential)
    : undefined
}

async function principalOf(
  { directory }: StandingContext,
  { rid }: Registry,
  credential: Credential,
): Promise<Principal> {
  switch (credential.kind) {
    case 'anonymous':
      return { kind: 'anonymous' }
    case 'admin':
      return { kind: 'admin', rid }
    case 'scoped-token':
      return { kind: 'scoped-token', rid, tokenId: credential.password.tokenId }
    case 'directory': {
      const { objectId } = credential
      return { kind: 'directory', objectId, groupIds: await directory.groupIdsOf(objectId) }
    }
  }
}

/** Whether the registry accepts tokens for ARM, and credentials obtained by them. [acr-protocol §8] */
export function acceptsArmTokens({ policies }: Registry): boolean {
  return policies.azureADAuthenticationAsArmPolicy.status === 'enabled'
}

/**
 * Whether a workload token for this audience is accepted in place of a password: the audience is one of the two hosts of
 * the registry as clients write them, or is set for the registry. Compared exactly.
 */
export function acceptsWorkloadAudience(
  resources: Pick<Resources, 'loginServerFor'>,
  { name, loginServer, workloadTokenAudiences }: Registry,
  audience: string,
): boolean {
  return [loginServer, resources.loginServerFor(name), ...workloadTokenAudiences].includes(audience)
}

/** Whether the registry still accepts the audience that a credential was obtained with, if it has one. */
function stillAcceptsWorkload(
  resources: Pick<Resources, 'loginServerFor'>,
  registry: Registry,
  audience: string | undefined,
): boolean {
  return audience === undefined || acceptsWorkloadAudience(resources, registry, audience)
}

/** A text that identifies the principal at a registry. */
export function callerKey(credential: Credential): string {
  switch (credential.kind) {
    case 'anonymous':
      return 'anonymous'
    case 'admin':
      return 'admin'
    case 'scoped-token':
      return `scoped-token:${credential.password.tokenId}`
    case 'directory':
      return `directory:${credential.objectId}`
  }
}

/** The budget that a request with this credential uses: that of the principal, or of the address of an anonymous caller. */
export function budgetOf(
  budgets: CallerBudgets,
  credential: Credential,
  { rid }: Pick<Registry, 'rid'>,
  remoteAddress: string,
): CallerBudget {
  return budgets.ofCaller(callerKey(credential), rid, remoteAddress)
}

/** A caller in an audit event: the principal, and the credential that it authenticated with. */
export type AuditedCaller = Pick<AuditEvent, 'actor' | 'credential'>

/** The caller of an audit event about a request without a valid credential. */
export const unknownCaller: AuditedCaller = { actor: { kind: 'claimed', id: '' } }

/** The caller with a credential, for an audit event. */
export function auditedCallerOf(credential: Credential, registry: Pick<Registry, 'name'>): AuditedCaller {
  return { actor: auditActor(credential, registry), credential: auditCredential(credential) }
}

/** The owner of an identity token with a valid signature, for an audit event. */
export function auditedOwnerOf({ kind, objectId, credentialId }: TokenOwner): AuditedCaller {
  return { actor: { kind, id: objectId }, credential: { kind: 'identity-credential', id: credentialId } }
}

function auditActor(credential: Credential, registry: Pick<Registry, 'name'>): AuditActor {
  switch (credential.kind) {
    case 'anonymous':
      return { kind: 'anonymous', id: '' }
    case 'admin':
      return { kind: 'admin', id: registry.name }
    case 'scoped-token':
      return { kind: 'scoped-token', id: `${registry.name}/${credential.name}` }
    case 'directory':
      return { kind: credential.principalKind, id: credential.objectId }
  }
}

function auditCredential(credential: Credential): AuditCredential | undefined {
  switch (credential.kind) {
    case 'anonymous':
      return undefined
    case 'admin':
      return { kind: 'admin-password', id: credential.password.name }
    case 'scoped-token':
      return { kind: 'scoped-token-password', id: credential.password.passwordId }
    case 'directory':
      return { kind: 'identity-credential', id: credential.credential?.id }
  }
}

/** The `sub` claim of the tokens of a principal. [acr-protocol §1.8] */
export function tokenSubject(credential: Credential, registry: Registry): string {
  switch (credential.kind) {
    case 'anonymous':
      return ''
    case 'admin':
      return registry.name
    case 'scoped-token':
      return credential.name
    case 'directory':
      return credential.subject
  }
}
