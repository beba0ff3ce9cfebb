import { z } from 'zod'
import { type RoleDefinition, isAssignableAt } from '../../authorization/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { formatDataPlaneTime } from '@acrux/shared/standards/azure/acr-time.ts'
import { isWithinScope, roleDefinitionId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RolesContext } from './context.ts'
import { ArmError } from '../arm/errors.ts'
import { type FilterTerm, readFilter, unsupportedFilter } from '../arm/query.ts'
import { listOf, timeText } from '../arm/response.ts'
import { requireScopeId } from './scope.ts'

type Context = Pick<RolesContext, 'access' | 'directory' | 'resources'>

const actions = z.array(z.string())

/** A role definition; the times and authors are those of a custom role. [azure-mgmt-authorization, RoleDefinition] */
export const definitionResponse = z
  .strictObject({
    properties: z.strictObject({
      roleName: z.string(),
      type: z.enum(['BuiltInRole', 'CustomRole']),
      description: z.string(),
      assignableScopes: z.array(z.string()),
      permissions: z.array(
        z.strictObject({ actions, notActions: actions, dataActions: actions, notDataActions: actions }),
      ),
      createdOn: timeText.optional(),
      updatedOn: timeText.optional(),
      createdBy: z.string().optional(),
      updatedBy: z.string().optional(),
    }),
    id: z.string(),
    type: z.literal('Microsoft.Authorization/roleDefinitions'),
    name: z.string(),
  })
  .register(apiSchemas, { id: 'RoleDefinition' })
export type DefinitionDocument = DocumentOf<typeof definitionResponse>

const definitionListResponse = listOf(definitionResponse)

/**
 * `GET …/roleDefinitions`, by name and type in any case: the roles that can be assigned at the scope, and with
 * `atScopeAndBelow()` also those that can be assigned below it.
 */
export async function listRoleDefinitions(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof definitionListResponse>> {
  const terms = readFilter(call.request)
  const tests = terms.map(toTest)
  const includeBelow = terms.some(({ form }) => form === 'call')
  const scope = await requireScopeId(context, call)
  const value = (await context.access.listRoleDefinitions())
    .filter((role) => isAssignableAt(role, scope) || (includeBelow && isAssignableBelow(role, scope)))
    .filter((role) => tests.every((test) => test(role)))
    .map((role) => definitionDocument(role, call.names.subscriptionId))
  return { value }
}
listRoleDefinitions.response = definitionListResponse

/** `GET …/roleDefinitions/{guid}` */
export async function getRoleDefinition(context: Context, call: ManagementCall): Promise<DefinitionDocument> {
  const scope = await requireScopeId(context, call)
  const { name, subscriptionId: subscription } = call.names
  const role = await context.access.findRoleDefinition(name)
  const isNamed = role?.name === name.toLowerCase() && (isAssignableAt(role, scope) || isAssignableBelow(role, scope))
  if (isNamed) return definitionDocument(role, subscription)
  throw new ArmError('definitionNotFound', `The specified role definition with ID '${name}' does not exist.`)
}
getRoleDefinition.response = definitionResponse

/** A role as ARM shows it. */
export function definitionDocument(role: RoleDefinition, subscription: string): DefinitionDocument {
  const { name, roleName, type, description, assignableScopes, permissions, history } = role
  const times = history && {
    createdOn: formatDataPlaneTime(history.createdAtMs),
    updatedOn: formatDataPlaneTime(history.updatedAtMs),
    createdBy: history.createdBy,
    updatedBy: history.updatedBy,
  }
  return {
    properties: { roleName, type, description, assignableScopes, permissions, ...times },
    id: roleDefinitionId(subscription, name),
    type: 'Microsoft.Authorization/roleDefinitions',
    name,
  }
}

/** Custom roles are visible from their subscription, not from the tenant. */
function isAssignableBelow({ assignableScopes }: RoleDefinition, scope: string): boolean {
  return scope !== '/' && assignableScopes.some((assignable) => isWithinScope(assignable, scope))
}

function toTest(term: FilterTerm): (role: RoleDefinition) => boolean {
  if (term.form === 'call') {
    if (term.name !== 'atscopeandbelow' || term.value !== undefined) throw unsupportedFilter()
    return () => true
  }
  const wanted = term.value.toLowerCase()
  switch (term.name) {
    case 'rolename':
      return ({ roleName }) => roleName.toLowerCase() === wanted
    case 'type':
      return ({ type }) => type.toLowerCase() === wanted
    default:
      throw unsupportedFilter()
  }
}
