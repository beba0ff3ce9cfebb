import { resourceNotFound } from '../surface/errors.ts'
import { parseGuid } from '../../standards/azure/guid.ts'
import type { DirectoryRole } from '../../directory/index.ts'
import { GraphError, insufficientPrivileges } from '../surface/errors.ts'
import { readBody } from '../surface/body.ts'
import { type GraphCall, type GraphHandler, change } from '../surface/context.ts'
import type { Document } from '../surface/documents.ts'
import { parseFilter, filterableRoleAssignments } from '../surface/filter.ts'
import { roleAssignmentBody } from './bodies.ts'
import { readFilterOption, refuseQueryOptions } from '../surface/query.ts'

/** The roles on the directory, by the ids that Entra gives to the like. [Microsoft Entra built-in roles] */
const roleDefinitions = {
  owner: { id: '62e90394-69f5-4237-9190-012177145e10', displayName: 'Global Administrator' },
  reader: { id: '88d8e3e3-8f55-4a1e-953a-9b9898b8876b', displayName: 'Directory Readers' },
} as const satisfies Record<DirectoryRole, { id: string; displayName: string }>

const roles: readonly DirectoryRole[] = ['owner', 'reader']

/** `GET /roleManagement/directory/roleDefinitions` */
export const listRoleDefinitions: GraphHandler = async (_graph, { request }) => {
  refuseQueryOptions(request.query)
  return { value: roles.map((role) => ({ ...roleDefinitions[role], isBuiltIn: true, isEnabled: true })) }
}

/** `GET /roleManagement/directory/roleAssignments`: all for who reads all, and the caller's own for everybody else. */
export const listRoleAssignments: GraphHandler = async ({ directory }, { request, caller }) => {
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
export const createRoleAssignment: GraphHandler = async (context, call) => {
  const { principalId, roleDefinitionId } = readBody(roleAssignmentBody, call.request.body)
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
export const deleteRoleAssignment: GraphHandler = async (context, call) => {
  const { principalId, role } = requireAssignmentInPath(call)
  await change(
    context,
    call,
    (transaction) => context.directory.roles.remove(transaction, principalId, role),
    () => ({ action: 'directory-role.remove', target: principalId, detail: { role } }),
  )
  return call.reply.code(204).send()
}

/** An assignment is known by its role and its holder, since nobody has a role twice. */
function assignmentDocument(principalId: string, role: DirectoryRole): Document {
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
