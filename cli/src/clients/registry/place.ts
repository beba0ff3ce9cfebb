import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import { type Cloud, hasSuffixOf, isHostOf } from '../../framework/profile/clouds.ts'
import { openProfile } from '../../framework/profile/profile.ts'
import { type RegistryDocument, findByLoginServer, findRegistry } from '../arm/registry.ts'
import { type Account, httpClientOf, requireCloud } from '../session/account.ts'
import { guessLoginServer } from './guess-login-server.ts'

/** The login server of a registry. The ARM document is missing if the account cannot see the registry. */
export type Place = {
  readonly loginServer: string
  readonly cloud: Cloud
  readonly document: RegistryDocument | undefined
}

/** How a user names a registry: by its name or by its login server. */
export type PlaceFlags = { readonly name: string; readonly resourceGroup?: string; readonly suffix?: string }

/**
 * Finds the login server of a registry, as az does. [acr-protocol §2.1 step 4]
 *
 * @throws CommandFailure if the login server does not belong to the cloud, because the login server would receive the
 * tokens of the account
 */
export async function findPlace(
  context: CommandContext,
  account: Account | undefined,
  flags: PlaceFlags,
): Promise<Place> {
  const profile = await openProfile(context.env).read()
  const cloud = account?.cloud ?? requireCloud(profile, profile.activeCloud)
  const cloudSuffix = cloud.suffixes['acrLoginServerEndpoint'] ?? ''
  const isLoginServer = hasSuffixOf(cloud, flags.name)
  if (!isLoginServer && isHost(flags.name)) return placeOfHost(account, cloud, flags.name.toLowerCase())
  const name = isLoginServer ? flags.name.slice(0, -cloudSuffix.length) : flags.name
  const document = account && (await findRegistry(account, name, flags.resourceGroup))
  if (document !== undefined) {
    if (flags.suffix !== undefined)
      context.log.warning('The tenant suffix is ignored, because the login server of the registry is known.')
    return { loginServer: document.loginServer, cloud, document }
  }
  const http = account?.http ?? httpClientOf(context, cloud)
  return { loginServer: await guessLoginServer(http, cloud, { name, suffix: flags.suffix }), cloud, document }
}

/** Whether a text is a host, rather than the name of a registry. */
export function isHost(name: string): boolean {
  return /[.:]/.test(name)
}

/**
 * This login server does not end with the suffix of the cloud. A registry of another cloud could then use the token in
 * this cloud.
 */
async function placeOfHost(account: Account | undefined, cloud: Cloud, loginServer: string): Promise<Place> {
  const document = account && (await findByLoginServer(account, loginServer))
  if (account === undefined || document !== undefined || isHostOf(cloud, loginServer))
    return { loginServer, cloud, document }
  throw failure(
    `${loginServer} is not a registry of the cloud ${cloud.name}, so acrux does not send the credentials of ${account.subscription.user.name}`,
    `sign in to its server: acrux login --server https://${loginServer}; or use a user name of the registry with -u`,
  )
}
