import { parseGuid } from '../../standards/azure/guid.ts'
import type { ManagementCall, ManagementContext } from '../arm/context.ts'
import { type FilterTerm, readFilter, unsupportedFilter } from '../arm/query.ts'
import { assignmentDocument } from './role-assignments.ts'
import { requireScopeId } from './scope.ts'

/** Which assignments a list is to hold. */
type Wanted = {
  /** Those at the scope and above it; without it, those below too. */
  readonly atScope: boolean
  /** Undefined for those of everybody. */
  readonly principalIds: readonly string[] | undefined
}

/**
 * `GET …/roleAssignments`: `atScope()`, `principalId eq '…'` for what was given to somebody themselves, `assignedTo('…')` for
 * what they have by groups too.
 */
export async function listRoleAssignments(context: ManagementContext, call: ManagementCall): Promise<unknown> {
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
