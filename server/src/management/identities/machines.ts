import { recordChange } from '../../audit/index.ts'
import { z } from 'zod'
import type { Machine } from '../../credentials/index.ts'
import type { ManagedIdentity } from '../../directory/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { locationSchema, optional, readBody, tagsSchema } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { IdentitiesContext } from './context.ts'
import { ArmError, locationFixed, resourceNotFound, throwAsArm } from '../arm/errors.ts'
import {
  type WantedIdentities,
  assignIdentities,
  describeOne,
  identitySchema,
  mayNotAssign,
  readWantedIdentities,
  requireAssignable,
} from './machine-identities.ts'
import { requireMayBecome } from '../arm/may-become.ts'
import { requireGroupIfKnown, requireGroup } from '../arm/resource-groups.ts'
import { listOf, tagsRecord, timeText } from '../arm/response.ts'
import { visibleResources } from '../arm/visibility.ts'

type Context = Pick<
  IdentitiesContext,
  'access' | 'audit' | 'credentials' | 'database' | 'directory' | 'mayBecome' | 'resources'
>

/** The type of machines outside Azure. */
export const machineType = 'Microsoft.HybridCompute/machines'

const namePattern = /^[A-Za-z0-9_.-]{0,53}[A-Za-z0-9_-]$/
const nameRule =
  'The name of a machine has 1 to 54 letters, digits, hyphens, dots and underscores, and does not end with a dot.'

const putSchema = z.object({
  location: optional(locationSchema),
  tags: optional(tagsSchema),
  identity: optional(identitySchema),
})
const patchSchema = z.object({ tags: optional(tagsSchema), identity: optional(identitySchema) })

/** A machine. [Azure Arc, Microsoft.HybridCompute/machines] */
const machineResponse = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    type: z.literal(machineType),
    location: z.string(),
    tags: tagsRecord,
    identity: z.strictObject({
      type: z.enum(['SystemAssigned', 'SystemAssigned,UserAssigned']),
      principalId: z.string(),
      tenantId: z.string(),
      userAssignedIdentities: z
        .record(z.string(), z.strictObject({ clientId: z.string(), principalId: z.string() }))
        .optional(),
    }),
    properties: z.strictObject({
      provisioningState: z.literal('Succeeded'),
      displayName: z.string(),
      status: z.enum(['Connected', 'Disconnected']),
      lastStatusChange: timeText.optional(),
    }),
  })
  .register(apiSchemas, { id: 'Machine' })
type MachineDocument = DocumentOf<typeof machineResponse>

const machineListResponse = listOf(machineResponse)

const enrollmentCodeResponse = z
  .strictObject({ code: z.string(), expiresOn: timeText })
  .register(apiSchemas, { id: 'EnrollmentCode' })

/** `GET …/machines` of a subscription or of a group: those that the caller may read. */
export async function listMachines(
  context: Context,
  { caller, names }: ManagementCall,
): Promise<DocumentOf<typeof machineListResponse>> {
  const { subscriptionId, resourceGroup } = names
  const visible = await visibleResources(context, caller, `${machineType}/read`)
  if (resourceGroup !== '') await requireGroupIfKnown(context, caller, names)
  const narrowed = { kind: 'machine', resourceGroup: resourceGroup || undefined } as const
  const machines = await context.directory.managedIdentities.list(subscriptionId, narrowed)
  const described = await context.credentials.machines.describe(machines.filter(({ id }) => visible(id)))
  const { tenantId } = await context.directory.tenant()
  return { value: described.map((machine) => machineDocument(machine, tenantId)) }
}
listMachines.response = machineListResponse

/** `GET …/machines/{m}` */
export async function getMachine(context: Context, { names }: ManagementCall): Promise<MachineDocument> {
  const machine = await describeOne(context.credentials, await requireMachine(context, names))
  return machineDocument(machine, (await context.directory.tenant()).tenantId)
}
getMachine.response = machineResponse

/**
 * `PUT …/machines/{m}`: creates a machine, with an identity of its own, or replaces its tags. It also replaces the
 * attached identities if the body has an `identity`.
 */
export async function putMachine(context: Context, call: ManagementCall): Promise<MachineDocument> {
  const { names } = call
  if (!namePattern.test(names.machine)) throw new ArmError('invalidResourceName', nameRule)
  const { location, tags = {}, identity } = readBody(call, putMachine)
  if (location === undefined) {
    throw new ArmError('locationRequired', 'The location property is required for this definition.')
  }
  const wanted = identity && { ...(await readWantedIdentities(context, call, identity)), detachOthers: true }
  const { machine, created } = await recordChange(context, call, async (transaction) => {
    const present = await findMachine(context, names, transaction)
    if (present !== undefined && present.location !== location) throw locationFixed(present, location)
    const group = await requireGroup(context, names, transaction)
    const place = { subscriptionId: group.subscriptionId, resourceGroup: group.name, name: names.machine }
    const change = { ...place, kind: 'machine', location, tags } as const
    const put = await context.directory.managedIdentities.put(transaction, change)
    const result = await assignWanted(context, transaction, put.identity, wanted)
    const action = put.created ? 'machine.create' : 'machine.update'
    const event = { action, target: result.id, detail: auditDetail(result) }
    return { result: { machine: result, created: put.created }, event }
  })
  const { tenantId } = await context.directory.tenant()
  call.reply.code(created ? 201 : 200)
  return machineDocument(machine, tenantId)
}
putMachine.body = putSchema
putMachine.response = machineResponse

