import { type Account, requireCloud } from '../../account/account.ts'
import type { Cloud } from '../../account/clouds.ts'
import { openProfile } from '../../account/profile.ts'
import type { CommandContext } from '../../command/context.ts'
import { type RegistryDocument, findRegistry } from '../registry.ts'

/** Where to sign in. Without the document, the account cannot see the registry. */
export type Place = {
  readonly loginServer: string
  readonly cloud: Cloud
  readonly document: RegistryDocument | undefined
}

/** How a user names a registry. */
export type PlaceFlags = { readonly name: string; readonly resourceGroup?: string; readonly suffix?: string }

/** Finds the login server of a registry, as az does. [acr-protocol §2.1 step 4] */
export async function findPlace(
  context: CommandContext,
  account: Account | undefined,
  flags: PlaceFlags,
): Promise<Place> {
  const profile = await openProfile(context.env).read()
  const cloud = account?.cloud ?? requireCloud(profile, profile.activeCloud)
  const cloudSuffix = cloud.suffixes['acrLoginServerEndpoint'] ?? ''
  const isLoginServer = cloudSuffix !== '' && flags.name.toLowerCase().endsWith(cloudSuffix.toLowerCase())
  const name = isLoginServer ? flags.name.slice(0, -cloudSuffix.length) : flags.name
  const document = account && (await findRegistry(account, name, flags.resourceGroup))
  if (document !== undefined) {
    if (flags.suffix !== undefined)
      context.log.warning('The suffix is ignored, because the login server of the registry is known.')
    return { loginServer: document.loginServer, cloud, document }
  }
  const suffix = flags.suffix === undefined ? '' : `-${flags.suffix}`
  return { loginServer: `${name}${suffix}${cloudSuffix}`.toLowerCase(), cloud, document }
}
