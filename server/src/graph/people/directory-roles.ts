import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { DirectoryRole } from '../../directory/index.ts'
import { GraphError, insufficientPrivileges, resourceNotFound } from '../protocol/errors.ts'
import { type GraphCall, change } from '../protocol/context.ts'
import { parseFilter, filterableRoleAssignments } from '../protocol/filter.ts'
import type { roleAssignmentBody } from './bodies.ts'
import { readFilterOption, rejectQueryOptions } from '../protocol/query.ts'
import { listSchema } from '../protocol/response.ts'
import type { GraphHandler } from '../protocol/route.ts'

/** The roles on the directory, with the ids of the corresponding roles of Entra. [Microsoft Entra built-in roles] */
const roleDefinitions = {
  owner: { id: '62e90394-69f5-4237-9190-012177145e10', displayName: 'Global Administrator' },
  reader: { id: '88d8e3e3-8f55-4a1e-953a-9b9898b8876b', displayName: 'Directory Readers' },
} as const satisfies Record<DirectoryRole, { id: string; displayName: string }>

const roles: readonly DirectoryRole[] = ['owner', 'reader']

/** [Microsoft Graph v1.0, unifiedRoleDefinition resource type] */
const roleDefinitionSchema = z
  .strictObject({
    id: z.guid(),
    displayName: z.enum(['Global Administrator', 'Directory Readers']),
    isBuiltIn: z.literal(true),
    isEnabled: z.literal(true),
  })
  .register(apiSchemas, { id: 'graph.unifiedRoleDefinition' })

/** [Microsoft Graph v1.0, unifiedRoleAssignment resource type] */
export const roleAssignmentSchema = z
  .strictObject({
    id: z.string(),
    principalId: z.guid(),
    roleDefinitionId: z.guid(),
    directoryScopeId: z.literal('/'),
  })
  .register(apiSchemas, { id: 'graph.unifiedRoleAssignment' })

export const roleDefinitionsSchema = listSchema('unifiedRoleDefinitions', roleDefinitionSchema)
export const roleAssignmentsSchema = listSchema('unifiedRoleAssignments', roleAssignmentSchema)

/** `GET /roleManagement/directory/roleDefinitions` */
export const listRoleDefinitions: GraphHandler<typeof roleDefinitionsSchema> = async (_context, { request }) => {
  rejectQueryOptions(request.query)
  return { value: roles.map(definitionDocument) }
}

/** `GET /roleManagement/directory/roleAssignments`: all, or only the caller's own if the caller does not see everything. */
export const listRoleAssignments: GraphHandler<typeof roleAssignmentsSchema> = async (
  { directory },
  { request, caller },
) => {
  const filter = readFilterOption(request.query)
  const conditions = filter === undefined ? [] : parseFilter(filterableRoleAssignments, filter)
  const holders = await directory.roles.holders()
  const value = holders.flatMap(({ objectId, role }) => {
    const isVisible = caller.readsAll || objectId === caller.principal.objectId
    return isVisible ? [assignmentDocument(objectId, role)] : []
  })
  return { value: value.filter((one) => conditions.every((condition) => one[condition.by] === condition.value)) }
}

/** `POST /roleManagement/directory/roleAssignments` */
export const createRoleAssignment: GraphHandler<typeof roleAssignmentSchema, typeof roleAssignmentBody> = async (
  context,
  call,
) => {
  const { principalId, roleDefinitionId } = call.readBody()
  const role = roles.find((one) => roleDefinitions[one].id === roleDefinitionId)
  if (role === undefined)
    throw new GraphError('badRequest', `The role definition '${roleDefinitionId}' does not exist.`)
  await change(
    context,
    call,
    (transaction) => context.directory.roles.assign(transaction, principalId, role),
    () => ({ action: 'directory-role.assign', target: principalId, detail: { role } }),
  )
  call.reply.code(201)
  return assignmentDocument(principalId, role)
}

/** `DELETE /roleManagement/directory/roleAssignments/{assignment}` */
export const deleteRoleAssignment: GraphHandler<'none'> = async (context, call) => {
  const { principalId, role } = requireAssignmentInPath(call)
  await change(
    context,
    call,
    (transaction) => context.directory.roles.remove(transaction, principalId, role),
    () => ({ action: 'directory-role.remove', target: principalId, detail: { role } }),
  )
}

function definitionDocument(role: DirectoryRole): DocumentOf<typeof roleDefinitionSchema> {
  return { ...roleDefinitions[role], isBuiltIn: true, isEnabled: true }
}

/** Role and principal identify an assignment, because nobody has a role twice. */
function assignmentDocument(principalId: string, role: DirectoryRole): DocumentOf<typeof roleAssignmentSchema> {
  const roleDefinitionId = roleDefinitions[role].id
  return { id: `${role}-${principalId}`, principalId, roleDefinitionId, directoryScopeId: '/' }
}

function requireAssignmentInPath({ params, caller }: GraphCall): { principalId: string; role: DirectoryRole } {
  const text = params['assignment'] ?? ''
  const role = roles.find((one) => text.startsWith(`${one}-`))
  const principalId = role === undefined ? undefined : parseGuid(text.slice(role.length + 1))
  if (role !== undefined && principalId !== undefined) return { principalId, role }
  throw caller.readsAll ? resourceNotFound(text) : insufficientPrivileges()
}
