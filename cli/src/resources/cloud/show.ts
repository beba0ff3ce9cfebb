import { requireCloud } from '../../clients/session/account.ts'
import { cloudDocument } from '../../framework/profile/clouds.ts'
import { openProfile } from '../../framework/profile/profile.ts'
import { defineCommand } from '../../framework/command/command.ts'
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
