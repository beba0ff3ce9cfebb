import type { AssignmentFilter } from '../../authorization/index.ts'
import type { DocumentOf } from '../../platform/http/api-schema.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { parseExtensionId, roleAssignmentId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RolesContext } from './context.ts'
import { badSkipToken, maxPageSize, nextLink, readPageSize, readSkipToken, skipToken } from '../arm/page.ts'
import { type FilterTerm, readFilter, unsupportedFilter } from '../arm/query.ts'
import { assignmentDocument, assignmentListResponse } from './role-assignments.ts'
import { requireScopeId } from './scope.ts'

type Context = Pick<RolesContext, 'access' | 'directory' | 'publicOrigin' | 'resources'>

/** The assignments that a list contains. */
type Wanted = Omit<AssignmentFilter, 'scope'>

/**
 * `GET …/roleAssignments`: `atScope()` for none below the scope, `principalId eq '…'` for the principal's own assignments,
 * `assignedTo('…')` for those of its groups too, and `roleDefinitionId eq '…'`, which Azure does not have.
 */
export async function listRoleAssignments(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof assignmentListResponse>> {
  const { request } = call
  const wanted = await readWanted(context, readFilter(request))
  const size = readPageSize(request, maxPageSize)
  const after = readAfter(call)
  const scope = await requireScopeId(context, call)
  // One more than is shown, to know whether another page follows.
  const found = await context.access.listAssignments({ scope, ...wanted }, { after, limit: size + 1 })
  const page = found.slice(0, size)
  const value = page.map((assignment) => assignmentDocument(assignment, call))
  const last = page.at(-1)
  if (last === undefined || found.length <= size) return { value }
  return { value, nextLink: nextLink(context.publicOrigin, request, skipToken(roleAssignmentId(last))) }
}
listRoleAssignments.response = assignmentListResponse

/** The assignment after which the page begins. @throws ArmError 400 */
function readAfter({ request }: ManagementCall): { readonly scope: string; readonly name: string } | undefined {
  const id = readSkipToken(request)
  if (id === '') return undefined
  const after = parseExtensionId(id)
  if (after === undefined) throw badSkipToken()
  return after
}

async function readWanted({ directory }: Context, terms: readonly FilterTerm[]): Promise<Wanted> {
  let includeBelow = true
  let principalIds: readonly string[] | undefined
  let roleDefinitionName: string | undefined
  for (const { form, name, value } of terms) {
    const key = `${form} ${name}`
    if (key === 'call atscope' && value === undefined) {
      includeBelow = false
      continue
    }
    if (key === 'equals roledefinitionid' && roleDefinitionName === undefined) {
      roleDefinitionName = requireId(parseExtensionId(value ?? '')?.name)
      continue
    }
    if (principalIds !== undefined) throw unsupportedFilter()
    if (key === 'equals principalid') principalIds = [requireId(value)]
    else if (key === 'call assignedto') principalIds = await withGroups(directory, requireId(value))
    else throw unsupportedFilter()
  }
  return { includeBelow, principalIds, roleDefinitionName }
}

async function withGroups(directory: RolesContext['directory'], principalId: string): Promise<readonly string[]> {
  return [principalId, ...(await directory.groupIdsOf(principalId))]
}

function requireId(text: string | undefined): string {
  const id = parseGuid(text ?? '')
  if (id === undefined) throw unsupportedFilter()
  return id
}
