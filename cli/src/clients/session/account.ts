import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import { type Cloud, azureCloud } from '../../framework/profile/clouds.ts'
import {
  type Profile,
  type StoredSubscription,
  type Subscription,
  openProfile,
} from '../../framework/profile/profile.ts'
import { isRecord } from '../../framework/values/record.ts'
import { type HttpClient, createHttpClient } from '../http/http.ts'
import { type Exchange, ExchangeDenied, exchangeForAcrToken } from '../tokens/acr-exchange.ts'
import {
  type AccessToken,
  type Freshness,
  type TokenSource,
  accessToken,
  storedToken,
} from '../tokens/sign-in-tokens.ts'
import { unverifiedClaims } from '../tokens/token-claim.ts'
import { TokenDenied, scopeOf } from '../tokens/token-request.ts'
import { acrTokenName, openSecretStore } from './secret-store.ts'

/** The audience of registries. [acr-protocol §2.4] */
export const acrResource = 'https://containerregistry.azure.net'

/** A signed-in subscription. The account renews its tokens. */
export type Account = {
  readonly subscription: Subscription
  readonly cloud: Cloud
  /** A token for Azure Resource Manager. */
  readonly armToken: (freshness?: Freshness) => Promise<string>
  /** A token for Microsoft Graph. @throws CommandFailure if the cloud has no Graph */
  readonly graphToken: (freshness?: Freshness) => Promise<string>
  /**
   * An ACR refresh token: the password of the null GUID at a login server, for up to 3 hours. Without `isFresh`, the
   * token may be a stored token that expires in 5 minutes. A narrowed token is always new. @throws ExchangeDenied
   */
  readonly acrRefreshToken: (loginServer: string, options?: Freshness & Pick<Exchange, 'narrowing'>) => Promise<string>
  /** A token for a scope. `tenantId` selects another tenant than the tenant of the subscription. */
  readonly token: (scope: string, tenantId?: string) => Promise<AccessToken>
  /** Sends a request to a server of the cloud, without a token. */
  readonly http: HttpClient
}

/** Selects an account: a subscription by its id or name. Default: the active subscription. */
export type AccountFlags = { readonly subscription?: string | undefined }

/**
 * The active account, or the account of a subscription. @throws CommandFailure with az's message if the account does
 * not exist
 */
export async function requireAccount(context: CommandContext, flags: AccountFlags = {}): Promise<Account> {
  const profile = await openProfile(context.env).read()
  return openAccount(context, profile, requireSubscription(profile, flags.subscription))
}

/** The active account. Undefined if nobody is signed in to the active cloud. */
export async function findAccount(context: CommandContext): Promise<Account | undefined> {
  const profile = await openProfile(context.env).read()
  const stored = subscriptionsOf(profile).find(({ subscription }) => subscription.isDefault)
  return stored && openAccount(context, profile, stored)
}

/** All clouds: the clouds of Azure, and the registered clouds. */
export function cloudsOf({ clouds }: Profile): readonly Cloud[] {
  return [azureCloud, ...clouds]
}

/** @throws CommandFailure with az's message if the cloud is not registered */
export function requireCloud(profile: Profile, name: string): Cloud {
  const cloud = cloudsOf(profile).find((each) => each.name === name)
  if (cloud === undefined) throw failure(`The cloud '${name}' is not registered.`, 'list the clouds: acrux cloud list')
  return cloud
}

/** The subscriptions of the active cloud. */
export function subscriptionsOf({ activeCloud, subscriptions }: Profile): readonly StoredSubscription[] {
  return subscriptions.filter(({ subscription }) => subscription.environmentName === activeCloud)
}

