import type { ClientSecretCheck } from '../credentials/index.ts'
import { andThen } from '../platform/memory/authority-memory.ts'
import type { Registry } from '../resources/index.ts'
import { nullGuid, parseGuid } from '../standards/azure/guid.ts'
import type { AccessScope } from '../standards/oauth/access-scope.ts'
import type { AcrTokens } from './acr-token.ts'
import { type Proof, type StandingRooms, standingPrincipal } from './credential.ts'

/** A proof by user name and password, and what it is narrowed to when the password was an ACR access token. */
export type PasswordProof = Proof & {
  readonly narrowedTo: readonly AccessScope[] | undefined
  /** How many deletions the ACR access token that was the password had seen: what is got by it has seen no more. */
  readonly deletionsSeen: number | undefined
  /** The password, when it was an ACR refresh token that goes on being usable. */
  readonly refreshToken: string | undefined
}

/**
 * Proves a user name and a password at a registry, in ACR's order: the null GUID with a token of ours, the admin account
 * by the registry's name in any case, a scoped token, an application id with its secret. Which of them a name can mean is
 * told by its form alone, so that none can pass for another: only a GUID is an application's. [acr-protocol §1.9]
 *
 * `acceptTokens` is for the token endpoint alone: the data plane does not take a token for a password. [Azure/acr#98]
 */
export function provePassword(
  rooms: StandingRooms & { readonly tokens: AcrTokens },
  registry: Registry,
  username: string,
  password: string,
  acceptTokens: boolean,
): PasswordProof | undefined | Promise<PasswordProof | undefined> {
  if (username === nullGuid) return acceptTokens ? proveToken(rooms, registry, password) : undefined
  const proving =
    username.toLowerCase() === registry.name.toLowerCase()
      ? proveAdmin(rooms, registry, password)
      : parseGuid(username) === undefined
        ? proveScopedToken(rooms, registry, username, password)
        : proveClientSecret(rooms, username, password)
  return andThen(proving, (proof) =>
    proof === undefined
      ? undefined
      : { ...proof, narrowedTo: undefined, deletionsSeen: undefined, refreshToken: undefined },
  )
}

async function proveToken(
  rooms: StandingRooms & { readonly tokens: AcrTokens },
  registry: Registry,
  token: string,
): Promise<PasswordProof | undefined> {
  const refresh = await rooms.tokens.verify('refresh_token', token, registry)
  const verified = refresh ?? (await rooms.tokens.verify('access_token', token, registry))
  if (verified === undefined) return undefined
  if ((await standingPrincipal(rooms, registry, verified.credential)) === undefined) return undefined
  return {
    credential: verified.credential,
    expiresAtMs: verified.expiresAtMs,
    narrowedTo: refresh === undefined ? verified.access : undefined,
    deletionsSeen: refresh === undefined ? verified.deletionsSeen : undefined,
    refreshToken: refresh === undefined ? undefined : token,
  }
}

async function proveAdmin(
  { resources }: StandingRooms,
  registry: Registry,
  password: string,
): Promise<Proof | undefined> {
  const proved = await resources.verifyAdminPassword(registry.rid, password)
  if (proved === undefined || !registry.adminUserEnabled) return undefined
  return { credential: { kind: 'admin', password: proved }, expiresAtMs: undefined }
}

async function proveScopedToken(
  { access }: StandingRooms,
  registry: Registry,
  username: string,
  password: string,
): Promise<Proof | undefined> {
  const proved = await access.verifyScopedTokenPassword(registry.rid, username, password)
  if (proved === undefined) return undefined
  const { name, proof, expiresAtMs } = proved
  return { credential: { kind: 'scoped-token', name, proof }, expiresAtMs }
}

function proveClientSecret(
  { credentials }: StandingRooms,
  appId: string,
  secret: string,
): Proof | undefined | Promise<Proof | undefined> {
  return andThen(credentials.checkClientSecret(appId.toLowerCase(), secret), toProof)
}

function toProof(check: ClientSecretCheck): Proof | undefined {
  if (check.outcome !== 'proved') return undefined
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
