import type { RolePermissions } from '@acrux/shared/standards/azure/role-permissions.ts'
import { readSubscriptions } from './arm.ts'
import { readJson, send } from './client.ts'
import type { EnrollmentCode, Identity, Machine } from './managed-types.ts'

const identityVersion = '2023-01-31'
const machineVersion = '2024-07-10'

const identityType = 'Microsoft.ManagedIdentity/userAssignedIdentities'
const machineType = 'Microsoft.HybridCompute/machines'

/** The resources of a kind, and what the person may do in the subscription. */
export type ManagedList<Resource> = {
  /** Undefined if the person sees no subscription. */
  readonly subscriptionId: string | undefined
  readonly resources: readonly Resource[]
  readonly permissions: readonly RolePermissions[]
}

/** Reads the resources of a kind that the person may see. */
async function listManaged<Resource>(
  type: string,
  version: string,
  signal: AbortSignal,
): Promise<ManagedList<Resource>> {
  const subscriptionId = (await readSubscriptions(signal))[0]?.subscriptionId
  if (subscriptionId === undefined) return { subscriptionId, resources: [], permissions: [] }
  const providers = `arm/subscriptions/${subscriptionId}/providers`
  const [resources, permissions] = await Promise.all([
    readJson<List<Resource>>(`${providers}/${type}?api-version=${version}`, { signal }),
    readJson<List<RolePermissions>>(`${providers}/Microsoft.Authorization/permissions?api-version=2022-04-01`, {
      signal,
    }),
  ])
  return { subscriptionId, resources: resources.body.value, permissions: permissions.body.value }
}

type List<Item> = { readonly value: readonly Item[] }

/** The managed identities that the person may see. */
export const listIdentities = (signal: AbortSignal): Promise<ManagedList<Identity>> =>
  listManaged(identityType, identityVersion, signal)

/** The machines that the person may see. */
export const listMachines = (signal: AbortSignal): Promise<ManagedList<Machine>> =>
  listManaged(machineType, machineVersion, signal)

/** The kinds of resources with an identity. */
export type ManagedKind = 'identity' | 'machine'

const pathOf = (kind: ManagedKind, id: string) =>
  `arm${id}?api-version=${kind === 'machine' ? machineVersion : identityVersion}`

/** The resource id of an identity or machine. */
export function managedId(kind: ManagedKind, group: string, name: string): string {
  const type = kind === 'machine' ? machineType : identityType
  return `${group}/providers/${type}/${encodeURIComponent(name)}`
}

/** Creates an identity or a machine. */
export async function createManaged(kind: ManagedKind, id: string, location: string): Promise<void> {
  await send(pathOf(kind, id), { method: 'PUT', body: { location } })
}

/** Deletes an identity or a machine with its permissions. */
export async function deleteManaged(kind: ManagedKind, id: string): Promise<void> {
  await send(pathOf(kind, id), { method: 'DELETE' })
}

/** Creates the code with which a machine is enrolled once. */
export async function createEnrollmentCode(machineId: string): Promise<EnrollmentCode> {
  const path = `arm${machineId}/enrollmentCode?api-version=${machineVersion}`
  return (await readJson<EnrollmentCode>(path, { method: 'POST' })).body
}

/** Attaches an identity to a machine, or detaches it: any program on the machine can act as an attached identity. */
export async function attachIdentity(machineId: string, identityId: string, isAttached: boolean): Promise<void> {
  const userAssignedIdentities = { [identityId]: isAttached ? {} : null }
  const body = { identity: { type: 'SystemAssigned,UserAssigned', userAssignedIdentities } }
  await send(pathOf('machine', machineId), { method: 'PATCH', body })
}
