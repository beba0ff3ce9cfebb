import { attributionOf, recordChange } from '../../audit/index.ts'
import { z } from 'zod'
import {
  AssignmentExistsError,
  type PrincipalType,
  type RoleAssignment,
  type RoleDefinition,
  RoleNotAssignableError,
  isAssignableAt,
  ownerRole,
} from '../../authorization/index.ts'
import type { DirectoryPrincipal } from '../../directory/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { formatDataPlaneTime } from '@acrux/shared/standards/azure/acr-time.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { AssignmentFacts } from '@acrux/shared/standards/conditions/role-condition-evaluation.ts'
import { parseRoleCondition } from '@acrux/shared/standards/conditions/role-condition-parser.ts'
import {
  isWithinScope,
  normalizeScope,
  parseExtensionId,
  subscriptionId,
  roleAssignmentId,
  roleDefinitionId,
} from '@acrux/shared/standards/azure/resource-id.ts'
import { optional, proseOf, readBody } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RolesContext } from './context.ts'
import { ArmError } from '../arm/errors.ts'
import { forbidden } from '../arm/need.ts'
import { scopeOf } from '../arm/path-scope.ts'
import { listOf, timeText } from '../arm/response.ts'
import { requireScopeId } from './scope.ts'

type Context = Pick<RolesContext, 'access' | 'audit' | 'database' | 'directory' | 'resources'>

const text = z.string().max(2048)
const putSchema = z.object({
  properties: z.object({
    roleDefinitionId: text,
    principalId: text,
    principalType: optional(text),
    condition: optional(z.string()),
    conditionVersion: optional(text),
    description: optional(proseOf(2048)),
  }),
})

type Properties = z.output<typeof putSchema>['properties']

/** A role assignment. [azure-mgmt-authorization, RoleAssignment] */
const assignmentResponse = z
  .strictObject({
    properties: z.strictObject({
      roleDefinitionId: z.string(),
      principalId: z.string(),
      principalType: z.enum(['User', 'Group', 'ServicePrincipal']),
      scope: z.string(),
      condition: z.string().nullable(),
      conditionVersion: z.string().nullable(),
      createdOn: timeText,
      updatedOn: timeText,
      createdBy: z.string(),
      updatedBy: z.string(),
      delegatedManagedIdentityResourceId: z.null(),
      description: z.string().nullable(),
    }),
    id: z.string(),
    type: z.literal('Microsoft.Authorization/roleAssignments'),
    name: z.string(),
  })
  .register(apiSchemas, { id: 'RoleAssignment' })
type AssignmentDocument = DocumentOf<typeof assignmentResponse>

export const assignmentListResponse = listOf(assignmentResponse)

/** `GET …/roleAssignments/{guid}` */
export async function getRoleAssignment(context: Context, call: ManagementCall): Promise<AssignmentDocument> {
  const assignment = await context.access.findAssignment(await requireScopeId(context, call), requireName(call))
  if (assignment !== undefined) return assignmentDocument(assignment, call)
  throw assignmentNotFound(call.names.name)
}
getRoleAssignment.response = assignmentResponse

/**
 * `PUT …/roleAssignments/{guid}`: assigns a role to a principal at the scope of the path. Only the condition and the
 * description of an existing assignment can be changed; repeating it is answered with 200.
 */
