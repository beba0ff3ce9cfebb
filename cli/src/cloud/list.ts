import { cloudsOf } from '../account/account.ts'
import { cloudDocument } from '../account/clouds.ts'
import { openProfile } from '../account/profile.ts'
import { defineCommand } from '../command/command.ts'

/** `acrux cloud list`. */
export const command = defineCommand({
  examples: ['acrux cloud list', 'acrux cloud list -o table'],
  prints: 'result',
  run: async (_flags, { env }) => {
    const profile = await openProfile(env).read()
    return cloudsOf(profile).map((cloud) => cloudDocument(cloud, cloud.name === profile.activeCloud))
  },
})
