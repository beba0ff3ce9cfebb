import { defineCommand } from '../../command/command.ts'
import { requireSubscription } from '../account.ts'
import { openProfile } from '../profile.ts'
import { subscriptionFlag, type SubscriptionFlags } from './subscription-flag.ts'

/** `acrux account show`. */
export const command = defineCommand<SubscriptionFlags>({
  flags: [subscriptionFlag],
  examples: ['acrux account show', 'acrux account show --query tenantId -o tsv'],
  prints: 'result',
  run: async ({ subscription }, { env }) =>
    requireSubscription(await openProfile(env).read(), subscription).subscription,
})
