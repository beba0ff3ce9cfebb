import type { ClientSecretCheck } from '../../credentials/index.ts'
import type { Registry } from '../../resources/index.ts'
import { nullGuid, parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { AccessScope } from '@acrux/shared/standards/oauth/access-scope.ts'
import type { AcrTokens } from './acr-token.ts'
import { type StandingContext, type VerifiedCredential, standingPrincipal } from './credential.ts'
import { type WorkloadSignIn, type WorkloadTokenContext, authenticateWorkloadToken } from './workload-token.ts'

/** A user name and a password, as Basic authentication and the password grant send them. */
export type PasswordCredentials = { readonly username: string; readonly password: string }

/** A successful authentication, and its limits if the password was an ACR token. */
export type Authentication = VerifiedCredential & {
  /** The access of the ACR access token that was the password, or to which its refresh token is narrowed. */
  readonly narrowedTo: readonly AccessScope[] | undefined
  /**
   * The number of deletions in the ACR access token that was the password. Tokens obtained by it carry the same
   * number.
   */
  readonly deletionsSeen: number | undefined
  /** The password, if it was an ACR refresh token, which stays usable. */
  readonly refreshToken: string | undefined
  /** The password, if it was a workload token. It expires, but the credential that trusts it does not. */
  readonly workload?: WorkloadSignIn
}

/** The dependencies of the authentication by user name and password. */
export type AuthenticationContext = StandingContext & WorkloadTokenContext & { readonly tokens: AcrTokens }

/** What is accepted as a password, and who sent it. */
export type PasswordOptions = { readonly acceptTokens: boolean; readonly remoteAddress: string }

/**
 * Authenticates a user name and a password at a registry, in ACR's order: the null GUID with an ACR token, the admin
 * account by the registry's name in any case, a scoped token, an application id with a secret. The form of the name alone
 * selects the kind, so that none can pass for another: only applications have GUIDs. [acr-protocol §1.9]
 *
 * Only the token endpoint accepts ACR tokens as passwords; the data plane does not. [Azure/acr#98] Both accept workload
 * tokens, with the null GUID and with an application id.
 *
 * @throws OverBudgetError if the sender has sent too many workload tokens
 */
export async function authenticatePassword(
  context: AuthenticationContext,
  registry: Registry,
  { username, password }: PasswordCredentials,
  { acceptTokens, remoteAddress }: PasswordOptions,
): Promise<Authentication | undefined> {
  const ofToken =
    username === nullGuid && acceptTokens ? await authenticateToken(context, registry, password) : undefined
  if (ofToken !== undefined) return ofToken
  const appId = parseGuid(username)
  const ofWorkload =
    appId === undefined
      ? undefined
      : await authenticateWorkloadToken(context, registry, password, {
          appId: appId === nullGuid ? undefined : appId,
          remoteAddress,
        })
  if (ofWorkload !== undefined) {
    const { credential, workload } = ofWorkload
    return { ...unnarrowed, credential, expiresAtMs: undefined, workload }
  }
  if (username === nullGuid) return undefined
  const verified = await authenticateName(context, registry, username, password)
  return verified && { ...unnarrowed, ...verified }
}

/** Nothing but the permissions of its principal limits a secret. */
const unnarrowed = { narrowedTo: undefined, deletionsSeen: undefined, refreshToken: undefined }

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
    narrowedTo: refresh === undefined ? verified.access : refresh.narrowedTo,
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
