import type { CallerBudget, CallerBudgets } from '../platform/limits/caller-budget.ts'
import type { Access, Principal, ScopedTokenProof } from '../access/index.ts'
import type { AuditActor, AuditCredential, AuditEvent } from '../audit/index.ts'
import type { Credential as IdentityCredential, Credentials } from '../credentials/index.ts'
import type { Directory } from '../directory/index.ts'
import { andThen } from '../platform/memory/authority-memory.ts'
import type { AdminPasswordProof, Registry, Resources } from '../resources/index.ts'

/**
 * What was proved, as far as it must be known later to see whether it still stands: tokens carry it, and every request
 * asks it anew.
 */
export type Credential =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'admin'; readonly password: AdminPasswordProof }
  | { readonly kind: 'scoped-token'; readonly name: string; readonly proof: ScopedTokenProof }
  | {
      readonly kind: 'directory'
      readonly principalKind: 'service-principal' | 'user'
      readonly objectId: string
      /** The application that asked; for a service principal its own. */
      readonly appId: string
      /** What people call the principal: an application id or a user principal name. */
      readonly subject: string
      /** The secret, certificate, sign-in or other credential that authenticated the principal. */
      readonly credential: IdentityCredential | undefined
      /** It was got by a token for ARM, which a registry may refuse. */
      readonly byArmToken?: true
    }

/** A credential and until when it can be one. */
export type Proof = { readonly credential: Credential; readonly expiresAtMs: number | undefined }

/** The rooms that are asked whether a credential stands. */
export type StandingRooms = {
  readonly resources: Resources
  readonly directory: Directory
  readonly credentials: Credentials
  readonly access: Access
}

/** Whether a credential can still be one at this registry now. */
export function credentialStands(
  { resources, credentials, access }: StandingRooms,
  registry: Registry,
  credential: Credential,
): boolean | Promise<boolean> {
  switch (credential.kind) {
    case 'anonymous':
      return true
    case 'admin':
      return registry.adminUserEnabled && resources.adminPasswordStands(registry.rid, credential.password)
    case 'scoped-token':
      return access.scopedTokenStands(registry.rid, credential.proof)
    case 'directory':
      if (credential.byArmToken === true && !takesArmTokens(registry)) return false
      return credentials.credentialStands(credential.objectId, credential.credential)
  }
}

/** The principal behind a credential, if that still stands at this registry now; otherwise undefined. */
export function standingPrincipal(
  rooms: StandingRooms,
  registry: Registry,
  credential: Credential,
): Principal | undefined | Promise<Principal | undefined> {
  return andThen(credentialStands(rooms, registry, credential), (stands) =>
    stands ? principalOf(rooms, registry, credential) : undefined,
  )
}

function principalOf(
  { directory }: StandingRooms,
  { rid }: Registry,
  credential: Credential,
): Principal | Promise<Principal> {
  switch (credential.kind) {
    case 'anonymous':
      return { kind: 'anonymous' }
    case 'admin':
      return { kind: 'admin', rid }
    case 'scoped-token':
      return { kind: 'scoped-token', rid, tokenId: credential.proof.tokenId }
    case 'directory': {
      const { objectId } = credential
      return andThen(directory.groupIdsOf(objectId), (groupIds) => ({ kind: 'directory', objectId, groupIds }))
    }
  }
}

/** Whether tokens for ARM prove anybody here, and what was got by them still does. [acr-protocol §8] */
export function takesArmTokens({ policies }: Registry): boolean {
  return policies.azureADAuthenticationAsArmPolicy.status === 'enabled'
}

/** The same text for the same principal at a registry, and for no other. */
export function callerKey(credential: Credential): string {
  switch (credential.kind) {
    case 'anonymous':
      return 'anonymous'
    case 'admin':
      return 'admin'
    case 'scoped-token':
      return `scoped-token:${credential.proof.tokenId}`
    case 'directory':
      return `directory:${credential.objectId}`
  }
}

/** Whose budget pays for what this credential does: the principal's, or that of the address of nobody in particular. */
export function budgetOf(
  budgets: CallerBudgets,
  credential: Credential,
  { rid }: Pick<Registry, 'rid'>,
  remoteAddress: string,
): CallerBudget {
  return budgets.ofCaller(callerKey(credential), rid, remoteAddress)
}

/** The principal, and the key that proved it, as the audit trail names them. */
export function provedBy(
  credential: Credential,
  registry: Pick<Registry, 'name'>,
): Pick<AuditEvent, 'actor' | 'credential'> {
  return { actor: auditActor(credential, registry), credential: auditCredential(credential) }
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
      return { kind: 'scoped-token-password', id: credential.proof.passwordId }
    case 'directory':
      return { kind: 'identity-credential', id: credential.credential?.id }
  }
}

/** What the tokens of a principal call it. [acr-protocol §1.8] */
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
