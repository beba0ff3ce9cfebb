import type { DocumentOf } from '../../platform/http/api-schema.ts'
import { parseGuid } from '../../standards/azure/guid.ts'
import type { ManagementCall, ManagementContext } from '../arm/context.ts'
import { type FilterTerm, readFilter, unsupportedFilter } from '../arm/query.ts'
import { assignmentDocument, assignmentListResponse } from './role-assignments.ts'
import { requireScopeId } from './scope.ts'

/** The assignments that a list contains. */
type Wanted = {
  /** Only those at the scope and above it, not those below it. */
  readonly atScope: boolean
  /** Undefined for those of every principal. */
  readonly principalIds: readonly string[] | undefined
}

/**
 * `GET …/roleAssignments`: `atScope()`, `principalId eq '…'` for the principal's own assignments, `assignedTo('…')` for those
 * of its groups too.
 */
export async function listRoleAssignments(
  context: ManagementContext,
  call: ManagementCall,
): Promise<DocumentOf<typeof assignmentListResponse>> {
  const { atScope, principalIds } = await readWanted(context, readFilter(call.request))
  const scope = await requireScopeId(context, call)
  const filter = { scope, includeBelow: !atScope }
  const lists =
    principalIds === undefined
      ? [context.access.listAssignments(filter)]
      : principalIds.map((principalId) => context.access.listAssignments({ ...filter, principalId }))
  const assignments = (await Promise.all(lists)).flat()
  return { value: assignments.map((assignment) => assignmentDocument(assignment, call)) }
}
listRoleAssignments.response = assignmentListResponse

async function readWanted({ directory }: ManagementContext, terms: readonly FilterTerm[]): Promise<Wanted> {
  let atScope = false
  let principalIds: readonly string[] | undefined
  for (const term of terms) {
    const key = `${term.form} ${term.name}`
    if (key === 'call atscope' && term.value === undefined) {
      atScope = true
      continue
    }
    const principalId = parseGuid(term.value ?? '')
    if (principalId === undefined || principalIds !== undefined) throw unsupportedFilter()
    if (key === 'equals principalid') principalIds = [principalId]
    else if (key === 'call assignedto') principalIds = [principalId, ...(await directory.groupIdsOf(principalId))]
    else throw unsupportedFilter()
  }
  return { atScope, principalIds }
}
