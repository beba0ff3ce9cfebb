import { requireAccount } from '../account/account.ts'
import { askArm } from '../account/arm.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../arm/flags.ts'
import { groupVersion } from '../arm/location.ts'
import { defineCommand } from '../command/command.ts'
import { groupDocument } from './shared.ts'

/** `acrux group show`. */
export const command = defineCommand<SubscriptionFlags & { readonly name: string }>({
  flags: [
    {
      flags: '-n, --name <group>',
      aliases: ['--resource-group', '-g'],
      description: 'the name of the resource group',
      required: true,
    },
    subscriptionFlag,
  ],
  examples: ['acrux group show -n default'],
  prints: 'result',
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const name = encodeURIComponent(flags.name)
    const url = `/subscriptions/${account.subscription.id}/resourcegroups/${name}?api-version=${groupVersion}`
    return groupDocument(await askArm(account, { method: 'GET', url }))
  },
})
