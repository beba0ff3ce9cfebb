import { requireCloud } from '../../clients/session/account.ts'
import { azureCloud } from '../../framework/profile/clouds.ts'
import { type Profile, openProfile } from '../../framework/profile/profile.ts'
import { removeSignIns } from '../../clients/session/sign-in.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { failure } from '../../framework/command/failure.ts'
import { removeUnusedHelpers } from '../credential-helper/set-up.ts'
import { cloudNameFlag } from './cloud-flags.ts'

/** `acrux cloud unregister`. */
export const command = defineCommand<{ readonly name: string }>({
  flags: [{ ...cloudNameFlag, required: true }],
  about: `
The sign-ins to the cloud are deleted, so that no cloud that is later registered with the same name gets them.`,
  examples: ['acrux cloud unregister -n registry.example.com'],
  prints: 'result',
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
