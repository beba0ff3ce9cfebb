import { requireAccount } from '../../account/account.ts'
import { listArm } from '../../account/arm.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../../arm/flags.ts'
import { documentOf, withResourceGroup } from '../../arm/shape.ts'
import { defineCommand } from '../../command/command.ts'
import { registry } from '../documents.ts'
import { groupPath, registryVersion, resourceGroupFlag } from '../named-registry.ts'
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
