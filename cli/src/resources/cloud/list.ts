import { cloudsOf } from '../../clients/session/account.ts'
import { cloudDocument } from '../../framework/profile/clouds.ts'
import { openProfile } from '../../framework/profile/profile.ts'
import { defineCommand } from '../../framework/command/command.ts'

/** `acrux cloud list`. */
export const command = defineCommand({
  examples: ['acrux cloud list', 'acrux cloud list -o table'],
  prints: 'result',
  run: async (_flags, { env }) => {
    const profile = await openProfile(env).read()
    return cloudsOf(profile).map((cloud) => cloudDocument(cloud, cloud.name === profile.activeCloud))
  },
})
