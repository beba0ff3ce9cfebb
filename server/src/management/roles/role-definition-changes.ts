import { recordChange } from '../../audit/index.ts'
import { z } from 'zod'
import {
  BuiltInRoleError,
  type NewRoleDefinition,
  RoleInUseError,
  RoleLimitError,
  RoleNameTakenError,
} from '../../authorization/index.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { parseResourceId, roleDefinitionId } from '@acrux/shared/standards/azure/resource-id.ts'
import { optional, proseOf, readBody } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RolesContext } from './context.ts'
import { ArmError } from '../arm/errors.ts'
import { type DefinitionDocument, definitionDocument, definitionResponse } from './role-definitions.ts'
import { requireScopeId } from './scope.ts'

type Context = Pick<RolesContext, 'access' | 'audit' | 'database' | 'directory' | 'resources'>

const actions = optional(z.array(z.string().max(256)).max(1000)).transform((list) => list ?? [])
const putSchema = z.object({
  properties: z.object({
    roleName: proseOf(128).trim().min(1),
    description: optional(proseOf(2048)),
    type: optional(z.string().max(64)),
    permissions: z
      .array(z.object({ actions, notActions: actions, dataActions: actions, notDataActions: actions }))
      .min(1)
      .max(10),
    assignableScopes: z.array(z.string().max(2048)).min(1).max(200),
  }),
})

type Properties = z.output<typeof putSchema>['properties']

/** `PUT …/roleDefinitions/{guid}`: creates a custom role, or replaces it as a whole. [Azure RBAC, custom roles] */
export async function putRoleDefinition(context: Context, call: ManagementCall): Promise<DefinitionDocument> {
  const name = requireName(call)
  const { properties } = readBody(call, putRoleDefinition)
  requireCustom(properties)
  requireActions(properties)
  await requireScopeId(context, call)
  const assignableScopes = properties.assignableScopes.map(requireAssignableScope)
  const present = await context.access.findRoleDefinition(name)
  await requireRightAt(context, call, 'write', [...assignableScopes, ...customScopes(present)])
  const role = await recordChange(context, call, async (transaction) => {
    const { roleName, permissions, description = '' } = properties
    const author = call.caller.principal.objectId
    const definition: NewRoleDefinition = { name, roleName, description, permissions, assignableScopes, author }
    const { role, isNew } = await context.access.putRoleDefinition(transaction, definition).catch(throwAsArm)
    const action = isNew ? 'role-definition.create' : 'role-definition.update'
    const detail = { roleName, ...abridged({ permissions, assignableScopes }) }
    return { result: role, event: { action, target: roleDefinitionId(call.names.subscriptionId, name), detail } }
  })
  call.reply.code(201)
  return definitionDocument(role, call.names.subscriptionId)
}
putRoleDefinition.body = putSchema
putRoleDefinition.response = definitionResponse

/** `DELETE …/roleDefinitions/{guid}`: 204 if it does not exist. */
export async function deleteRoleDefinition(
  context: Context,
  call: ManagementCall,
): Promise<DefinitionDocument | undefined> {
  const name = requireName(call)
  await requireScopeId(context, call)
  await requireRightAt(context, call, 'delete', customScopes(await context.access.findRoleDefinition(name)))
  const deleted = await recordChange(context, call, async (transaction) => {
    const result = await context.access.deleteRoleDefinition(transaction, name).catch(throwAsArm)
    const target = roleDefinitionId(call.names.subscriptionId, name)
    const event = result && { action: 'role-definition.delete', target, detail: { roleName: result.roleName } }
    return { result, event }
  })
  if (deleted !== undefined) return definitionDocument(deleted, call.names.subscriptionId)
  call.reply.code(204)
  return undefined
}
deleteRoleDefinition.response = definitionResponse

/** The maximum length of the role in an event; a body may be far longer. */
const maxDetailLength = 16_384

function abridged(detail: object): object {
  return JSON.stringify(detail).length <= maxDetailLength ? detail : { isAbridged: true }
}

function requireName({ names }: ManagementCall): string {
  const name = parseGuid(names.name)
  if (name !== undefined) return name
  throw new ArmError('invalidRoleDefinitionId', 'The role definition ID must be a GUID.')
}

function requireCustom({ type }: Properties): void {
  if (type === undefined || type.toLowerCase() === 'customrole') return
  throw new ArmError('invalidRoleDefinition', "The type of a new role definition must be 'CustomRole'.")
}

/** An operation with its provider, parts of which may be stars; or a star alone. [Azure RBAC, Actions format] */
const actionPattern = /^(?:\*|(?:[A-Za-z0-9.*-]+\/)+[A-Za-z0-9.*-]+)$/

function requireActions({ permissions }: Properties): void {
  const all = permissions.flatMap((block) => Object.values(block).flat())
  const wrong = all.find((action) => !actionPattern.test(action))
  if (wrong !== undefined) throw new ArmError('invalidActionOrNot', `'${wrong}' is not the name of an action.`)
  if (permissions.some((block) => block.actions.length > 0 || block.dataActions.length > 0)) return
  throw new ArmError('invalidRoleDefinition', 'A role definition must permit at least one action or data action.')
}

/** A subscription, a resource group, or a resource; not the tenant, where only built-in roles are. */
function requireAssignableScope(text: string): string {
  if (parseResourceId(text) !== undefined) return text.endsWith('/') ? text.slice(0, -1) : text
  const message = `The assignable scope '${text.slice(0, 256)}' is not the id of a subscription, a resource group or a resource.`
  throw new ArmError('invalidRoleDefinition', message)
}

function customScopes(role: { readonly type: string; readonly assignableScopes: readonly string[] } | undefined) {
  return role?.type === 'CustomRole' ? role.assignableScopes : []
}

/** Creating or deleting a role needs the permission at every scope where the role can be assigned, not only at that of the path. */
async function requireRightAt(
  { access }: Context,
  { caller }: ManagementCall,
  right: 'write' | 'delete',
  scopes: readonly string[],
): Promise<void> {
  const action = `Microsoft.Authorization/roleDefinitions/${right}`
  for (const scope of scopes) {
    if (await access.mayManage(caller.rights, action, scope)) continue
    const { principal } = caller
    const name = principal.kind === 'user' ? principal.userPrincipalName : principal.appId
    const message = `The client '${name}' with object id '${principal.objectId}' does not have permission to perform action '${action}' on the linked scope '${scope}', or the linked scope is invalid.`
    throw new ArmError('linkedAuthorization', message, { wanted: { action, scope } })
  }
}

function throwAsArm(error: unknown): never {
  const options = { cause: error }
  if (error instanceof RoleNameTakenError) {
    const message = 'A custom role with the same name already exists in this directory. Use a different name.'
    throw new ArmError('roleNameTaken', message, options)
  }
  if (error instanceof RoleInUseError) {
    throw new ArmError('roleHasAssignments', 'There are existing role assignments referencing role.', options)
  }
  if (error instanceof RoleLimitError) {
    const message = 'Role definition limit exceeded. No more role definitions can be created.'
    throw new ArmError('roleLimitExceeded', message, options)
  }
  if (error instanceof BuiltInRoleError) {
    throw new ArmError('builtInRole', 'Built-in role definitions cannot be changed or deleted.', options)
  }
  throw error
}
