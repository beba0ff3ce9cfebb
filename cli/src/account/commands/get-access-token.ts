import { defineCommand } from '../../command/command.ts'
import { failure } from '../../command/failure.ts'
import { requireAccount } from '../account.ts'
import { scopeOf } from '../token-request.ts'
import { type SubscriptionFlags, subscriptionFlag } from './subscription-flag.ts'

const resourceTypes = {
  arm: 'activeDirectoryResourceId',
  'aad-graph': 'activeDirectoryGraphResourceId',
  'ms-graph': 'microsoftGraphResourceId',
} as const

type Flags = SubscriptionFlags & {
  readonly resource?: string
  readonly resourceType?: keyof typeof resourceTypes
  readonly scope?: readonly string[]
  readonly tenant?: string
}

/** `acrux account get-access-token`. */
export const command = defineCommand<Flags>({
  flags: [
    subscriptionFlag,
    {
      flags: '--resource <resource>',
      description: 'the resource that the token is for. Default: Azure Resource Manager',
    },
    {
      flags: '--resource-type <type>',
      description: 'a well-known resource',
      choices: Object.keys(resourceTypes),
    },
    {
      flags: '--scope <scope>',
      description: 'the scope of the token, such as https://graph.microsoft.com/.default',
      repeated: true,
    },
    { flags: '-t, --tenant <tenant>', description: 'the id of another tenant' },
  ],
  examples: [
    'acrux account get-access-token --query accessToken -o tsv',
    'acrux account get-access-token --resource https://containerregistry.azure.net',
  ],
  prints: 'result',
  run: async ({ subscription, resource, resourceType, scope, tenant }, context) => {
    if (subscription !== undefined && tenant !== undefined)
      throw failure('Please specify only one of subscription and tenant, not both')
    const account = await requireAccount(context, { subscription })
    if (tenant !== undefined && account.subscription.user['assignedIdentityInfo'] !== undefined)
      throw failure("Tenant shouldn't be specified for managed identity account")
    const { endpoints } = account.cloud
    const named = resource ?? endpoints[resourceTypes[resourceType ?? 'arm']] ?? endpoints.activeDirectoryResourceId
    const { token, expiresAtMs } = await account.token(scope?.join(' ') ?? scopeOf(named), tenant)
    const seconds = Math.floor(expiresAtMs / 1000)
    return {
      tokenType: 'Bearer',
      accessToken: token,
      expires_on: seconds,
      expiresOn: localTime(new Date(seconds * 1000)),
      tenant: tenant ?? account.subscription.tenantId,
      ...(tenant === undefined && { subscription: account.subscription.id }),
    }
  },
})

/** The local time in the form of Python's `%Y-%m-%d %H:%M:%S.%f`. */
function localTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-')
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}.000000`
}
