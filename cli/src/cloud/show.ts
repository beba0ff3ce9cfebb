import { requireCloud } from '../account/account.ts'
import { cloudDocument } from '../account/clouds.ts'
import { openProfile } from '../account/profile.ts'
import { defineCommand } from '../command/command.ts'
import { cloudNameFlag } from './cloud-flags.ts'

/** `acrux cloud show`. */
export const command = defineCommand<{ readonly name?: string }>({
  flags: [{ ...cloudNameFlag, description: 'the name of the cloud. Default: the active one' }],
  examples: ['acrux cloud show', 'acrux cloud show -n AzureCloud --query suffixes'],
  prints: 'result',
  run: async ({ name }, { env }) => {
    const profile = await openProfile(env).read()
    const cloud = requireCloud(profile, name ?? profile.activeCloud)
    return cloudDocument(cloud, cloud.name === profile.activeCloud)
  },
})
