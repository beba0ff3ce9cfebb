import type { ClientSecretCheck } from '../../credentials/index.ts'
import type { Registry } from '../../resources/index.ts'
import { nullGuid, parseGuid } from '../../standards/azure/guid.ts'
import type { AccessScope } from '../../standards/oauth/access-scope.ts'
import type { AcrTokens } from './acr-token.ts'
import { type StandingContext, type VerifiedCredential, standingPrincipal } from './credential.ts'

/** A user name and a password, as Basic authentication and the password grant send them. */
export type PasswordCredentials = { readonly username: string; readonly password: string }

/** A successful authentication, and its limits if the password was an ACR token. */
export type Authentication = VerifiedCredential & {
  /** The access of the ACR access token that was the password. */
  readonly narrowedTo: readonly AccessScope[] | undefined
  /** Of the ACR access token that was the password. Tokens obtained by it carry the same number. */
  readonly deletionsSeen: number | undefined
  /** The password, if it was an ACR refresh token, which stays usable. */
  readonly refreshToken: string | undefined
}

type AuthenticationContext = StandingContext & { readonly tokens: AcrTokens }

/**
 * Authenticates a user name and a password at a registry, in ACR's order: the null GUID with an ACR token, the admin
 * account by the registry's name in any case, a scoped token, an application id with a secret. The form of the name alone
 * selects the kind, so that none can pass for another: only applications have GUIDs. [acr-protocol §1.9]
 *
 * Only the token endpoint accepts tokens as passwords; the data plane does not. [Azure/acr#98]
 */
export async function authenticatePassword(
  context: AuthenticationContext,
  registry: Registry,
  { username, password }: PasswordCredentials,
  { acceptTokens }: { readonly acceptTokens: boolean },
): Promise<Authentication | undefined> {
  if (username === nullGuid) return acceptTokens ? authenticateToken(context, registry, password) : undefined
  const verified = await authenticateName(context, registry, username, password)
  return verified && { ...verified, narrowedTo: undefined, deletionsSeen: undefined, refreshToken: undefined }
}

async function authenticateName(
  context: StandingContext,
  registry: Registry,
  username: string,
  password: string,
): Promise<VerifiedCredential | undefined> {
  if (username.toLowerCase() === registry.name.toLowerCase()) return authenticateAdmin(context, registry, password)
  if (parseGuid(username) === undefined) return authenticateScopedToken(context, registry, username, password)
  return toCredential(await context.credentials.checkClientSecret(username.toLowerCase(), password))
}

async function authenticateToken(
  context: AuthenticationContext,
  registry: Registry,
  token: string,
): Promise<Authentication | undefined> {
  const refresh = await context.tokens.verify('refresh_token', token, registry)
  const verified = refresh ?? (await context.tokens.verify('access_token', token, registry))
  if (verified === undefined) return undefined
  if ((await standingPrincipal(context, registry, verified.credential)) === undefined) return undefined
  return {
    credential: verified.credential,
    expiresAtMs: verified.expiresAtMs,
    narrowedTo: refresh === undefined ? verified.access : undefined,
    deletionsSeen: refresh === undefined ? verified.deletionsSeen : undefined,
    refreshToken: refresh === undefined ? undefined : token,
  }
}

async function authenticateAdmin(
  { resources }: StandingContext,
  registry: Registry,
  adminPassword: string,
): Promise<VerifiedCredential | undefined> {
  const password = await resources.verifyAdminPassword(registry.rid, adminPassword)
  if (password === undefined || !registry.adminUserEnabled) return undefined
  return { credential: { kind: 'admin', password }, expiresAtMs: undefined }
}

async function authenticateScopedToken(
  { access }: StandingContext,
  registry: Registry,
  username: string,
  password: string,
): Promise<VerifiedCredential | undefined> {
  const verified = await access.verifyScopedTokenPassword(registry.rid, username, password)
  if (verified === undefined) return undefined
  const { name, passwordId, expiresAtMs } = verified
  return { credential: { kind: 'scoped-token', name, password: passwordId }, expiresAtMs }
}

function toCredential(check: ClientSecretCheck): VerifiedCredential | undefined {
  if (check.outcome !== 'verified') return undefined
  const { servicePrincipal, credentialId, expiresAtMs } = check
  return {
    credential: {
      kind: 'directory',
      principalKind: 'service-principal',
      objectId: servicePrincipal.objectId,
      appId: servicePrincipal.appId,
      subject: servicePrincipal.appId,
      credential: { kind: 'client-secret', id: credentialId },
    },
    expiresAtMs,
  }
}
