import { type Account, requireAccount } from '../../account/account.ts'
import { listArm } from '../../account/arm.ts'
import { hasSuffixOf } from '../../account/clouds.ts'
import { valueAt } from '../../arm/shape.ts'
import type { CommandContext } from '../../command/context.ts'
import { failure } from '../../command/failure.ts'
import { findPlace } from '../login/place.ts'
import { type RegistryFlags, registryVersion } from '../named-registry.ts'

/**
 * The login server of a registry, and its certificate authority. `--name` may be a login server, for which nobody needs to be
 * signed in. With an account, whose token is sent there, it must be one of the account's cloud.
 *
 * @throws CommandFailure if it is a name, and nobody is signed in
 */
export async function findLoginServer(
  context: CommandContext,
  flags: RegistryFlags,
  signedIn: Account | undefined,
): Promise<{ readonly loginServer: string; readonly ca: string | undefined }> {
  if (/[.:]/.test(flags.name)) {
    const loginServer = flags.name.toLowerCase()
    if (signedIn !== undefined) await requireOwnRegistry(signedIn, loginServer)
    return { loginServer, ca: signedIn?.cloud.ca }
  }
  const account = signedIn ?? (await requireAccount(context, flags))
  const { loginServer, cloud } = await findPlace(context, account, flags)
  return { loginServer, ca: cloud.ca }
}

/** A registry of another cloud could use the token at the account's own registries. */
async function requireOwnRegistry(account: Account, loginServer: string): Promise<void> {
  const { cloud, subscription } = account
  if (hasSuffixOf(cloud, loginServer)) return
  // The first registry of an Acrux server has its host. An account that may only pull cannot list it.
  if (cloud.isAcrux === true && loginServer === new URL(cloud.endpoints.resourceManager).host) return
  const url = `/subscriptions/${subscription.id}/providers/Microsoft.ContainerRegistry/registries?api-version=${registryVersion}`
  const registries = await listArm(account, url)
  if (registries.some((each) => String(valueAt(each, 'properties.loginServer')).toLowerCase() === loginServer)) return
  throw failure(
    `${loginServer} is not a registry of the cloud ${cloud.name}, so that the sign-in of ${subscription.user.name} is not used there`,
    `sign in to its server: acrux login --server https://${loginServer}; or use a user name of the registry with -u`,
  )
}
