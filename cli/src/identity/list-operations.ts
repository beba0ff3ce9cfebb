import { requireAccount } from '../account/account.ts'
import { listArm } from '../account/arm.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../arm/flags.ts'
import { defineCommand } from '../command/command.ts'
import { identityVersion } from './shared.ts'

/** `acrux identity list-operations`. */
export const command = defineCommand<SubscriptionFlags>({
  flags: [subscriptionFlag],
  examples: ['acrux identity list-operations'],
  prints: 'result',
  run: async (flags, context) =>
    listArm(
      await requireAccount(context, flags),
      `/providers/Microsoft.ManagedIdentity/operations?api-version=${identityVersion}`,
    ),
})
