import type { Audit } from '../../audit/index.ts'
import type { Credentials, SignInUse } from '../../credentials/index.ts'
import type { Directory, User } from '../../directory/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { KeyRing } from '../../platform/keys/key-ring.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { RedirectPlatform } from '../tokens/clients.ts'
import { EntraError } from '../tokens/errors.ts'
import { type HandlePerson, type Handles, makeHandle } from './handles.ts'
import { refreshTokenSeconds, shortSignInSeconds } from '../tokens/token-parameters.ts'
import { signIdToken, signUserAccessToken } from '../tokens/user-tokens.ts'
import type { GrantRequest } from './grant.ts'
import type { PersonClient } from './person-client.ts'
import type { RequestedAccess } from './requested-access.ts'
import { tokenResponseV1, tokenResponseV2 } from './token-response.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

export type PersonTokensOptions = {
  readonly clock: Clock
  readonly audit: Audit
  readonly keys: KeyRing
  readonly handles: Handles
  readonly credentials: Credentials
  readonly directory: Directory
  readonly publicOrigin: PublicOrigin
}

/** A person's sign-in to one client. */
export type ClientSignIn = {
  readonly tenantId: string
  readonly clientId: string
  readonly platform: RedirectPlatform
  readonly person: HandlePerson
  readonly signInId: string
  readonly access: RequestedAccess
  /** The address and user agent of the client, not of the browser in which the person signed in. */
  readonly origin: SignInUse
}

/** A started sign-in, its expiry, and its refresh token if the client requested one. */
export type StartedSignIn = { readonly expiresAtMs: number; readonly refreshToken: string | undefined }

/** The content of a token response. */
export type PersonTokenResponse = StartedSignIn & {
  readonly user: User
  readonly caller: PersonClient
  readonly person: HandlePerson
  readonly signInId: string
  readonly access: RequestedAccess
  readonly nonce: string | undefined
}

export type PersonTokens = ReturnType<typeof createPersonTokens>

/** Starts sign-ins of people to clients, and issues their tokens. */
export function createPersonTokens({
  clock,
  audit,
  keys,
  handles,
  credentials,
  directory,
  publicOrigin,
}: PersonTokensOptions) {
  const signer = { keys, publicOrigin, clock }
  return {
    /** The user, who must be enabled and whose sign-in must be valid. @throws EntraError */
    requireStanding: async (objectId: string, signInId: string | undefined): Promise<User> => {
      const user = await directory.findUser(objectId)
      if (user?.enabled === false) throw new EntraError('disabledUser')
      if (user === undefined || signInId === undefined) throw new EntraError('revoked')
      if (!(await credentials.credentialStands(objectId, { kind: 'sign-in', id: signInId })))
        throw new EntraError('revoked')
      return user
    },

    /** Starts a sign-in, with a refresh token if the client requested one. */
    start: async (transaction: Transaction, signIn: ClientSignIn): Promise<StartedSignIn> => {
      const { tenantId, clientId, platform, person, signInId, access, origin } = signIn
      const refreshes = access.openId.has('offline_access')
      const lifetimeMs = signInLifetimeMs(platform, refreshes)
      const expiresAtMs = clock.now() + lifetimeMs
      await credentials.touchSignIn(transaction, signInId, lifetimeMs)
      await credentials.recordSignInUse(transaction, signInId, origin)
      if (!refreshes) return { expiresAtMs, refreshToken: undefined }
      const refreshToken = makeHandle('refresh_token')
      const data = { ...person, tenantId, clientId, platform, resource: access.resource }
      const { objectId } = person
      await handles.put(transaction, 'refresh_token', refreshToken, { data, lifetimeMs, objectId, signInId })
      return { expiresAtMs, refreshToken }
    },

    /** Signs the tokens and audits them. Returns the token response. [RFC 6749 §5.1; OpenID Connect Core §3.1.3.3] */
    issue: async (request: GrantRequest, content: PersonTokenResponse): Promise<object> => {
      const { form, version, addressed, origin } = request
      const { user, caller, person, access, signInId } = content
      const { tenantId } = addressed.tenant
      const { clientId } = caller.client
      const { methods, authenticatedAtMs } = person
      const { confidential } = caller
      const about = { user, clientId, confidential, tenantId, version, methods, authenticatedAtMs }
      const { aud } = access.resource
      const userAccess = { aud, scp: scpOf(access), signInId, signInExpiresAtMs: content.expiresAtMs }
      const issued = await signUserAccessToken(signer, about, userAccess)
      const idToken = access.openId.has('openid')
        ? await signIdToken(signer, about, {
            nonce: content.nonce,
            withEmail: version === '2.0' && access.openId.has('email'),
          })
        : undefined
      await audit.append({
        action: 'identity-token.issue',
        outcome: 'success',
        actor: { kind: 'user', id: user.objectId },
        credential: { kind: 'sign-in', id: signInId },
        target: aud,
        detail: { appId: clientId, credentialId: signInId, uti: issued.uti },
        origin,
      })
      return {
        ...(version === '2.0' ? tokenResponseV2(issued) : tokenResponseV1(issued, aud)),
        scope: access.scope,
        ...(content.refreshToken === undefined ? {} : { refresh_token: content.refreshToken }),
        ...(idToken === undefined ? {} : { id_token: idToken }),
        ...(form.get('client_info') === '1' ? { client_info: clientInfo(user.objectId, tenantId) } : {}),
      }
    },
  }
}

/**
 * The lifetime of a sign-in since its last use. The lifetime is short for single-page applications, which cannot
 * protect secrets.
 */
export function signInLifetimeMs(platform: RedirectPlatform, refreshes: boolean): number {
  return (refreshes && platform !== 'spa' ? refreshTokenSeconds : shortSignInSeconds) * 1000
}

function scpOf({ resource, openId }: RequestedAccess): string {
  if (resource.audience !== 'userinfo') return 'user_impersonation'
  return ['openid', 'profile', 'email'].filter((scope) => scope === 'openid' || openId.has(scope)).join(' ')
}

/** MSAL identifies accounts by it. [az-cli-wire §3.4] */
function clientInfo(objectId: string, tenantId: string): string {
  return Buffer.from(JSON.stringify({ uid: objectId, utid: tenantId })).toString('base64url')
}