/** The subscription with an id or a name, or the active one. @throws CommandFailure with az's messages */
export function requireSubscription(profile: Profile, wanted: string | undefined): StoredSubscription {
  const all = subscriptionsOf(profile)
  if (all.length === 0) throw failure("Please run 'acrux login' to setup account.")
  const found = all.filter(({ subscription }) =>
    wanted === undefined ? subscription.isDefault : isNamed(subscription, wanted),
  )
  const [first, second] = found
  if (first === undefined) {
    throw wanted === undefined
      ? failure("No subscription found. Run 'acrux account set' to select a subscription.")
      : failure(`Subscription '${wanted}' not found. Check the spelling and casing and try again.`)
  }
  if (second !== undefined)
    throw failure(`Multiple subscriptions with the name '${wanted ?? ''}' found. Specify the subscription ID.`)
  return first
}

/** Whether a subscription has an id or a name, in any case. */
export function isNamed({ id, name }: Subscription, wanted: string): boolean {
  return [id.toLowerCase(), name?.toLowerCase()].includes(wanted.toLowerCase())
}

/** The client for the servers of a cloud. */
export function httpClientOf({ env, log }: CommandContext, { ca }: Pick<Cloud, 'ca'>): HttpClient {
  return createHttpClient({ ca, log, env })
}

/** The account of a stored subscription. @throws CommandFailure if its sign-in is missing */
export function openAccount(context: CommandContext, profile: Profile, stored: StoredSubscription): Account {
  const { subscription } = stored
  const signIn = profile.signIns.find(({ id }) => id === stored.signIn)
  if (signIn === undefined)
    throw failure(
      `the account has no stored credentials for the subscription ${subscription.id}`,
      'sign in again: acrux login',
    )
  const cloud = requireCloud(profile, signIn.cloud)
  const http = httpClientOf(context, cloud)
  const { env } = context
  const source: TokenSource = { http, cloud, signIn, secrets: openSecretStore(signIn.secretStore, env), env }
  const token = (scope: string, tenantId = subscription.tenantId) => accessToken(source, scope, tenantId)
  const forResource = async (resource: string, freshness?: Freshness) =>
    (await accessToken(source, scopeOf(resource), subscription.tenantId, freshness)).token
  const armResource = cloud.endpoints.activeDirectoryResourceId
  return {
    subscription,
    cloud,
    http,
    token,
    armToken: (freshness) => forResource(armResource, freshness),
    graphToken: async (freshness) => {
      const graph = cloud.endpoints['microsoftGraphResourceId']
      if (typeof graph !== 'string') throw failure(`the cloud ${cloud.name} provides no Microsoft Graph endpoint`)
      return forResource(graph, freshness)
    },
    acrRefreshToken: async (loginServer, { narrowing, isFresh } = {}) => {
      const { tenantId } = subscription
      const exchange = async (freshness?: Freshness): Promise<AccessToken> => {
        const identityToken = await tokenForRegistries((resource) => forResource(resource, freshness), armResource)
        const refreshToken = await exchangeForAcrToken(http, loginServer, { tenantId, identityToken, narrowing })
        return { token: refreshToken, expiresAtMs: expiryOf(refreshToken) }
      }
      const renew = async (): Promise<AccessToken> => {
        try {
          return await exchange()
        } catch (error) {
          // The stored identity token may be revoked. A request for another token shows whether the sign-in has ended.
          if (error instanceof ExchangeDenied && error.status === 401) return exchange({ isFresh: true })
          throw error
        }
      }
      const name = acrTokenName(tenantId, loginServer)
      return (await (narrowing === undefined ? storedToken(source, name, renew, { isFresh }) : renew())).token
    },
  }
}

/** A token for registries, or for ARM in clouds without an audience for registries. [acr-protocol §2.4] */
async function tokenForRegistries(
  forResource: (resource: string) => Promise<string>,
  armResource: string,
): Promise<string> {
  try {
    return await forResource(acrResource)
  } catch (error) {
    const isUnknown = error instanceof TokenDenied && error.numbers.some((each) => each === 500011 || each === 50001)
    if (!isUnknown) throw error
    return forResource(armResource)
  }
}

/** When a JWT expires, in milliseconds since the epoch; now if the JWT has no expiry. */
function expiryOf(token: string): number {
  const seconds = Number(unverifiedClaims(token)['exp'])
  return Number.isFinite(seconds) ? seconds * 1000 : Date.now()
}

export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {}
}
