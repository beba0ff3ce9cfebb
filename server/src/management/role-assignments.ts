import { z } from 'zod'
import {
  AssignmentExistsError,
  type PrincipalType,
  type RoleAssignment,
  type RoleDefinition,
  RoleNotAssignableError,
  isAssignableAt,
  ownerRole,
} from '../access/index.ts'
import type { DirectoryPrincipal } from '../directory/index.ts'
import type { Transaction } from '../platform/sql/database.ts'
import { formatDataPlaneTime } from '../standards/azure/acr-time.ts'
import { parseGuid } from '../standards/azure/guid.ts'
import type { AssignmentFacts } from '../standards/conditions/role-condition-evaluation.ts'
import { parseRoleCondition } from '../standards/conditions/role-condition-parser.ts'
import { isWithinScope, normalizeScope, parseExtensionId, subscriptionId } from '../standards/azure/resource-id.ts'
import { optional, proseOf, readBody } from './body.ts'
import { type ManagementCall, type ManagementOptions, change } from './call.ts'
import { ArmError } from './errors.ts'
import { forbidden } from './need.ts'
import { scopeOf } from './path-scope.ts'
import { roleDefinitionId } from './role-definitions.ts'
import { requireScopeId } from './scope.ts'

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

/** `GET …/roleAssignments/{guid}` */
export async function getRoleAssignment(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  const assignment = await rooms.access.findAssignment(await requireScopeId(rooms, call), requireName(call))
  if (assignment !== undefined) return assignmentDocument(assignment, call)
  throw assignmentNotFound(call.names.name)
}

/**
 * `PUT …/roleAssignments/{guid}`: gives a role to a principal at the scope of the path, and at no other. Of an assignment
 * that is there, the condition and the description may be changed; the same again is answered with 200.
 */
export async function putRoleAssignment(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  const name = requireName(call)
  const { properties } = readBody(call, putRoleAssignment)
  const terms = readTerms(properties)
  const scope = await requireScopeId(rooms, call)
  const role = await requireRole(rooms, properties.roleDefinitionId, scope)
  const principal =
    (await foreseePrincipal(rooms, call, properties, role)) ??
    (await requirePrincipal(rooms, properties.principalId, properties.principalType))
  const wanted = { roleDefinitionName: role.name, principalId: principal.objectId }
  await requireMayAssign(rooms, call, { source: 'Request', ...wanted, principalType: typeOf(principal) })

  const present = await rooms.access.findAssignment(scope, name)
  if (present !== undefined) {
    if (isSame(present, wanted)) return assignmentDocument(await changeTerms(rooms, call, present, terms), call)
    const message = 'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.'
    throw new ArmError('assignmentFixed', message)
  }
  const made = await change(rooms, call, async (transaction) => {
    // Asked again here: what is given on a registry that is being deleted would hold on the next of its name.
    await requireScopeId(rooms, call, transaction)
    // And this: an object id of another tenant comes back, and would find what was given while it was deleted.
    if (!(await rooms.directory.holdsPrincipal(transaction, principal.objectId))) {
      throw await principalNotFound(rooms, principal.objectId)
    }
    const rest = { principalType: typeOf(principal), ...terms, createdBy: call.caller.principal.objectId }
    const result = await rooms.access
      .createAssignment(transaction, { name, scope, ...wanted, ...rest })
      .catch((error: unknown) => {
        if (error instanceof RoleNotAssignableError) throw unknownRole(role.name, error)
        throw error instanceof AssignmentExistsError ? assignmentExists(error) : error
      })
    const detail = { ...wanted, roleName: role.roleName, condition: terms.condition }
    return { result, event: { action: 'role-assignment.create', target: assignmentId(result), detail } }
  })
  return call.reply.code(201).send(assignmentDocument(made, call))
}
putRoleAssignment.body = putSchema

/** What of an assignment may change. */
type Terms = Pick<RoleAssignment, 'condition' | 'conditionVersion' | 'description'>

/** @throws ArmError for a condition that is none, with the character at which it goes wrong */
function readTerms({ condition, conditionVersion, ...rest }: Properties): Terms {
  const description = rest.description ?? null
  if (condition === undefined || condition === '') {
    if (conditionVersion === undefined || conditionVersion === '') {
      return { condition: null, conditionVersion: null, description }
    }
    throw new ArmError('invalidCondition', `${invalidCondition} A version without a condition means nothing.`)
  }
  if ((conditionVersion ?? '2.0') !== '2.0') {
    throw new ArmError('invalidCondition', `${invalidCondition} Its version must be 2.0.`)
  }
  const reading = parseRoleCondition(condition)
  if ('condition' in reading) return { condition, conditionVersion: '2.0', description }
  throw new ArmError('invalidCondition', `${invalidCondition} At character ${reading.position}: ${reading.problem}.`)
}

const invalidCondition = 'The given role assignment condition is invalid.'

