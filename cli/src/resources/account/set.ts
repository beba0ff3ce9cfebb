import { defineCommand } from '../../framework/command/command.ts'
import { openProfile } from '../../framework/profile/profile.ts'
import { withActiveSubscription } from '../../clients/session/sign-in.ts'
import { subscriptionFlag } from './subscription-flag.ts'

/** `acrux account set`. */
export const command = defineCommand<{ readonly subscription: string }>({
  flags: [{ ...subscriptionFlag, description: 'the id or name of the subscription', required: true }],
  examples: ['acrux account set -s 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  prints: 'result',
  run: async ({ subscription }, { env }) => {
    await openProfile(env).change((profile) => withActiveSubscription(profile, subscription))
  },
})
