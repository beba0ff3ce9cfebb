import { cloudsOf, requireCloud } from '../../clients/session/account.ts'
import { withActiveSubscription } from '../../clients/session/sign-in.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { cloudDocument } from '../../framework/profile/clouds.ts'
import { type Profile, openProfile } from '../../framework/profile/profile.ts'
import { cloudNameFlag, profileFlag, profiles } from './cloud-flags.ts'

/** `acrux cloud list`. */
export const listClouds = defineCommand({
  examples: ['acrux cloud list', 'acrux cloud list -o table'],
  run: async (_flags, { env }) => {
    const profile = await openProfile(env).read()
    return cloudsOf(profile).map((cloud) => cloudDocument(cloud, cloud.name === profile.activeCloud))
  },
})

/** `acrux cloud list-profiles`. */
export const listProfiles = defineCommand({
  flags: [cloudNameFlag, { flags: '--show-all', description: 'has no effect' }],
  examples: ['acrux cloud list-profiles'],
  run: async () => profiles,
})

/** `acrux cloud show`. */
export const showCloud = defineCommand<{ readonly name?: string }>({
  flags: [{ ...cloudNameFlag, description: 'the name of the cloud. Default: the active cloud' }],
  examples: ['acrux cloud show', 'acrux cloud show -n AzureCloud --query suffixes'],
  run: async ({ name }, { env }) => {
    const profile = await openProfile(env).read()
    const cloud = requireCloud(profile, name ?? profile.activeCloud)
    return cloudDocument(cloud, cloud.name === profile.activeCloud)
  },
})

/** `acrux cloud set`. */
export const setCloud = defineCommand<{ readonly name: string }>({
  flags: [{ ...cloudNameFlag, required: true }, profileFlag],
  examples: ['acrux cloud set -n registry.example.com', 'acrux cloud set -n AzureCloud'],
  run: async ({ name: wanted }, { env, log }) => {
    const profile = openProfile(env)
    const before = await profile.read()
    const name = cloudsOf(before).find((each) => each.name.toLowerCase() === wanted.toLowerCase())?.name ?? wanted
    if (before.activeCloud === name) return
    requireCloud(before, name)
    const after = await profile.change((current) => withActiveCloud(current, name))
    log.warning(`Switched active cloud to '${name}'.`)
    const active = after.subscriptions.find(({ subscription }) => subscription.isDefault)?.subscription
    if (active?.environmentName === name) {
      log.warning(`Active subscription switched to '${active.name ?? ''} (${active.id})'.`)
    } else {
      log.warning("Use 'acrux login' to log in to this cloud.")
      log.warning("Use 'acrux account set' to set the active subscription.")
    }
  },
})

/** As in az, the first enabled subscription of the cloud becomes active. */
function withActiveCloud(profile: Profile, name: string): Profile {
  const switched = { ...profile, activeCloud: name }
  const first = profile.subscriptions.find(
    ({ subscription }) => subscription.environmentName === name && subscription.state === 'Enabled',
  )
  return first === undefined ? switched : withActiveSubscription(switched, first.subscription.id)
}
