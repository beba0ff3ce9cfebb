import { recordChange } from '../../audit/index.ts'
import { z } from 'zod'
import type { Machine } from '../../credentials/index.ts'
import type { ManagedIdentity } from '../../directory/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { locationSchema, optional, readBody, tagsSchema } from '../arm/body.ts'
import type { ManagementCall, ManagementContext } from '../arm/context.ts'
import { ArmError, locationFixed, resourceNotFound, throwAsArm } from '../arm/errors.ts'
import {
  type WantedIdentities,
  describeOne,
  identitySchema,
  mayNotAssign,
  readWantedIdentities,
  requireAssignable,
  settleIdentities,
} from './machine-identities.ts'
import { requireGroupIfKnown, requireGroup } from '../arm/resource-groups.ts'
import { visibleResources } from '../arm/visibility.ts'

/** The type of machines outside of Azure. */
export const machineType = 'Microsoft.HybridCompute/machines'

const namePattern = /^[A-Za-z0-9_.-]{0,53}[A-Za-z0-9_-]$/
const nameRule =
  'A machine has a name of 1 to 54 letters, digits, hyphens, dots and underscores, and no dot at its end.'

const putSchema = z.object({
  location: optional(locationSchema),
  tags: optional(tagsSchema),
  identity: optional(identitySchema),
})
const patchSchema = z.object({ tags: optional(tagsSchema), identity: optional(identitySchema) })

/** `GET …/machines` of a subscription or of a group: those that the caller may read. */
export async function listMachines(context: ManagementContext, { caller, names }: ManagementCall): Promise<unknown> {
  const { subscriptionId, resourceGroup } = names
  const visible = await visibleResources(context, caller, `${machineType}/read`)
  if (resourceGroup !== '') await requireGroupIfKnown(context, caller, names)
  const narrowed = { kind: 'machine', resourceGroup: resourceGroup || undefined } as const
  const machines = await context.directory.managedIdentities.list(subscriptionId, narrowed)
  const described = await context.credentials.machines.describe(machines.filter(({ id }) => visible(id)))
  const { tenantId } = await context.directory.tenant()
  return { value: described.map((machine) => machineDocument(machine, tenantId)) }
}

/** `GET …/machines/{m}` */
export async function getMachine(context: ManagementContext, { names }: ManagementCall): Promise<unknown> {
  const machine = await describeOne(context.credentials, await requireMachine(context, names))
  return machineDocument(machine, (await context.directory.tenant()).tenantId)
}

/**
 * `PUT …/machines/{m}`: makes one, with an identity of its own, or replaces its tags. The identities that are attached are
 * those that the body names; without `identity` they stay as they are.
 */
export async function putMachine(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { names } = call
  if (!namePattern.test(names.machine)) throw new ArmError('invalidResourceName', nameRule)
  const { location, tags = {}, identity } = readBody(call, putMachine)
  if (location === undefined) {
    throw new ArmError('locationRequired', 'The location property is required for this definition.')
  }
  const wanted = identity && (await readWantedIdentities(context, call, identity))
  const { machine, created } = await recordChange(context, call, async (transaction) => {
    const present = await findMachine(context, names, transaction)
    if (present !== undefined && present.location !== location) throw locationFixed(present, location)
    const group = await requireGroup(context, names, transaction)
    const place = { subscriptionId: group.subscriptionId, resourceGroup: group.name, name: names.machine }
    const change = { ...place, kind: 'machine', location, tags } as const
    const put = await context.directory.managedIdentities.put(transaction, change)
    const settled = await settle(context, transaction, put.identity, wanted, true)
    const action = put.created ? 'machine.create' : 'machine.update'
    const event = { action, target: settled.id, detail: auditDetail(settled) }
    return { result: { machine: settled, created: put.created }, event }
  })
  const { tenantId } = await context.directory.tenant()
  return call.reply.code(created ? 201 : 200).send(machineDocument(machine, tenantId))
}
putMachine.body = putSchema

/** `PATCH …/machines/{m}`: tags, which are replaced, and identities, of which those that the body names are changed. */
export async function patchMachine(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { tags, identity } = readBody(call, patchMachine)
  const wanted = identity && (await readWantedIdentities(context, call, identity))
  const { tenantId } = await context.directory.tenant()
  return recordChange(context, call, async (transaction) => {
    const present = await requireMachine(context, call.names, transaction)
    const put = await context.directory.managedIdentities.put(transaction, { ...present, tags: tags ?? present.tags })
    // "SystemAssigned" alone says that there are to be no others.
    const settled = await settle(context, transaction, put.identity, wanted, identity?.type === 'systemassigned')
    const event = { action: 'machine.update', target: settled.id, detail: auditDetail(settled) }
    return { result: machineDocument(settled, tenantId), event }
  })
}
patchMachine.body = patchSchema

