import { cloudsOf } from '../../clients/session/account.ts'
import type { Cloud } from '../../framework/profile/clouds.ts'
import { openProfile } from '../../framework/profile/profile.ts'
import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import {
  type CloudFlags,
  cloudFlags,
  cloudNameFlag,
  describedCloud,
  givenAuthority,
  givenEndpoints,
  missingEndpoints,
  warnOfOtherHost,
} from './cloud-flags.ts'

type Flags = CloudFlags & { readonly name: string }

/** `acrux cloud register`. */
export const command = defineCommand<Flags>({
  about: `
The server of --endpoint-resource-manager describes the other endpoints. acrux login --server URL registers an Acrux
server and selects it in one step.`,
  flags: [{ ...cloudNameFlag, required: true }, ...cloudFlags],
  examples: [
    'acrux cloud register -n contoso --endpoint-resource-manager https://registry.example.com',
    'acrux cloud register -n contoso --endpoint-resource-manager https://registry.example.com --ca-file ca.pem',
  ],
  prints: 'result',
  run: register,
})

async function register(flags: Flags, context: CommandContext): Promise<void> {
  const profile = openProfile(context.env)
  const { name } = flags
  requireUnregistered(name, cloudsOf(await profile.read()))
  const given = await givenEndpoints(flags)
  if (given.endpoints['resourceManager'] === undefined) throw failure(missingEndpoints)
  const cloud = await describedCloud(context, name, given, await givenAuthority(flags))
  warnOfOtherHost(context, cloud)
  await profile.change((current) => {
    requireUnregistered(name, cloudsOf(current))
    return { ...current, clouds: [...current.clouds, cloud] }
  })
}

function requireUnregistered(name: string, clouds: readonly Cloud[]): void {
  if (clouds.some((cloud) => cloud.name === name)) throw failure(`The cloud '${name}' is already registered.`)
}