/** `PATCH …/machines/{m}`: replaces the tags, and changes those identities that the body names. */
export async function patchMachine(context: Context, call: ManagementCall): Promise<MachineDocument> {
  const { tags, identity } = readBody(call, patchMachine)
  const wanted = identity && (await readWantedIdentities(context, call, identity))
  const { tenantId } = await context.directory.tenant()
  return recordChange(context, call, async (transaction) => {
    const present = await requireMachine(context, call.names, transaction)
    const put = await context.directory.managedIdentities.put(transaction, { ...present, tags: tags ?? present.tags })
    const machine = await assignWanted(context, transaction, put.identity, wanted)
    const event = { action: 'machine.update', target: machine.id, detail: auditDetail(machine) }
    return { result: machineDocument(machine, tenantId), event }
  })
}
patchMachine.body = patchSchema
patchMachine.response = machineResponse

/** `DELETE …/machines/{m}`: with its key, its identity and the tokens of both. 204 if it does not exist. */
export async function deleteMachine(context: Context, call: ManagementCall): Promise<void> {
  const deleted = await recordChange(context, call, async (transaction) => {
    const machine = await findMachine(context, call.names, transaction)
    if (machine === undefined) return { result: false, event: undefined }
    await context.directory.managedIdentities.delete(transaction, machine).catch(throwAsArm)
    await context.access.deleteAssignmentsBelow(transaction, machine.id)
    const event = { action: 'machine.delete', target: machine.id, detail: { objectId: machine.objectId } }
    return { result: true, event }
  })
  call.reply.code(deleted ? 200 : 204)
}
deleteMachine.response = 'none' as const

/**
 * `POST …/machines/{m}/enrollmentCode`: ours, not Azure's. A code that enrolls the machine once, within 15 minutes. Its
 * holder gets a key that authenticates as the machine, so this needs the permission to change the machine and, for each
 * attached identity, the permission to assign it.
 */
export async function createEnrollmentCode(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof enrollmentCodeResponse>> {
  const made = context.credentials.machines.prepareEnrollmentCode()
  const { expiresAtMs } = made
  const { objectId: createdBy } = call.caller.principal
  const present = await describeOne(context.credentials, await requireMachine(context, call.names))
  await requireMayBecome(context, call, present)
  const assignable = await requireAssignable(context, call, present.attached)
  await recordChange(context, call, async (transaction) => {
    const machine = await requireMachine(context, call.names, transaction)
    // An identity that was attached meanwhile has not been checked.
    const { attached } = await describeOne(context.credentials, machine, transaction)
    for (const { id } of attached) if (!assignable.has(id)) throw mayNotAssign(call.caller, id)
    await context.credentials.machines.insertEnrollmentCode(transaction, machine, { ...made, createdBy })
    const event = { action: 'machine.enrollment-code', target: machine.id, detail: { expiresAtMs } }
    return { result: undefined, event }
  })
  call.reply.header('cache-control', 'no-store')
  return { code: made.code, expiresOn: new Date(expiresAtMs).toISOString() }
}
createEnrollmentCode.body = 'none' as const
createEnrollmentCode.response = enrollmentCodeResponse

/** The machine that a path names, in its group and subscription and nowhere else. @throws ArmError 404 */
export async function requireMachine(
  context: Pick<IdentitiesContext, 'directory' | 'resources'>,
  names: ManagementCall['names'],
  transaction?: Transaction,
): Promise<ManagedIdentity> {
  const machine = await findMachine(context, names, transaction)
  if (machine !== undefined) return machine
  await requireGroup(context, names, transaction)
  throw resourceNotFound(machineType, names.resourceGroup, names.machine)
}

function findMachine(
  { directory }: Pick<IdentitiesContext, 'directory'>,
  { subscriptionId, resourceGroup, machine: name }: ManagementCall['names'],
  transaction?: Transaction,
): Promise<ManagedIdentity | undefined> {
  return directory.managedIdentities.find('machine', { subscriptionId, resourceGroup, name }, transaction)
}

function assignWanted(
  context: Context,
  transaction: Transaction,
  machine: ManagedIdentity,
  wanted: WantedIdentities | undefined,
): Promise<Machine> {
  if (wanted === undefined) return describeOne(context.credentials, machine, transaction)
  return assignIdentities(context, transaction, machine, wanted)
}

function auditDetail({ objectId, attached }: Machine) {
  return { objectId, userAssignedIdentities: attached.map(({ id }) => id) }
}

function machineDocument(machine: Machine, tenantId: string): MachineDocument {
  const { id, name, location, tags, objectId, key, attached } = machine
  const userAssigned = attached.map(
    (identity) => [identity.id, { clientId: identity.appId, principalId: identity.objectId }] as const,
  )
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
      ...(attached.length > 0 && { userAssignedIdentities: Object.fromEntries(userAssigned) }),
    },
    properties: {
      provisioningState: 'Succeeded',
      displayName: name,
      status: key === undefined ? 'Disconnected' : 'Connected',
      ...(key !== undefined && { lastStatusChange: new Date(key.enrolledAtMs).toISOString() }),
    },
  }
}
