import { askArm, listArm } from '../../clients/arm/arm.ts'
import { locationFlag, locationOf } from '../../clients/arm/location.ts'
import { groupPath, resourceGroupFlag } from '../../clients/arm/named-registry.ts'
import { recordOf, requireAccount } from '../../clients/session/account.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { type SubscriptionFlags, subscriptionFlag, tagsFlag, tagsOf } from '../../framework/options/flags.ts'
import { withResourceGroup } from '../../framework/values/shape.ts'
import {
  type IdentityFlags,
  identityDocument,
  identityFlags,
  identityPath,
  identityVersion,
  nameFlag,
  requireIds,
} from './identity.ts'

/** `acrux identity list`. */
export const listIdentities = defineCommand<SubscriptionFlags & { readonly resourceGroup?: string }>({
  flags: [resourceGroupFlag, subscriptionFlag],
  examples: ['acrux identity list -o table'],
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const { resourceGroup } = flags
    const base =
      resourceGroup === undefined ? `/subscriptions/${account.subscription.id}` : groupPath(account, resourceGroup)
    const url = `${base}/providers/Microsoft.ManagedIdentity/userAssignedIdentities?api-version=${identityVersion}`
    return (await listArm(account, url)).map(identityDocument)
  },
})

/** `acrux identity show`. */
export const showIdentity = defineCommand<IdentityFlags>({
  flags: identityFlags,
  examples: ['acrux identity show -g default -n build'],
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const identities: unknown[] = []
    for (const id of requireIds(account, flags)) {
      const url = `${id}?api-version=${identityVersion}`
      identities.push(identityDocument(await askArm(account, { method: 'GET', url })))
    }
    return identities.length === 1 ? identities[0] : identities
  },
})

type CreateIdentityFlags = SubscriptionFlags & {
  readonly name: string
  readonly resourceGroup: string
  readonly location?: string
  readonly tags?: readonly string[] | true
}

/** `acrux identity create`. */
export const createIdentity = defineCommand<CreateIdentityFlags>({
  flags: [
    { ...nameFlag, required: true },
    { ...resourceGroupFlag, required: true },
    locationFlag,
    tagsFlag,
    subscriptionFlag,
  ],
  examples: ['acrux identity create -g default -n build'],
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const tags = tagsOf(flags.tags)
    const body = { location: await locationOf(account, flags), ...(tags !== undefined && { tags }) }
    const url = `${identityPath(account, flags.resourceGroup, flags.name)}?api-version=${identityVersion}`
    return identityDocument(await askArm(account, { method: 'PUT', url, body }))
  },
})

/** `acrux identity delete`. */
export const deleteIdentity = defineCommand<IdentityFlags>({
  flags: identityFlags,
  examples: ['acrux identity delete -g default -n build'],
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    for (const id of requireIds(account, flags))
      await askArm(account, { method: 'DELETE', url: `${id}?api-version=${identityVersion}` })
  },
})

/** The last api-version that lists the resources. [azure-cli identity/_client_factory.py] */
const resourcesVersion = '2022-01-31-preview'

/** `acrux identity list-resources`. */
export const listResources = defineCommand<IdentityFlags>({
  flags: identityFlags,
  examples: ['acrux identity list-resources -g default -n build'],
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const all: unknown[] = []
    for (const id of requireIds(account, flags)) {
      const url = `${id}/listAssociatedResources?api-version=${resourcesVersion}`
      const { value } = recordOf(await askArm(account, { method: 'POST', url }))
      if (Array.isArray(value)) all.push(...(value as unknown[]))
    }
    return withResourceGroup(all)
  },
})

/** `acrux identity list-operations`. */
export const listOperations = defineCommand<SubscriptionFlags>({
  flags: [subscriptionFlag],
  examples: ['acrux identity list-operations'],
  run: async (flags, context) =>
    listArm(
      await requireAccount(context, flags),
      `/providers/Microsoft.ManagedIdentity/operations?api-version=${identityVersion}`,
    ),
})
