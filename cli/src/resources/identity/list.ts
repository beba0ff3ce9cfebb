import { requireAccount } from '../../clients/session/account.ts'
import { listArm } from '../../clients/arm/arm.ts'
import { groupPath, resourceGroupFlag } from '../../clients/arm/named-registry.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../../framework/options/flags.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { identityDocument, identityVersion } from './shared.ts'

/** `acrux identity list`. */
export const command = defineCommand<SubscriptionFlags & { readonly resourceGroup?: string }>({
  flags: [resourceGroupFlag, subscriptionFlag],
  examples: ['acrux identity list -o table'],
  prints: 'result',
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const { resourceGroup } = flags
    const base =
      resourceGroup === undefined ? `/subscriptions/${account.subscription.id}` : groupPath(account, resourceGroup)
    const url = `${base}/providers/Microsoft.ManagedIdentity/userAssignedIdentities?api-version=${identityVersion}`
    return (await listArm(account, url)).map(identityDocument)
  },
})