/** `DELETE …/machines/{m}`: its key and its identity end at once, with all that was got by them. 204 when there is none. */
export async function deleteMachine(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const deleted = await recordChange(context, call, async (transaction) => {
    const machine = await findMachine(context, call.names, transaction)
    if (machine === undefined) return { result: false, event: undefined }
    await context.directory.managedIdentities.delete(transaction, machine).catch(throwAsArm)
    await context.access.deleteAssignmentsBelow(transaction, machine.id)
    const event = { action: 'machine.delete', target: machine.id, detail: { objectId: machine.objectId } }
    return { result: true, event }
  })
  return call.reply.code(deleted ? 200 : 204).send()
}

/**
 * `POST …/machines/{m}/enrollmentCode`: a code with which the machine is enrolled once, within 15 minutes. Whoever has it
 * can make a key that speaks as the machine, so it needs the right to change the machine, and for each identity that is
 * attached the right to assign it. Not one of Azure's.
 */
export async function createEnrollmentCode(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const made = context.credentials.machines.prepareEnrollmentCode()
  const { expiresAtMs } = made
  const present = await describeOne(context.credentials, await requireMachine(context, call.names))
  const assignable = await requireAssignable(context, call, present.attached)
  await recordChange(context, call, async (transaction) => {
    const machine = await requireMachine(context, call.names, transaction)
    // One that was attached meanwhile was not looked at.
    const { attached } = await describeOne(context.credentials, machine, transaction)
    for (const { id } of attached) if (!assignable.has(id)) throw mayNotAssign(call.caller, id)
    await context.credentials.machines.insertEnrollmentCode(transaction, machine, made)
    const event = { action: 'machine.enrollment-code', target: machine.id, detail: { expiresAtMs } }
    return { result: undefined, event }
  })
  call.reply.header('cache-control', 'no-store')
  return { code: made.code, expiresOn: new Date(expiresAtMs).toISOString() }
}

/** The machine that a path names, in its group and subscription and nowhere else. @throws ArmError 404 */
export async function requireMachine(
  context: ManagementContext,
  names: ManagementCall['names'],
  transaction?: Transaction,
): Promise<ManagedIdentity> {
  const machine = await findMachine(context, names, transaction)
  if (machine !== undefined) return machine
  await requireGroup(context, names, transaction)
  throw resourceNotFound(machineType, names.resourceGroup, names.machine)
}

function findMachine(
  { directory }: ManagementContext,
  { subscriptionId, resourceGroup, machine: name }: ManagementCall['names'],
  transaction?: Transaction,
): Promise<ManagedIdentity | undefined> {
  return directory.managedIdentities.find('machine', { subscriptionId, resourceGroup, name }, transaction)
}

function settle(
  context: ManagementContext,
  transaction: Transaction,
  machine: ManagedIdentity,
  wanted: WantedIdentities | undefined,
  replacing: boolean,
): Promise<Machine> {
  if (wanted === undefined) return describeOne(context.credentials, machine, transaction)
  return settleIdentities(context, transaction, machine, wanted, replacing)
}

function auditDetail({ objectId, attached }: Machine) {
  return { objectId, userAssignedIdentities: attached.map(({ id }) => id) }
}

/** A machine. [Azure Arc, Microsoft.HybridCompute/machines] */
function machineDocument(machine: Machine, tenantId: string): object {
  const { id, name, location, tags, objectId, key, attached } = machine
  const userAssigned = attached.map((identity) => [
    identity.id,
    { clientId: identity.appId, principalId: identity.objectId },
  ])
  return {
    id,
    name,
    type: machineType,
    location,
    tags,
    identity: {
      type: attached.length === 0 ? 'SystemAssigned' : 'SystemAssigned,UserAssigned',
      principalId: objectId,
      tenantId,
      ...(attached.length > 0 && { userAssignedIdentities: Object.fromEntries(userAssigned) as object }),
    },
    properties: {
      provisioningState: 'Succeeded',
      displayName: name,
      status: key === undefined ? 'Disconnected' : 'Connected',
      ...(key !== undefined && { lastStatusChange: new Date(key.enrolledAtMs).toISOString() }),
    },
  }
}
