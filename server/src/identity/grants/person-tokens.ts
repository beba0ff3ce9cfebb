import type { Audit } from '../../audit/index.ts'
import type { Credentials, SignInUse } from '../../credentials/index.ts'
import type { Directory, User } from '../../directory/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { KeyRing } from '../../platform/keys/key-ring.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { RedirectPlatform } from '../clients.ts'
import { EntraError } from '../entra-errors.ts'
import { type HandlePerson, type Handles, makeHandle } from '../handles.ts'
import { refreshTokenSeconds, shortSignInSeconds } from '../token-parameters.ts'
import { signIdToken, signUserAccessToken } from '../user-tokens.ts'
import type { GrantRequest } from './grant.ts'
import type { PersonClient } from './person-client.ts'
import type { RequestedAccess } from './requested-access.ts'
import { answerV1, answerV2 } from './token-answer.ts'

export type PersonTokensOptions = {
  readonly clock: Clock
  readonly audit: Audit
  readonly keys: KeyRing
  readonly handles: Handles
  readonly credentials: Credentials
  readonly directory: Directory
  readonly publicOrigin: string
}

/** A person's sign-in to one client. */
export type ClientSignIn = {
  readonly tenantId: string
  readonly clientId: string
  readonly platform: RedirectPlatform
  readonly person: HandlePerson
  readonly signInId: string
  readonly access: RequestedAccess
  /** Of the client, and not of the browser in which the person signed in. */
  readonly origin: SignInUse
}

/** A sign-in that was begun: until when it stands by itself, and how it goes on. */
export type BegunSignIn = { readonly expiresAtMs: number; readonly refreshToken: string | undefined }

/** What the answer to a client is made of. */
export type PersonAnswer = BegunSignIn & {
  readonly user: User
  readonly by: PersonClient
  readonly person: HandlePerson
  readonly signInId: string
  readonly access: RequestedAccess
  readonly nonce: string | undefined
}

export type PersonTokens = ReturnType<typeof createPersonTokens>

/** Begins sign-ins of people at clients, and makes the answers that hold their tokens. */
export function createPersonTokens({
  clock,
  audit,
  keys,
  handles,
  credentials,
  directory,
  publicOrigin,
}: PersonTokensOptions) {
  return {
    /** Whoever is still enabled, and whose sign-in has not ended. @throws EntraError */
    requireStanding: async (objectId: string, signInId: string | undefined): Promise<User> => {
      const user = await directory.findUser(objectId)
      if (user?.enabled === false) throw new EntraError('disabledUser')
      if (user === undefined || signInId === undefined) throw new EntraError('revoked')
      if (!(await credentials.credentialStands(objectId, { kind: 'sign-in', id: signInId })))
        throw new EntraError('revoked')
      return user
    },

    /** Lets a sign-in live as long as it may, and makes the refresh token if one was asked for. */
    begin: async (transaction: Transaction, signIn: ClientSignIn): Promise<BegunSignIn> => {
      const { tenantId, clientId, platform, person, signInId, access, origin } = signIn
      const refreshes = access.openId.has('offline_access')
      const lifetimeMs = signInLifetimeMs(platform, refreshes)
      const expiresAtMs = clock.now() + lifetimeMs
      await credentials.touchSignIn(transaction, signInId, lifetimeMs)
      await credentials.noteSignInUse(transaction, signInId, origin)
      if (!refreshes) return { expiresAtMs, refreshToken: undefined }
      const refreshToken = makeHandle('refresh_token')
      const data = { ...person, tenantId, clientId, platform, resource: access.resource }
      const { objectId } = person
      await handles.put(transaction, 'refresh_token', refreshToken, { data, lifetimeMs, objectId, signInId })
      return { expiresAtMs, refreshToken }
    },

    /** Signs the tokens, and writes down that they were given. [RFC 6749 §5.1; OpenID Connect Core §3.1.3.3] */
    answer: async (request: GrantRequest, issue: PersonAnswer): Promise<object> => {
      const { form, version, addressed, origin } = request
      const { user, by, person, access, signInId } = issue
      const { tenantId } = addressed.tenant
      const { clientId } = by.client
      const { methods, authenticatedAtMs } = person
      const { confidential } = by
      const about = { user, clientId, confidential, tenantId, version, methods, authenticatedAtMs }
      const { aud } = access.resource
      const userAccess = { aud, scp: scpOf(access), signInId, signInExpiresAtMs: issue.expiresAtMs }
      const issued = await signUserAccessToken(keys, publicOrigin, clock.now(), about, userAccess)
      const idToken = access.openId.has('openid')
        ? await signIdToken(keys, publicOrigin, clock.now(), about, {
            nonce: issue.nonce,
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
        ...(version === '2.0' ? answerV2(issued) : answerV1(issued, aud)),
        scope: access.scope,
        ...(issue.refreshToken === undefined ? {} : { refresh_token: issue.refreshToken }),
        ...(idToken === undefined ? {} : { id_token: idToken }),
        ...(form.get('client_info') === '1' ? { client_info: clientInfo(user.objectId, tenantId) } : {}),
      }
    },
  }
}

/** How long a sign-in goes on from its last use: a page in a browser keeps secrets badly. */
export function signInLifetimeMs(platform: RedirectPlatform, refreshes: boolean): number {
  return (refreshes && platform !== 'spa' ? refreshTokenSeconds : shortSignInSeconds) * 1000
}

function scpOf({ resource, openId }: RequestedAccess): string {
  if (resource.audience !== 'userinfo') return 'user_impersonation'
  return ['openid', 'profile', 'email'].filter((scope) => scope === 'openid' || openId.has(scope)).join(' ')
}

/** By which MSAL keeps people apart. [az-cli-wire §3.4] */
function clientInfo(objectId: string, tenantId: string): string {
  return Buffer.from(JSON.stringify({ uid: objectId, utid: tenantId })).toString('base64url')
}
