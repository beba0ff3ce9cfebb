import { cloudsOf, requireCloud } from '../../clients/session/account.ts'
import { removeSignIns } from '../../clients/session/sign-in.ts'
import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import { type Cloud, azureCloud } from '../../framework/profile/clouds.ts'
import { type Profile, openProfile } from '../../framework/profile/profile.ts'
import { removeUnusedHelpers } from '../credential-helper/set-up.ts'
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

type RegisterCloudFlags = CloudFlags & { readonly name: string }

/** `acrux cloud register`. */
export const registerCloud = defineCommand<RegisterCloudFlags>({
  about: `
The command reads the other endpoints of the cloud from the server at --endpoint-resource-manager. The command acrux
login --server URL registers and selects an Acrux server in one step.`,
  flags: [{ ...cloudNameFlag, required: true }, ...cloudFlags],
  examples: [
    'acrux cloud register -n contoso --endpoint-resource-manager https://registry.example.com',
    'acrux cloud register -n contoso --endpoint-resource-manager https://registry.example.com --ca-file ca.pem',
  ],
  run: register,
})

async function register(flags: RegisterCloudFlags, context: CommandContext): Promise<void> {
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

type UpdateCloudFlags = CloudFlags & { readonly name?: string }

/** `acrux cloud update`. */
export const updateCloud = defineCommand<UpdateCloudFlags>({
  about: `
With --endpoint-resource-manager, the command reads the other endpoints of the cloud again from this server. AzureCloud
cannot be changed.`,
  flags: [{ ...cloudNameFlag, description: 'the name of the cloud. Default: the active cloud' }, ...cloudFlags],
  examples: ['acrux cloud update -n contoso --endpoint-resource-manager https://registry.example.com'],
  run: update,
})

async function update(flags: UpdateCloudFlags, context: CommandContext): Promise<void> {
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

/** The sign-ins of a cloud belong to its servers. @throws CommandFailure if other servers would receive their tokens */
function requireNoSignIns({ clouds, signIns }: Profile, changed: Cloud): void {
  const { name } = changed
  const present = clouds.find((each) => each.name === name)
  const originAt = (cloud: Cloud | undefined, endpoint: string) => URL.parse(cloud?.endpoints[endpoint] ?? '')?.origin
  const isMoved = tokenEndpoints.some((each) => originAt(present, each) !== originAt(changed, each))
  if (!isMoved || !signIns.some(({ cloud }) => cloud === name)) return
  throw failure(
    `accounts are signed in to the cloud '${name}', and the new servers would receive the tokens of these accounts`,
    'sign out with acrux logout first, or register the servers under another name',
  )
}

/** Values that the server does not describe stay unchanged, as for az. */
function withoutNull(values: Readonly<Record<string, string | null>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [[name, value]])))
}

/** `acrux cloud unregister`. */
export const unregisterCloud = defineCommand<{ readonly name: string }>({
  flags: [{ ...cloudNameFlag, required: true }],
  about: `
The command also signs out all accounts of the cloud.`,
  examples: ['acrux cloud unregister -n registry.example.com'],
  run: async ({ name }, context) => {
    const profile = openProfile(context.env)
    requireUnregistrable(await profile.read(), name)
    await removeSignIns(context, ({ cloud }) => cloud === name)
    await removeUnusedHelpers(context)
    await profile.change((current) => {
      requireUnregistrable(current, name)
      return { ...current, clouds: current.clouds.filter((cloud) => cloud.name !== name) }
    })
  },
})

function requireUnregistrable(profile: Profile, name: string): void {
  requireCloud(profile, name)
  if (name === profile.activeCloud)
    throw failure(`The cloud '${name}' cannot be unregistered as it's currently active.`)
  if (name === azureCloud.name) throw failure(`The cloud '${name}' cannot be unregistered as it's not a custom cloud.`)
}
