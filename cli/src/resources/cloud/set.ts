import { cloudsOf, requireCloud } from '../../clients/session/account.ts'
import { type Profile, openProfile } from '../../framework/profile/profile.ts'
import { withActiveSubscription } from '../../clients/session/sign-in.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { cloudNameFlag, profileFlag } from './cloud-flags.ts'

/** `acrux cloud set`. */
export const command = defineCommand<{ readonly name: string }>({
  flags: [{ ...cloudNameFlag, required: true }, profileFlag],
  examples: ['acrux cloud set -n registry.example.com', 'acrux cloud set -n AzureCloud'],
  prints: 'result',
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

/** The first enabled subscription of the cloud becomes the active one, as for az. */
function withActiveCloud(profile: Profile, name: string): Profile {
  const switched = { ...profile, activeCloud: name }
  const first = profile.subscriptions.find(
    ({ subscription }) => subscription.environmentName === name && subscription.state === 'Enabled',
  )
  return first === undefined ? switched : withActiveSubscription(switched, first.subscription.id)
}