async function changeTerms(
  rooms: ManagementOptions,
  call: ManagementCall,
  present: RoleAssignment,
  terms: Terms,
): Promise<RoleAssignment> {
  const { condition, conditionVersion, description } = terms
  if (present.condition === condition && present.description === description) return present
  return change(rooms, call, async (transaction) => {
    const updated = { condition, conditionVersion, description, updatedBy: call.caller.principal.objectId }
    const result = await rooms.access.updateAssignment(transaction, present.scope, present.name, updated)
    // Another of the same name, made meanwhile, is not the one that the caller may change.
    if (result === undefined || !isSame(present, result)) throw assignmentNotFound(present.name)
    await requireOwnerLeft(rooms, call, transaction, result)
    const { principalId, roleDefinitionName } = result
    const detail = { principalId, roleDefinitionName, condition }
    return { result, event: { action: 'role-assignment.update', target: assignmentId(result), detail } }
  })
}

/** `DELETE …/roleAssignments/{guid}`: 204 when there is none. */
export async function deleteRoleAssignment(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  const name = requireName(call)
  const scope = await requireScopeId(rooms, call)
  const present = await rooms.access.findAssignment(scope, name)
  if (present !== undefined) await requireMayAssign(rooms, call, { source: 'Resource', ...present })
  const deleted = await change(rooms, call, async (transaction) => {
    const result = await rooms.access.deleteAssignment(transaction, scope, name)
    if (result === undefined) return { result, event: undefined }
    // Another of the same name, made meanwhile, is not the one that the caller may delete.
    if (present === undefined || !isSame(present, result)) throw assignmentNotFound(name)
    await requireOwnerLeft(rooms, call, transaction, result)
    const { principalId, roleDefinitionName } = result
    const detail = { principalId, roleDefinitionName }
    return { result, event: { action: 'role-assignment.delete', target: assignmentId(result), detail } }
  })
  return deleted === undefined ? call.reply.code(204).send() : assignmentDocument(deleted, call)
}

/** An assignment as ARM shows it; its role is named as the caller's path sees it. */
export function assignmentDocument(assignment: RoleAssignment, { names }: ManagementCall): object {
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
    id: assignmentId(assignment),
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

/** The role that an id names: of the tenant, or of a scope that the assignment's lies in. */
async function requireRole({ access }: ManagementOptions, id: string, scope: string): Promise<RoleDefinition> {
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

async function principalNotFound({ directory }: ManagementOptions, id: string): Promise<ArmError> {
  const { tenantId } = await directory.tenant()
  const message = `Principal ${id.slice(0, 64).replaceAll('-', '')} does not exist in the directory ${tenantId}. Check that you have the correct principal ID.`
  return new ArmError('principalNotFound', message)
}

async function requirePrincipal(
  rooms: ManagementOptions,
  id: string,
  wantedType: string | undefined,
): Promise<DirectoryPrincipal> {
  const objectId = parseGuid(id)
  const principal = objectId === undefined ? undefined : await rooms.directory.findPrincipal(objectId)
  if (principal === undefined) throw await principalNotFound(rooms, id)
  const type = typeOf(principal)
  if (wantedType !== undefined && wantedType.toLowerCase() !== type.toLowerCase()) {
    const message = `The PrincipalId '${principal.objectId}' has type '${type}' , which is different from specified PrincipalType '${wantedType.slice(0, 64)}'.`
    throw new ArmError('unmatchedPrincipalType', message)
  }
  return principal
}

/** The types by which somebody of a trusted tenant can be named before they have come. */
const externalKinds: ReadonlyMap<string, 'user' | 'service-principal'> = new Map([
  ['user', 'user'],
  ['serviceprincipal', 'service-principal'],
])

/**
 * Puts somebody of a trusted tenant on record who has not come yet: an object id that nobody has here, with its type said
 * expressly. Undefined for everybody else.
 */
async function foreseePrincipal(
  rooms: ManagementOptions,
  call: ManagementCall,
  { principalId, principalType }: { readonly principalId: string; readonly principalType?: string | undefined },
  { name: roleDefinitionName }: RoleDefinition,
): Promise<DirectoryPrincipal | undefined> {
  const kind = externalKinds.get(principalType?.toLowerCase() ?? '')
  if (kind === undefined || parseGuid(principalId) === undefined) return undefined
  if ((await rooms.directory.findPrincipal(principalId)) !== undefined) return undefined
  const type = kind === 'user' ? 'User' : 'ServicePrincipal'
  await requireMayAssign(rooms, call, { source: 'Request', roleDefinitionName, principalId, principalType: type })
  return change(rooms, call, async (transaction) => {
    const result = await rooms.directory.externalPrincipals.preregister(transaction, principalId, kind)
    const detail = { kind }
    const event = result && { action: 'external-principal.create', target: result.objectId, detail }
    return { result, event }
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
 * Whoever takes the last owner away from a subscription, or puts a condition on it, would lock everybody out of it. Looked
 * at after the change and within it, so that two that run at once cannot each leave the other's owner.
 *
 * @throws ArmError, which undoes the change
 */
async function requireOwnerLeft(
  { access }: ManagementOptions,
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
 * Holds the caller to the conditions on which they may give roles, or take them away.
 *
 * @throws ArmError 403
 */
async function requireMayAssign(
  { access }: ManagementOptions,
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

/** The ARM id of an assignment. */
export function assignmentId({ scope, name }: Pick<RoleAssignment, 'scope' | 'name'>): string {
  return `${scope === '/' ? '' : scope}/providers/Microsoft.Authorization/roleAssignments/${name}`
}
