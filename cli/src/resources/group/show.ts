import { requireAccount } from '../../clients/session/account.ts'
import { askArm } from '../../clients/arm/arm.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../../framework/options/flags.ts'
import { groupVersion } from '../../clients/arm/location.ts'
import { defineCommand } from '../../framework/command/command.ts'
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
