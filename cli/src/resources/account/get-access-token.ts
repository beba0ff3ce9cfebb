import { requireAccount } from '../../clients/session/account.ts'
import { scopeOf } from '../../clients/tokens/token-request.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { failure } from '../../framework/command/failure.ts'
import { choiceFlag } from '../../framework/options/flags.ts'
import type { Cloud } from '../../framework/profile/clouds.ts'
import { type SubscriptionFlags, subscriptionFlag } from './subscriptions.ts'

const resourceTypes = {
  arm: 'activeDirectoryResourceId',
  'aad-graph': 'activeDirectoryGraphResourceId',
  'ms-graph': 'microsoftGraphResourceId',
  'oss-rdbms': 'ossrdbmsResourceId',
  batch: 'batchResourceId',
  media: 'mediaResourceId',
  'data-lake': 'activeDirectoryDataLakeResourceId',
} as const

type Flags = SubscriptionFlags & {
  readonly resource?: string
  readonly resourceType?: keyof typeof resourceTypes
  readonly scope?: readonly string[] | true
  readonly tenant?: string
}

/** `acrux account get-access-token`. */
export const command = defineCommand<Flags>({
  flags: [
    subscriptionFlag,
    {
      flags: '--resource <resource>',
      description: 'the resource for which the token is valid. Default: Azure Resource Manager',
    },
    choiceFlag('--resource-type <type>', Object.keys(resourceTypes), 'a well-known resource'),
    {
      flags: '--scope [scope...]',
      description: 'the scope of the token, such as https://graph.microsoft.com/.default',
      repeated: true,
    },
    { flags: '-t, --tenant <tenant>', description: 'the id of the tenant. Default: the tenant of the subscription' },
  ],
  examples: [
    'acrux account get-access-token --query accessToken -o tsv',
    'acrux account get-access-token --resource https://containerregistry.azure.net',
  ],
  run: async ({ subscription, resource, resourceType, scope, tenant }, context) => {
    if (subscription !== undefined && tenant !== undefined)
      throw failure('Please specify only one of subscription and tenant, not both')
    const account = await requireAccount(context, { subscription })
    if (tenant !== undefined && account.subscription.user['assignedIdentityInfo'] !== undefined)
      throw failure("Tenant shouldn't be specified for managed identity account")
    const named = resource ?? requireEndpoint(account.cloud, resourceTypes[resourceType ?? 'arm'])
    const scopes = scope === undefined || scope === true ? scopeOf(named) : scope.join(' ')
    const { token, expiresAtMs } = await account.token(scopes, tenant)
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

function requireEndpoint({ endpoints, name }: Cloud, endpoint: string): string {
  const value = endpoints[endpoint]
  if (typeof value === 'string') return value
  throw failure(`The endpoint '${endpoint}' of the cloud ${name} is not set.`, `show the endpoints: acrux cloud show`)
}

/** The local time in the form of Python's `%Y-%m-%d %H:%M:%S.%f`. */
function localTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-')
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}.000000`
}
