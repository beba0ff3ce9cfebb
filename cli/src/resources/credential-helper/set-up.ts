import type { Account } from '../../clients/session/account.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import { type HelperRegistry, openProfile } from '../../framework/profile/profile.ts'
import { hasProgram } from '../trust/place.ts'
import { addToFile, clientFiles, removeFromFile } from './client-files.ts'
import { helperRegistriesOf } from './registries.ts'

const program = 'docker-credential-acrux'

/**
 * Makes docker, podman and other clients ask the helper for a registry, after a sign-in to the registry. @throws
 * CommandFailure
 */
export async function addHelper(
  context: CommandContext,
  account: Account,
  registry: Pick<HelperRegistry, 'name' | 'loginServer'>,
): Promise<void> {
  const { name, loginServer } = registry
  await account.acrRefreshToken(loginServer, { isFresh: true })
  const added = { name, loginServer, cloud: account.cloud.name }
  await openProfile(context.env).change((profile) => ({
    ...profile,
    helperRegistries: [...helperRegistriesOf(profile).filter((each) => each.loginServer !== loginServer), added],
  }))
  for (const file of clientFiles(context.env)) {
    const isChanged = await addToFile(file, loginServer, context.env)
    context.log.notice(`${isChanged ? 'changed' : 'already set up:'} ${file}`)
  }
  context.log.notice(
    `docker, podman and other clients get the credentials of ${loginServer} from ${program}, as ${account.subscription.user.name}`,
  )
  if (!hasProgram(program))
    context.log.warning(
      `${program} is not on the PATH, so clients cannot run this program. Create the link: ln -s "$(command -v acrux)" /usr/local/bin/${program}`,
    )
}

/**
 * Reverts {@link addHelper} for a registry, by name or login server. @throws CommandFailure if the helper was not set
 * up
 */
export async function removeHelper(context: CommandContext, registry: string): Promise<void> {
  const wanted = registry.toLowerCase()
  const isRemoved = ({ name, loginServer }: HelperRegistry) => [name.toLowerCase(), loginServer].includes(wanted)
  if ((await remove(context, (registries) => registries.filter(isRemoved))) === 0)
    throw failure(`the credential helper is not set up for ${registry}`, `list the registries: ${program} list`)
}

/** Undoes {@link addHelper} for the registries of clouds to which nobody is signed in any more. */
export async function removeUnusedHelpers(context: CommandContext): Promise<void> {
  const { signIns } = await openProfile(context.env).read()
  await remove(context, (all) => all.filter(({ cloud }) => !signIns.some((signIn) => signIn.cloud === cloud)))
}

/**
 * Reverts the selected registrations, and returns their number. The profile is changed last, so that a failed command
 * can be repeated.
 */
async function remove(
  context: CommandContext,
  select: (registries: readonly HelperRegistry[]) => readonly HelperRegistry[],
): Promise<number> {
  const profile = openProfile(context.env)
  const removed = select(helperRegistriesOf(await profile.read()))
  for (const { loginServer } of removed) {
    for (const file of clientFiles(context.env)) {
      if (await removeFromFile(file, loginServer, context.env))
        context.log.notice(`removed ${loginServer} from ${file}`)
    }
  }
  const names = new Set(removed.map(({ loginServer }) => loginServer))
  if (removed.length > 0)
    await profile.change((current) => ({
      ...current,
      helperRegistries: helperRegistriesOf(current).filter(({ loginServer }) => !names.has(loginServer)),
    }))
  return removed.length
}
