import { systemData } from '../../clients/arm/documents.ts'
import { groupPath, resourceGroupFlag } from '../../clients/arm/named-registry.ts'
import type { Account } from '../../clients/session/account.ts'
import type { FlagDescription } from '../../framework/command/command.ts'
import { failure } from '../../framework/command/failure.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../../framework/options/flags.ts'
import { type Shape, documentOf, object, properties, same, withResourceGroup } from '../../framework/values/shape.ts'

const identity: Shape = {
  ...same('id', 'name', 'type', 'location', 'tags'),
  systemData: ['systemData', object(systemData)],
  ...properties('tenantId', 'principalId', 'clientId'),
}

/** The api-version of managed identities. */
export const identityVersion = '2023-01-31'

/** Selects managed identities: by their ids, or by a name in a resource group. */
export type IdentityFlags = SubscriptionFlags & {
  readonly ids?: readonly string[]
  readonly name?: string
  readonly resourceGroup?: string
}

/** The option with the name of an identity. */
export const nameFlag: FlagDescription = { flags: '-n, --name <name>', description: 'the name of the identity' }

/** Describes {@link IdentityFlags}. */
export const identityFlags: readonly FlagDescription[] = [
  nameFlag,
  resourceGroupFlag,
  {
    flags: '--ids <id...>',
    description: 'ids of identities, instead of --name and --resource-group',
    repeated: true,
  },
  subscriptionFlag,
]

/** The document of a managed identity. */
export function identityDocument(response: unknown): unknown {
  return withResourceGroup(documentOf(identity, response))
}

/** The path of an identity. */
export function identityPath(account: Account, group: string, name: string): string {
  return `${groupPath(account, group)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${encodeURIComponent(name)}`
}

/** The ids of the flags. @throws CommandFailure if a required option is missing */
export function requireIds(account: Account, { ids, name, resourceGroup }: IdentityFlags): readonly string[] {
  if (ids !== undefined) return ids
  const missing = [
    ...(name === undefined ? ['--name'] : []),
    ...(resourceGroup === undefined ? ['--resource-group'] : []),
  ]
  if (missing.length > 0) throw failure(`(${missing.join(' ')} | --ids) are required`)
  return [identityPath(account, resourceGroup ?? '', name ?? '')]
}
