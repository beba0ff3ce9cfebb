import { recordChange } from '../../audit/index.ts'
import { z } from 'zod'
import type { ManagedIdentity } from '../../directory/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { locationSchema, optional, readBody, tagsSchema } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { IdentitiesContext } from './context.ts'
import { ArmError, locationFixed, resourceNotFound, throwAsArm } from '../arm/errors.ts'
import { requireGroupIfKnown, requireGroup } from '../arm/resource-groups.ts'
import { listOf, tagsRecord } from '../arm/response.ts'
import { visibleResources } from '../arm/visibility.ts'

type Context = Pick<IdentitiesContext, 'access' | 'audit' | 'database' | 'directory' | 'identity' | 'resources'>

/** The type of user-assigned managed identities. */
export const userAssignedIdentityType = 'Microsoft.ManagedIdentity/userAssignedIdentities'

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{2,127}$/
const nameRule =
  'The name of a managed identity has 3 to 128 letters, digits, hyphens and underscores, and begins with a letter or digit.'

const putSchema = z.object({ location: optional(locationSchema), tags: optional(tagsSchema) })
const patchSchema = z.object({ tags: optional(tagsSchema) })

/** A user-assigned identity. [azure-mgmt-msi, Identity] */
const identityResponse = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    type: z.literal(userAssignedIdentityType),
    location: z.string(),
    tags: tagsRecord,
    properties: z.strictObject({ tenantId: z.string(), principalId: z.string(), clientId: z.string() }),
  })
  .register(apiSchemas, { id: 'Identity' })
type IdentityDocument = DocumentOf<typeof identityResponse>

const identityListResponse = listOf(identityResponse)

/** `GET …/userAssignedIdentities` of a subscription or of a group: those that the caller may read. */
export async function listUserAssignedIdentities(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof identityListResponse>> {
  const { caller, names } = call
  const { subscriptionId, resourceGroup } = names
  const visible = await visibleResources(context, caller, `${userAssignedIdentityType}/read`)
  if (resourceGroup !== '') await requireGroupIfKnown(context, caller, names)
  const narrowed = { kind: 'user-assigned', resourceGroup: resourceGroup || undefined } as const
  const identities = await context.directory.managedIdentities.list(subscriptionId, narrowed)
  const { tenantId } = await context.directory.tenant()
  return { value: identities.filter(({ id }) => visible(id)).map((identity) => identityDocument(identity, tenantId)) }
}
listUserAssignedIdentities.response = identityListResponse

/** `GET …/userAssignedIdentities/{i}` */
export async function getUserAssignedIdentity(context: Context, { names }: ManagementCall): Promise<IdentityDocument> {
  const { tenantId } = await context.directory.tenant()
  return identityDocument(await requireUserAssignedIdentity(context, names), tenantId)
}
getUserAssignedIdentity.response = identityResponse

/** `PUT …/userAssignedIdentities/{i}`: creates one, with a service principal of its own, or replaces its tags. */
export async function putUserAssignedIdentity(context: Context, call: ManagementCall): Promise<IdentityDocument> {
  const { names } = call
  if (!namePattern.test(names.identity)) throw new ArmError('invalidResourceName', nameRule)
  const { location, tags = {} } = readBody(call, putUserAssignedIdentity)
  if (location === undefined) {
    throw new ArmError('locationRequired', 'The location property is required for this definition.')
  }
  const { tenantId } = await context.directory.tenant()
  const { identity, created } = await recordChange(context, call, async (transaction) => {
    const present = await findUserAssignedIdentity(context, names, transaction)
    if (present !== undefined && present.location !== location) throw locationFixed(present, location)
    const group = await requireGroup(context, names, transaction)
    const place = { subscriptionId: group.subscriptionId, resourceGroup: group.name, name: names.identity }
    const wanted = { ...place, kind: 'user-assigned', location, tags } as const
    const result = await context.directory.managedIdentities.put(transaction, wanted)
    const action = result.created ? 'managed-identity.create' : 'managed-identity.update'
    return { result, event: { action, target: result.identity.id, detail: auditDetail(result.identity) } }
  })
  call.reply.code(created ? 201 : 200)
  return identityDocument(identity, tenantId)
}
putUserAssignedIdentity.body = putSchema
putUserAssignedIdentity.response = identityResponse

/** `PATCH …/userAssignedIdentities/{i}`: replaces the tags. */
export async function patchUserAssignedIdentity(context: Context, call: ManagementCall): Promise<IdentityDocument> {
  const { tags } = readBody(call, patchUserAssignedIdentity)
  const { tenantId } = await context.directory.tenant()
  return recordChange(context, call, async (transaction) => {
    const present = await requireUserAssignedIdentity(context, call.names, transaction)
    const wanted = { ...present, tags: tags ?? present.tags }
    const { identity } = await context.directory.managedIdentities.put(transaction, wanted)
    return {
      result: identityDocument(identity, tenantId),
      event: { action: 'managed-identity.update', target: identity.id },
    }
  })
}
patchUserAssignedIdentity.body = patchSchema
patchUserAssignedIdentity.response = identityResponse

/** `DELETE …/userAssignedIdentities/{i}`: with its role assignments, credentials and tokens. 204 if it does not exist. */
export async function deleteUserAssignedIdentity(context: Context, call: ManagementCall): Promise<void> {
  const deleted = await recordChange(context, call, async (transaction) => {
    const identity = await findUserAssignedIdentity(context, call.names, transaction)
    if (identity === undefined) return { result: false, event: undefined }
    await context.directory.managedIdentities.delete(transaction, identity).catch(throwAsArm)
    await context.access.deleteAssignmentsBelow(transaction, identity.id)
    const event = { action: 'managed-identity.delete', target: identity.id, detail: auditDetail(identity) }
    return { result: true, event }
  })
  call.reply.code(deleted ? 200 : 204)
}
deleteUserAssignedIdentity.response = 'none' as const

/** The identity that a path names, in its group and subscription and nowhere else. @throws ArmError 404 */
export async function requireUserAssignedIdentity(
  context: Pick<IdentitiesContext, 'directory' | 'resources'>,
  names: ManagementCall['names'],
  transaction?: Transaction,
): Promise<ManagedIdentity> {
  const identity = await findUserAssignedIdentity(context, names, transaction)
  if (identity !== undefined) return identity
  await requireGroup(context, names, transaction)
  throw resourceNotFound(userAssignedIdentityType, names.resourceGroup, names.identity)
}

function findUserAssignedIdentity(
  { directory }: Pick<IdentitiesContext, 'directory'>,
  { subscriptionId, resourceGroup, identity: name }: ManagementCall['names'],
  transaction?: Transaction,
): Promise<ManagedIdentity | undefined> {
  return directory.managedIdentities.find('user-assigned', { subscriptionId, resourceGroup, name }, transaction)
}

function auditDetail({ objectId, appId }: ManagedIdentity) {
  return { objectId, appId }
}

function identityDocument(
  { id, name, location, tags, objectId, appId }: ManagedIdentity,
  tenantId: string,
): IdentityDocument {
  return {
    id,
    name,
    type: userAssignedIdentityType,
    location,
    tags,
    properties: { tenantId, principalId: objectId, clientId: appId },
  }
}
