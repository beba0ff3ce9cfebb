import type { TokenAudience, VerifiedIdentity } from '../../identity/index.ts'
import type { Registry } from '../../resources/index.ts'
import { type Credential, acceptsArmTokens } from './credential.ts'

/** The audiences of the identity tokens that a registry accepts. */
export function audiencesAt(registry: Registry): readonly TokenAudience[] {
  return acceptsArmTokens(registry) ? ['acr', 'arm'] : ['acr']
}

/** The credential of a principal that was authenticated by an identity token. */
export function identityCredential(identity: VerifiedIdentity): Credential {
  const { principal, appId, audience, credentialId, credentialKind } = identity
  return {
    kind: 'directory',
    principalKind: principal.kind,
    objectId: principal.objectId,
    appId,
    subject: principal.kind === 'user' ? principal.userPrincipalName : principal.appId,
    credential: credentialId === undefined ? undefined : { kind: credentialKind, id: credentialId },
    ...(audience === 'arm' ? { byArmToken: true } : {}),
  }
}
