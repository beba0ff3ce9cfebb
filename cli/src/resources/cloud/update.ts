import { cloudsOf } from '../../clients/session/account.ts'
import { type Cloud, azureCloud } from '../../framework/profile/clouds.ts'
import { type Profile, openProfile } from '../../framework/profile/profile.ts'
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

type Flags = CloudFlags & { readonly name?: string }

/** `acrux cloud update`. */
export const command = defineCommand<Flags>({
  about: `
With --endpoint-resource-manager, the server describes the other endpoints again. AzureCloud cannot be changed.`,
  flags: [{ ...cloudNameFlag, description: 'the name of the cloud. Default: the active one' }, ...cloudFlags],
  examples: ['acrux cloud update -n contoso --endpoint-resource-manager https://registry.example.com'],
  prints: 'result',
  run: update,
})

async function update(flags: Flags, context: CommandContext): Promise<void> {
  const profile = openProfile(context.env)
  const before = await profile.read()
  const name = flags.name ?? before.activeCloud
  const present = cloudsOf(before).find((each) => each.name === name)
  const given = await givenEndpoints(flags)
  const isDescribed = given.endpoints['resourceManager'] !== undefined
  if (present === undefined) throw failure(isDescribed ? `The cloud '${name}' is not registered.` : missingEndpoints)
  if (name === azureCloud.name) throw failure(`The cloud '${name}' cannot be changed.`, 'register a cloud of your own')
  const authority = { ...(present.ca !== undefined && { ca: present.ca }), ...(await givenAuthority(flags)) }
  const { endpoints, suffixes, ...others } = isDescribed
    ? await describedCloud(context, name, given, authority)
    : { ...present, ...given, ...authority }
  const changed: Cloud = {
    ...others,
    endpoints: { ...present.endpoints, ...withoutNull(endpoints) },
    suffixes: { ...present.suffixes, ...withoutNull(suffixes) },
  }
  warnOfOtherHost(context, changed)
  await profile.change((current) => {
    requireNoSignIns(current, changed)
    return { ...current, clouds: current.clouds.map((each) => (each.name === name ? changed : each)) }
  })
}

/** The endpoints that get the tokens of sign-ins, or the secrets. */
const tokenEndpoints = ['resourceManager', 'activeDirectory', 'microsoftGraphResourceId']

/** The sign-ins of a cloud were made at its servers. @throws CommandFailure if other servers would get their tokens */
function requireNoSignIns({ clouds, signIns }: Profile, changed: Cloud): void {
  const { name } = changed
  const present = clouds.find((each) => each.name === name)
  const originAt = (cloud: Cloud | undefined, endpoint: string) => URL.parse(cloud?.endpoints[endpoint] ?? '')?.origin
  const isMoved = tokenEndpoints.some((each) => originAt(present, each) !== originAt(changed, each))
  if (!isMoved || !signIns.some(({ cloud }) => cloud === name)) return
  throw failure(
    `the cloud '${name}' has sign-ins, and its new servers would get their tokens`,
    'sign out with acrux logout first, or register the servers under another name',
  )
}

/** Values that the server does not describe stay unchanged, as for az. */
function withoutNull(values: Readonly<Record<string, string | null>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [[name, value]])))
}