export async function putRoleAssignment(context: Context, call: ManagementCall): Promise<AssignmentDocument> {
  const name = requireName(call)
  const { properties } = readBody(call, putRoleAssignment)
  const terms = readTerms(properties)
  const scope = await requireScopeId(context, call)
  const role = await requireRole(context, properties.roleDefinitionId, scope)
  const assignee = await requireAssignee(context, properties)
  const { objectId: principalId, principalType } = assignee
  const wanted = { roleDefinitionName: role.name, principalId }
  await requireMayAssign(context, call, { source: 'Request', ...wanted, principalType })

  const present = await context.access.findAssignment(scope, name)
  if (present !== undefined && assignee.isKnown && isSame(present, wanted)) {
    return assignmentDocument(await changeTerms(context, call, present, terms), call)
  }
  const made = await recordChange(context, call, async (transaction) => {
    // Checked again here: an assignment on a registry that is being deleted would apply to the next one of its name.
    await requireScopeId(context, call, transaction)
    await requireInDirectory(context, call, transaction, assignee)
    if (present !== undefined) {
      const message = 'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.'
      throw new ArmError('assignmentFixed', message)
    }
    const rest = { principalType, ...terms, createdBy: call.caller.principal.objectId }
    const result = await context.access
      .createAssignment(transaction, { name, scope, ...wanted, ...rest })
      .catch((error: unknown) => {
        if (error instanceof RoleNotAssignableError) throw unknownRole(role.name, error)
        throw error instanceof AssignmentExistsError ? assignmentExists(error) : error
      })
    const detail = { ...wanted, roleName: role.roleName, condition: terms.condition }
    return { result, event: { action: 'role-assignment.create', target: roleAssignmentId(result), detail } }
  })
  call.reply.code(201)
  return assignmentDocument(made, call)
}
putRoleAssignment.body = putSchema
putRoleAssignment.response = assignmentResponse

/** The properties of an assignment that can be changed. */
type Terms = Pick<RoleAssignment, 'condition' | 'conditionVersion' | 'description'>

/** @throws ArmError for an invalid condition, with the position of the error */
function readTerms({ condition, conditionVersion, ...rest }: Properties): Terms {
  const description = rest.description ?? null
  if (condition === undefined || condition === '') {
    if (conditionVersion === undefined || conditionVersion === '') {
      return { condition: null, conditionVersion: null, description }
    }
    throw new ArmError('invalidCondition', `${invalidCondition} A condition version requires a condition.`)
  }
  if ((conditionVersion ?? '2.0') !== '2.0') {
    throw new ArmError('invalidCondition', `${invalidCondition} The condition version must be 2.0.`)
  }
  const reading = parseRoleCondition(condition)
  if ('condition' in reading) return { condition, conditionVersion: '2.0', description }
  throw new ArmError('invalidCondition', `${invalidCondition} At character ${reading.position}: ${reading.problem}.`)
}

const invalidCondition = 'The given role assignment condition is invalid.'

async function changeTerms(
  context: Context,
  call: ManagementCall,
  present: RoleAssignment,
  terms: Terms,
): Promise<RoleAssignment> {
  const { condition, conditionVersion, description } = terms
  if (present.condition === condition && present.description === description) return present
  return recordChange(context, call, async (transaction) => {
    const updated = { condition, conditionVersion, description, updatedBy: call.caller.principal.objectId }
    const result = await context.access.updateAssignment(transaction, present.scope, present.name, updated)
    // The caller may not be allowed to change another assignment of this name that was created meanwhile.
    if (result === undefined || !isSame(present, result)) throw assignmentNotFound(present.name)
    await requireOwnerLeft(context, call, transaction, result)
    const { principalId, roleDefinitionName } = result
    const detail = { principalId, roleDefinitionName, condition }
    return { result, event: { action: 'role-assignment.update', target: roleAssignmentId(result), detail } }
  })
}

/** `DELETE …/roleAssignments/{guid}`: 204 if it does not exist. */
export async function deleteRoleAssignment(
  context: Context,
  call: ManagementCall,
): Promise<AssignmentDocument | undefined> {
  const name = requireName(call)
  const scope = await requireScopeId(context, call)
  const present = await context.access.findAssignment(scope, name)
  if (present !== undefined) await requireMayAssign(context, call, { source: 'Resource', ...present })
  const deleted = await recordChange(context, call, async (transaction) => {
    const result = await context.access.deleteAssignment(transaction, scope, name)
    if (result === undefined) return { result, event: undefined }
    // The caller may not be allowed to delete another assignment of this name that was created meanwhile.
    if (present === undefined || !isSame(present, result)) throw assignmentNotFound(name)
    await requireOwnerLeft(context, call, transaction, result)
    const { principalId, roleDefinitionName } = result
    const detail = { principalId, roleDefinitionName }
    return { result, event: { action: 'role-assignment.delete', target: roleAssignmentId(result), detail } }
  })
  if (deleted !== undefined) return assignmentDocument(deleted, call)
  call.reply.code(204)
  return undefined
}
deleteRoleAssignment.response = assignmentResponse

