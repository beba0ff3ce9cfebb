import { requireCloud } from '../account/account.ts'
import { azureCloud } from '../account/clouds.ts'
import { openProfile } from '../account/profile.ts'
import { defineCommand } from '../command/command.ts'
import { failure } from '../command/failure.ts'
import { cloudNameFlag } from './cloud-flags.ts'

/** `acrux cloud unregister`. */
export const command = defineCommand<{ readonly name: string }>({
  flags: [{ ...cloudNameFlag, required: true }],
  examples: ['acrux cloud unregister -n registry.example.com'],
  prints: 'result',
  run: async ({ name }, { env }) => {
    await openProfile(env).change((profile) => {
      requireCloud(profile, name)
      if (name === profile.activeCloud)
        throw failure(`The cloud '${name}' cannot be unregistered as it's currently active.`)
      if (name === azureCloud.name)
        throw failure(`The cloud '${name}' cannot be unregistered as it's not a custom cloud.`)
      return { ...profile, clouds: profile.clouds.filter((cloud) => cloud.name !== name) }
    })
  },
})
