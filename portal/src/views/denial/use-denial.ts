import { useQuery, useQueryClient } from '@tanstack/react-query'
import { newAssignmentId, putAssignment } from '../../api/access.ts'
import { readDecision } from '../../api/audit.ts'
import type { Decision } from '../../api/types.ts'
import type { NamedPlace } from '../audit/use-log-place.ts'

/** Why a request was denied. */
export function useDecision(place: NamedPlace, id: string) {
  return useQuery({ queryKey: ['decision', place.id, id], queryFn: ({ signal }) => readDecision(place, id, signal) })
}

/** The role whose assignment would allow a request; undefined if the smallest change is another one. */
export type ProposedRole = {
  readonly roleName: string
  readonly scope: string
  readonly roleDefinitionId: string
  readonly principalId: string
  readonly principalType: 'User' | 'ServicePrincipal'
  readonly condition: string | null
}

/** Reads the proposed role of a decision about a principal of the directory. */
export function proposedRole({ principal, smallestChange, since }: Decision): ProposedRole | undefined {
  if (since?.allowed === true || (principal.kind !== 'user' && principal.kind !== 'service-principal')) return undefined
  const { kind, roleName, scope, roleDefinitionId, condition = null } = smallestChange ?? {}
  if (kind !== 'assign-role' || roleName === undefined || scope === undefined || roleDefinitionId === undefined)
    return undefined
  return {
    roleName,
    scope,
    roleDefinitionId,
    principalId: principal.id,
    principalType: principal.kind === 'user' ? 'User' : 'ServicePrincipal',
    condition,
  }
}

/** Assigns the proposed role, and decides again. */
export function useAssignRole(place: NamedPlace, id: string) {
  const client = useQueryClient()
  return async ({ scope, roleName: _, ...assignment }: ProposedRole): Promise<void> => {
    await putAssignment(newAssignmentId(scope), assignment)
    await client.invalidateQueries({ queryKey: ['decision', place.id, id] })
  }
}
