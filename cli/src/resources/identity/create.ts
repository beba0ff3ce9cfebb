import { requireAccount } from '../../clients/session/account.ts'
import { askArm } from '../../clients/arm/arm.ts'
import { resourceGroupFlag } from '../../clients/arm/named-registry.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../../framework/options/flags.ts'
import { locationFlag, locationOf } from '../../clients/arm/location.ts'
import { tagsFlag, tagsOf } from '../../framework/options/tags.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { identityDocument, identityPath, identityVersion, nameFlag } from './shared.ts'

type Flags = SubscriptionFlags & {
  readonly name: string
  readonly resourceGroup: string
  readonly location?: string
  readonly tags?: readonly string[] | true
}

/** `acrux identity create`. */
export const command = defineCommand<Flags>({
  flags: [
    { ...nameFlag, required: true },
    { ...resourceGroupFlag, required: true },
    locationFlag,
    tagsFlag,
    subscriptionFlag,
  ],
  examples: ['acrux identity create -g default -n build'],
  prints: 'result',
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const tags = tagsOf(flags.tags)
    const body = { location: await locationOf(account, flags), ...(tags !== undefined && { tags }) }
    const url = `${identityPath(account, flags.resourceGroup, flags.name)}?api-version=${identityVersion}`
    return identityDocument(await askArm(account, { method: 'PUT', url, body }))
  },
})
