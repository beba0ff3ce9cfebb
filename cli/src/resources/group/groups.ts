import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { askArm, listArm } from '../../clients/arm/arm.ts'
import { groupVersion } from '../../clients/arm/location.ts'
import { requireAccount } from '../../clients/session/account.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../../framework/options/flags.ts'
import { type Shape, documentOf, object, same, valueAt } from '../../framework/values/shape.ts'

const group: Shape = {
  ...same('id', 'name', 'type', 'location', 'managedBy', 'tags'),
  properties: ['properties', object(same('provisioningState'))],
}

/** The document of a resource group. */
function groupDocument(response: unknown): Record<string, unknown> {
  return documentOf(group, response)
}

/** `acrux group list`. */
export const listGroups = defineCommand<SubscriptionFlags & { readonly tag?: string | true }>({
  flags: [
    { flags: '--tag [tag]', description: 'list only the groups with this tag, as name or name=value' },
    subscriptionFlag,
  ],
  examples: ['acrux group list -o table'],
  table: (groups: readonly unknown[]) =>
    groups.map((group) => ({
      Name: valueAt(group, 'name'),
      Location: valueAt(group, 'location'),
      Status: valueAt(group, 'properties.provisioningState'),
    })),
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const filter = filterOf(flags.tag)
    const url = `/subscriptions/${account.subscription.id}/resourcegroups?api-version=${groupVersion}${filter}`
    return (await listArm(account, url)).map(groupDocument)
  },
})

function filterOf(tag: string | true | undefined): string {
  if (tag === undefined || tag === true || tag === '') return ''
  const [name = '', ...value] = tag.split('=')
  const ofValue = value.length === 0 || value[0] === '' ? '' : ` and tagvalue eq ${odataText(value.join('='))}`
  return `&$filter=${encodeURIComponent(`tagname eq ${odataText(name)}${ofValue}`)}`
}

/** `acrux group show`. */
export const showGroup = defineCommand<SubscriptionFlags & { readonly name: string }>({
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
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const name = encodeURIComponent(flags.name)
    const url = `/subscriptions/${account.subscription.id}/resourcegroups/${name}?api-version=${groupVersion}`
    return groupDocument(await askArm(account, { method: 'GET', url }))
  },
})
