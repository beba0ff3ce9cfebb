import { decodeJwt } from 'jose'
import type { Origin } from '../../platform/http/app.ts'
import { hashId } from '../../platform/keys/random-id.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { PortalError } from './errors.ts'
import type { FindRegistry, PortalSession, PortalSignIns } from './model.ts'
import { createTokenCache } from './token-cache.ts'
import type { RequestToken, TokenAnswer } from './token-endpoints.ts'
import { type PublicOrigin, perOrigin } from '../../platform/http/requested-origin.ts'

/** A surface whose access tokens the identity provider issues. */
export type Audience = 'arm' | 'graph' | 'acr'

/** A registry, and the access that a request to it may need. */
export type RegistryAccess = { readonly loginServer: string; readonly scope: string }

export type SessionTokensOptions = {
  readonly clock: Clock
  readonly signIns: Pick<PortalSignIns, 'client'>
  readonly publicOrigin: PublicOrigin
  readonly findRegistry: FindRegistry
  readonly requestToken: RequestToken
}

export type SessionTokens = ReturnType<typeof createSessionTokens>

/** The page shows the permissions in a registry's token, so the token must soon contain a new permission. */
const maxRegistryTokenAgeMs = 60 * 1000

/** The refresh token, or the sign-in of the refresh token, is no longer valid. */
export class SignInEndedError extends Error {
  override readonly name = 'SignInEndedError'
}

/**
 * The access tokens of sessions. The server stores the tokens only in memory, and sends them to no client. At each request, every surface
 * checks whether the sign-in of a token is still valid. Caching a token therefore does not extend revoked access.
 */
export function createSessionTokens(options: SessionTokensOptions) {
  const { clock, signIns, publicOrigin, findRegistry, requestToken } = options
  const cache = createTokenCache(clock)
  const scopes = perOrigin(publicOrigin, (own): Readonly<Record<Audience, string>> => ({
    arm: 'https://management.core.windows.net//.default',
    graph: `${own}/graph//.default`,
    acr: 'https://containerregistry.azure.net//.default',
  }))

  const ofAudience = (session: PortalSession, audience: Audience, origin: Origin): Promise<string> =>
    cache.get({ idHash: session.idHash, name: audience }, async () => {
      const answer = await requestToken({
        path: '/organizations/oauth2/v2.0/token',
        host: new URL(String(publicOrigin)).host,
        form: {
          grant_type: 'refresh_token',
          client_id: signIns.client.clientId,
          refresh_token: session.refreshToken,
          scope: scopes()[audience],
        },
        origin,
      })
      requireAvailable(answer)
      if (answer.status !== 200) throw new SignInEndedError(`the token endpoint answered ${answer.status}`)
      return requireText(answer, 'access_token')
    })

  /** The generation of the tokens of a registry. Tokens of earlier generations become invalid when the role assignment mode is switched. */
  const generationOf = async (loginServer: string) => (await findRegistry({ loginServer }))?.tokenGeneration

  const loginOf = async (session: PortalSession, loginServer: string, origin: Origin): Promise<string> => {
    const generation = await generationOf(loginServer)
    return cache.get({ idHash: session.idHash, name: loginName(loginServer), generation }, async () => {
      const accessToken = await ofAudience(session, 'acr', origin)
      const form = { grant_type: 'access_token', service: loginServer, access_token: accessToken }
      return askRegistry({ path: '/oauth2/exchange', host: loginServer, form, origin }, 'refresh_token')
    })
  }

  async function askRegistry(request: Parameters<RequestToken>[0], member: string): Promise<string> {
    const answer = await requestToken(request)
    requireAvailable(answer)
    if (answer.status !== 200) throw noAccess(answer)
    return requireText(answer, member)
  }

  const askByLogin = async (session: PortalSession, { loginServer, scope }: RegistryAccess, origin: Origin) => {
    const login = await loginOf(session, loginServer, origin)
    const form = { grant_type: 'refresh_token', service: loginServer, scope, refresh_token: login }
    const answer = await requestToken({ path: '/oauth2/token', host: loginServer, form, origin })
    requireAvailable(answer)
    return answer
  }

  return {
    /** The access token of a session for a surface. @throws SignInEndedError, PortalError 503 */
    ofAudience,
    /**
     * A login of a registry that is valid for 3 hours: the password of the null-GUID user, as `az acr login` obtains it.
     *
     * @throws as below
     */
    loginOf,
    /**
     * The ACR access token of a session. It contains the part of the requested access that the person has.
     *
     * @throws SignInEndedError, PortalError 403 if the person has no role on the registry, 503
     */
    ofRegistry: async (session: PortalSession, access: RegistryAccess, origin: Origin): Promise<string> => {
      const generation = await generationOf(access.loginServer)
      const key = { idHash: session.idHash, name: accessName(access), maxAgeMs: maxRegistryTokenAgeMs, generation }
      return cache.get(key, async () => {
        const answer = await askByLogin(session, access, origin)
        if (answer.status !== 401) return accessTokenOf(answer)
        // A login becomes invalid when the role assignment mode is switched or the signing keys are withdrawn. The person remains signed
        // in.
        cache.delete(session.idHash, [loginName(access.loginServer)])
        return accessTokenOf(await askByLogin(session, access, origin))
      })
    },
    /** Deletes all tokens of a session, for example after the keys that signed them were withdrawn. */
    forgetAll: ({ idHash }: Pick<PortalSession, 'idHash'>): void => cache.deleteAll(idHash),
    /** Deletes the tokens of a registry that does not accept them. */
    forget: ({ idHash }: Pick<PortalSession, 'idHash'>, access: RegistryAccess): void =>
      cache.delete(idHash, [loginName(access.loginServer), accessName(access)]),
  }
}

const loginName = (loginServer: string) => `login ${loginServer}`
const accessName = ({ loginServer, scope }: RegistryAccess) => hashId(`${loginServer} ${scope}`)

/** The claims of an ACR access token that contain its permissions. `untag` is an extension of this server, in a separate claim. */
type AccessClaims = {
  readonly access?: readonly { readonly actions: readonly string[] }[]
  readonly acrux?: { readonly untag?: readonly string[] }
}

/** The actions in an ACR access token. */
export function accessOf(token: string): readonly string[] {
  const { access = [], acrux } = decodeJwt<AccessClaims>(token)
  const actions = access.flatMap((scope) => scope.actions)
  return acrux?.untag?.length ? [...actions, 'untag'] : actions
}

/** @throws PortalError if the registry issued no token */
function accessTokenOf(answer: TokenAnswer): string {
  if (answer.status !== 200) throw noAccess(answer)
  return requireText(answer, 'access_token')
}

function noAccess(answer: TokenAnswer): PortalError {
  const { correlationId } = answer
  return new PortalError('noAccess', messageOf(answer), correlationId === undefined ? {} : { correlationId })
}

/** @throws PortalError 503 if the endpoint could not decide about the request */
function requireAvailable({ status }: TokenAnswer): void {
  if (status >= 500 || status === 429) throw new PortalError('busy', undefined, { cause: new Error(String(status)) })
}

function requireText({ body }: TokenAnswer, member: string): string {
  const value = body[member]
  if (typeof value !== 'string') throw new PortalError('busy', undefined, { cause: new Error(`no ${member}`) })
  return value
}

/** The message of the registry, which names the missing permission. */
function messageOf({ body }: TokenAnswer): string | undefined {
  const { errors } = body
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined
  const message = typeof first === 'object' && first !== null && 'message' in first ? first.message : undefined
  return typeof message === 'string' ? message : undefined
}