/** An assignment as ARM shows it; the id of its role is relative to the subscription in the path. */
export function assignmentDocument(assignment: RoleAssignment, { names }: ManagementCall): AssignmentDocument {
  const { name, scope, principalId, principalType, condition, conditionVersion, description } = assignment
  return {
    properties: {
      roleDefinitionId: roleDefinitionId(names.subscriptionId, assignment.roleDefinitionName),
      principalId,
      principalType,
      scope,
      condition,
      conditionVersion,
      createdOn: formatDataPlaneTime(assignment.createdAtMs),
      updatedOn: formatDataPlaneTime(assignment.updatedAtMs),
      createdBy: assignment.createdBy,
      updatedBy: assignment.updatedBy,
      delegatedManagedIdentityResourceId: null,
      description,
    },
    id: roleAssignmentId(assignment),
    type: 'Microsoft.Authorization/roleAssignments',
    name,
  }
}

function requireName({ names }: ManagementCall): string {
  const name = parseGuid(names.name)
  if (name !== undefined) return name
  const message = 'The role assignment ID is not valid. The role assignment ID must be a GUID.'
  throw new ArmError('invalidAssignmentId', message)
}

/** The role that an id names, of the tenant or of a scope that contains the scope of the assignment. */
async function requireRole({ access }: Context, id: string, scope: string): Promise<RoleDefinition> {
  const parsed = parseExtensionId(id)
  const name = parseGuid(parsed?.name ?? '')
  const isDefinition =
    parsed?.provider.toLowerCase() === 'microsoft.authorization' && parsed.type.toLowerCase() === 'roledefinitions'
  if (parsed === undefined || name === undefined || !isDefinition || !isWithinScope(scope, parsed.scope)) {
    throw new ArmError('invalidRoleDefinitionId', `The role definition ID '${id.slice(0, 512)}' is not valid.`)
  }
  const role = await access.findRoleDefinition(name)
  if (role !== undefined && isAssignableAt(role, scope)) return role
  throw unknownRole(name)
}

function unknownRole(name: string, cause?: unknown): ArmError {
  const message = `The specified role definition with ID '${name}' does not exist.`
  return new ArmError('unknownRoleDefinition', message, { cause })
}

async function principalNotFound({ directory }: Context, id: string, within?: Transaction): Promise<ArmError> {
  const { tenantId } = await directory.tenant(within)
  const message = `Principal ${id.slice(0, 64).replaceAll('-', '')} does not exist in the directory ${tenantId}. Check that you have the correct principal ID.`
  return new ArmError('principalNotFound', message)
}

/** The principal that a role is to be assigned to. */
type Assignee = {
  readonly objectId: string
  readonly principalType: PrincipalType
  /** False for a principal of a trusted tenant who has not signed in yet: the assignment registers them. */
  readonly isKnown: boolean
}

/** The principal in the body. An unknown principal needs a principal type. @throws ArmError 400 */
async function requireAssignee(
  context: Context,
  { principalId, principalType: wantedType }: Pick<Properties, 'principalId' | 'principalType'>,
): Promise<Assignee> {
  const objectId = parseGuid(principalId)
  if (objectId === undefined) throw await principalNotFound(context, principalId)
  const principal = await context.directory.findPrincipal(objectId)
  const externalType = externalTypes.get(wantedType?.toLowerCase() ?? '')
  if (principal === undefined) {
    if (externalType === undefined) throw await principalNotFound(context, principalId)
    return { objectId, principalType: externalType, isKnown: false }
  }
  const principalType = typeOf(principal)
  if (wantedType !== undefined && wantedType.toLowerCase() !== principalType.toLowerCase()) {
    const message = `The PrincipalId '${principal.objectId}' has type '${principalType}' , which is different from specified PrincipalType '${wantedType.slice(0, 64)}'.`
    throw new ArmError('unmatchedPrincipalType', message)
  }
  return { objectId: principal.objectId, principalType, isKnown: true }
}

