import { readFile } from 'node:fs/promises'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { failure } from '../../framework/command/failure.ts'
import type { Cloud } from '../../framework/profile/clouds.ts'
import type { SignIn } from '../../framework/profile/profile.ts'
import type { HttpClient } from '../http/http.ts'
import { type ClientCredential, requestClientToken } from './client-token.ts'
import { managedIdentityToken } from './managed-identity.ts'
import type { SecretStore, Secrets } from './secrets.ts'
import { type TokenResponse, oauthUrl, requestToken, scopeOf } from './token-request.ts'

/** A token is renewed when it expires within this time. */
const marginMs = 5 * 60_000

/** The scopes that the sign-in of a user requests with every resource, so that acrux can renew the sign-in. */
export const personScopes = 'offline_access openid profile'

/** The source of the tokens of a sign-in. */
export type TokenSource = {
  readonly http: HttpClient
  readonly cloud: Cloud
  readonly signIn: SignIn
  readonly secrets: SecretStore
  readonly env: Readonly<Record<string, string | undefined>>
}

/** An access token, and when it expires. */
export type AccessToken = { readonly token: string; readonly expiresAtMs: number }

/** Whether to use a stored token or request a new token. */
export type Freshness = { readonly isFresh?: boolean | undefined }

/** Returns the token with a name, or requests and stores a new token. */
export async function storedToken(
  { secrets, signIn }: TokenSource,
  name: string,
  renew: () => Promise<AccessToken>,
  { isFresh = false }: Freshness = {},
): Promise<AccessToken> {
  const known = isFresh ? undefined : (await secrets.read(signIn.id)).tokens?.[name]
  if (known !== undefined && known.expiresAtMs - marginMs > Date.now()) return known
  const token = await renew()
  await secrets.change(signIn.id, (present) => withToken(present, name, token))
  return token
}

function withToken(secrets: Secrets, name: string, token: AccessToken): Secrets {
  const valid = Object.entries(secrets.tokens ?? {}).filter(([, { expiresAtMs }]) => expiresAtMs > Date.now())
  return { ...secrets, tokens: { ...Object.fromEntries(valid), [name]: token } }
}

/**
 * An access token for a scope such as `https://management.core.windows.net//.default`, from the store or from the tenant.
 *
 * @throws TokenDenied if the sign-in is no longer accepted
 */
export function accessToken(
  source: TokenSource,
  scope: string,
  tenantId: string,
  freshness: Freshness = {},
): Promise<AccessToken> {
  const renew = async (): Promise<AccessToken> => {
    const { accessToken: token, expiresAtMs, refreshToken } = await freshToken(source, scope, tenantId)
    if (refreshToken !== undefined) {
      await source.secrets.change(source.signIn.id, (present) => ({ ...present, refreshToken }))
    }
    return { token, expiresAtMs }
  }
  return storedToken(source, `${tenantId} ${scope}`, renew, freshness)
}

async function freshToken(source: TokenSource, scope: string, tenantId: string): Promise<TokenResponse> {
  const { http, cloud, signIn, env } = source
  const { method, userName } = signIn
  const url = oauthUrl(cloud, tenantId, 'token')
  const secrets = await source.secrets.read(signIn.id)
  const asClient = (credential: ClientCredential) =>
    requestClientToken(http, url, { clientId: userName, scope, credential })
  switch (method.kind) {
    case 'user': {
      const { refreshToken } = secrets
      if (refreshToken === undefined) throw signedOut(signIn)
      return requestToken(http, url, {
        client_id: method.clientId,
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        scope: `${scope} ${personScopes}`,
      })
    }
    case 'secret': {
      const { clientSecret } = secrets
      if (clientSecret === undefined) throw signedOut(signIn)
      return asClient({ kind: 'secret', secret: clientSecret })
    }
    case 'certificate':
      return asClient(method)
    case 'federated': {
      const assertion = method.file === undefined ? secrets.federatedToken : await readTokenFile(method.file)
      if (assertion === undefined) throw signedOut(signIn)
      return asClient({ kind: 'assertion', assertion })
    }
    case 'managed-identity':
      return managedIdentityToken(http, env, method, resourceOf(scope))
  }
}

/** The resource of a scope: managed identities have no scopes. [az-cli-wire §3.7] */
function resourceOf(scope: string): string {
  const suffix = scopeOf('')
  return scope.endsWith(suffix) ? scope.slice(0, -suffix.length) : scope
}

async function readTokenFile(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw failure(`the token file ${file} cannot be read: ${plainReason(error)}`, 'sign in again with acrux login')
  }
}

function signedOut({ userName }: SignIn): Error {
  return failure(`the credentials of ${userName} were deleted`, 'sign in again with acrux login')
}
