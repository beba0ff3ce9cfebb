import { requireAccount } from '../account/account.ts'
import { listArm } from '../account/arm.ts'
import { groupPath, resourceGroupFlag } from '../acr/named-registry.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../arm/flags.ts'
import { defineCommand } from '../command/command.ts'
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
