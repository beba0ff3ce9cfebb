import { defineCommand } from '../../framework/command/command.ts'
import { requireSubscription } from '../../clients/session/account.ts'
import { openProfile } from '../../framework/profile/profile.ts'
import { subscriptionFlag, type SubscriptionFlags } from './subscription-flag.ts'

/** `acrux account show`. */
export const command = defineCommand<SubscriptionFlags>({
  flags: [subscriptionFlag],
  examples: ['acrux account show', 'acrux account show --query tenantId -o tsv'],
  prints: 'result',
  run: async ({ subscription }, { env }) =>
    requireSubscription(await openProfile(env).read(), subscription).subscription,
})
