import { requireAccount } from '../../../clients/session/account.ts'
import { listArm } from '../../../clients/arm/arm.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../../../framework/options/flags.ts'
import { documentOf, withResourceGroup } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { registry } from '../../../clients/arm/documents.ts'
import { groupPath, registryVersion, resourceGroupFlag } from '../../../clients/arm/named-registry.ts'
import { registryTable } from '../tables.ts'

type Flags = SubscriptionFlags & { readonly resourceGroup?: string }

/** `acrux acr list`. */
export const command = defineCommand<Flags>({
  flags: [resourceGroupFlag, subscriptionFlag],
  examples: ['acrux acr list -o table', 'acrux acr list -g default --query "[].loginServer" -o tsv'],
  prints: 'result',
  table: registryTable,
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const { resourceGroup } = flags
    const base =
      resourceGroup === undefined ? `/subscriptions/${account.subscription.id}` : groupPath(account, resourceGroup)
    const url = `${base}/providers/Microsoft.ContainerRegistry/registries?api-version=${registryVersion}`
    return withResourceGroup((await listArm(account, url)).map((each) => documentOf(registry, each)))
  },
})