/** The types of principals of a trusted tenant. */
const externalTypes: ReadonlyMap<string, 'User' | 'ServicePrincipal'> = new Map([
  ['user', 'User'],
  ['serviceprincipal', 'ServicePrincipal'],
])

/**
 * Registers an assignee who is not known yet, and checks that a known one still exists: the object id of a principal of
 * another tenant can come back, and would find an assignment that was made while it was deleted.
 *
 * @throws ArmError 400, which undoes the change
 */
async function requireInDirectory(
  context: Context,
  { caller, origin }: ManagementCall,
  transaction: Transaction,
  { objectId, principalType, isKnown }: Assignee,
): Promise<void> {
  const { directory, audit } = context
  if (isKnown) {
    if (await directory.hasPrincipal(transaction, objectId)) return
    throw await principalNotFound(context, objectId, transaction)
  }
  const kind = principalType === 'User' ? 'user' : 'service-principal'
  const registered = await directory.externalPrincipals.preregister(transaction, objectId, kind)
  if (registered === undefined) throw await principalNotFound(context, objectId, transaction)
  await audit.record(transaction, {
    action: 'external-principal.create',
    outcome: 'success',
    ...attributionOf(caller),
    target: registered.objectId,
    detail: { kind },
    origin,
  })
}

function typeOf({ kind }: DirectoryPrincipal): PrincipalType {
  switch (kind) {
    case 'user':
      return 'User'
    case 'service-principal':
      return 'ServicePrincipal'
    case 'group':
      return 'Group'
  }
}

/**
 * Requires an owner of the subscription without a condition: removing the last one would lock everyone out. Checked in the
 * transaction after the change, so that two concurrent changes cannot each rely on the owner that the other removes.
 *
 * @throws ArmError, which undoes the change
 */
async function requireOwnerLeft(
  { access }: Context,
  { names }: ManagementCall,
  transaction: Transaction,
  { scope, roleDefinitionName }: RoleAssignment,
): Promise<void> {
  const subscription = subscriptionId(names.subscriptionId)
  if (roleDefinitionName !== ownerRole || normalizeScope(scope) !== normalizeScope(subscription)) return
  if ((await access.countAssignments(transaction, scope, ownerRole)) > 0) return
  throw new ArmError('assignmentOfLastOwner', 'Cannot delete the last RBAC admin assignment.')
}

/**
 * Checks the conditions under which the caller may assign or remove roles.
 *
 * @throws ArmError 403
 */
async function requireMayAssign(
  { access }: Context,
  { caller, names }: ManagementCall,
  assignment: AssignmentFacts,
): Promise<void> {
  const scope = scopeOf(names)
  if (await access.mayAssign(caller.rights, scope, assignment)) return
  const verb = assignment.source === 'Request' ? 'write' : 'delete'
  throw forbidden(caller, { action: `Microsoft.Authorization/roleAssignments/${verb}` }, scope)
}

function assignmentNotFound(name: string): ArmError {
  return new ArmError('assignmentNotFound', `The role assignment '${name}' is not found.`)
}

function assignmentExists(cause: Error): ArmError {
  return new ArmError('assignmentExists', 'The role assignment already exists.', { cause })
}

type Given = Pick<RoleAssignment, 'roleDefinitionName' | 'principalId'>

function isSame(one: Given, other: Given): boolean {
  return one.roleDefinitionName === other.roleDefinitionName && one.principalId === other.principalId
}
