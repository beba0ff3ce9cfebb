import { requireAccount } from '../../clients/session/account.ts'
import { listArm } from '../../clients/arm/arm.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../../framework/options/flags.ts'
import { defineCommand } from '../../framework/command/command.ts'
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
