import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RolesContext } from './context.ts'
import { listOf } from '../arm/response.ts'
import { requireScopeId } from './scope.ts'

type Context = Pick<RolesContext, 'access' | 'directory' | 'resources'>

const actions = z.array(z.string())

/** What a role of the caller permits, and the condition of its assignment. [azure-mgmt-authorization, Permission] */
const permissionResponse = z
  .strictObject({
    actions,
    notActions: actions,
    dataActions: actions,
    notDataActions: actions,
    condition: z.string().nullable(),
    conditionVersion: z.string().nullable(),
  })
  .register(apiSchemas, { id: 'Permission' })

const permissionListResponse = listOf(permissionResponse)

/** `GET …/permissions`: what the caller may do at the scope. An action is permitted if one of the items permits it. */
export async function listPermissions(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof permissionListResponse>> {
  const scope = await requireScopeId(context, call)
  const permissions = await context.access.permissionsAt(call.caller.rights, scope)
  const value = permissions.map(({ condition, ...permission }) => ({
    ...permission,
    condition,
    conditionVersion: condition === null ? null : '2.0',
  }))
  return { value }
}
listPermissions.response = permissionListResponse
