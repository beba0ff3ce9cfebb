import type { RegistryFlags } from '../../../clients/arm/named-registry.ts'
import { findPlace, isHost } from '../../../clients/registry/place.ts'
import { type Account, requireAccount } from '../../../clients/session/account.ts'
import type { CommandContext } from '../../../framework/command/context.ts'

/**
 * The login server of a registry, and its certificate authority. If `--name` is a login server, no sign-in is needed.
 * If acrux sends the token of an account to the login server, the login server must belong to the account's cloud.
 *
 * @throws CommandFailure if `--name` is the name of a registry, and nobody is signed in
 */
export async function findLoginServer(
  context: CommandContext,
  flags: RegistryFlags,
  signedIn: Account | undefined,
): Promise<{ readonly loginServer: string; readonly ca: string | undefined }> {
  if (signedIn === undefined && isHost(flags.name)) return { loginServer: flags.name.toLowerCase(), ca: undefined }
  const account = signedIn ?? (await requireAccount(context, flags))
  const { loginServer, cloud } = await findPlace(context, account, flags)
  return { loginServer, ca: cloud.ca }
}
