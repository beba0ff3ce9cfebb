import { hybridMachineId, userAssignedIdentityId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { NamedServicePrincipalRow } from './principal-store.ts'
import type { ManagedIdentityKind } from './model.ts'

/** The kind of resource in a row. @throws Error for any other text, which only a corrupt row contains */
export function requireKind(text: string): ManagedIdentityKind {
  if (text === 'user-assigned' || text === 'machine') return text
  throw new Error(`unknown kind of managed identity: ${text}`)
}

/** The ARM id of a managed identity. */
export function managedResourceId(
  kind: ManagedIdentityKind,
  { subscriptionId, resourceGroup, name }: { subscriptionId: string; resourceGroup: string; name: string },
): string {
  switch (kind) {
    case 'user-assigned':
      return userAssignedIdentityId(subscriptionId, resourceGroup, name)
    case 'machine':
      return hybridMachineId(subscriptionId, resourceGroup, name)
  }
}

/** The ARM id of a service principal that is a managed identity; undefined for the service principal of an application. */
export function managedResourceIdOf(row: NamedServicePrincipalRow): string | undefined {
  const { managed_kind: kind, subscription_id: subscriptionId, resource_group: resourceGroup } = row
  if (kind === null || subscriptionId === null || resourceGroup === null) return undefined
  return managedResourceId(requireKind(kind), { subscriptionId, resourceGroup, name: row.display_name })
}
