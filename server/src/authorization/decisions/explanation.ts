import type { ConsideredAssignment } from './considered-assignment.ts'
import type { Explanation } from './explain.ts'
import type { Principal, RightInQuestion } from '../rights/model.ts'
import type { Registry } from '../../resources/index.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { roleAssignmentId, roleDefinitionId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { DecisionContext } from './context.ts'
import { changeDocument } from './decision-document.ts'
import type { AccessExplanation } from './model.ts'

/** The principal that a text names: `anonymous`, `admin`, `token:NAME` for a scoped token, or an object id. */
export async function findPrincipal(
  { access, directory }: DecisionContext,
  { rid }: Registry,
  text: string,
): Promise<Principal | undefined> {
  if (text === 'anonymous') return { kind: 'anonymous' }
  if (text === 'admin') return { kind: 'admin', rid }
  if (text.startsWith('token:')) {
    const token = await access.scopedTokens.find(rid, text.slice('token:'.length))
    if (token !== undefined) return { kind: 'scoped-token', rid, tokenId: token.id }
  }
  const objectId = parseGuid(text)
  const found = objectId === undefined ? undefined : await directory.findPrincipal(objectId)
  if (found === undefined) return undefined
  return { kind: 'directory', objectId: found.objectId, groupIds: await directory.groupIdsOf(found.objectId) }
}

/** The question, which the answer repeats. */
export function questionDocument(
  { roleAssignmentMode }: Registry,
  { right, repository }: RightInQuestion,
): Pick<AccessExplanation, 'action' | 'repository' | 'roleAssignmentMode'> {
  return { action: right, repository: repository ?? null, roleAssignmentMode }
}

/** An explanation as the API returns it. */
export function explanationDocument(
  explanation: Explanation,
  { subscriptionId }: Registry,
): Omit<AccessExplanation, 'principal' | 'action' | 'repository' | 'roleAssignmentMode'> {
  const { allowed, needs, assignments, scopeMap, firstFailure, smallestChange } = explanation
  return {
    allowed,
    needs: needs.map(({ kind, name }) => ({ kind: kind === 'action' ? 'Action' : 'DataAction', name })),
    assignments: assignments.map((one) => consideredDocument(one, subscriptionId)),
    scopeMap: scopeMap === undefined ? null : { name: scopeMap.name, actions: scopeMap.actions },
    firstFailure: firstFailure ?? null,
    smallestChange: smallestChange === undefined ? null : changeDocument(smallestChange, subscriptionId),
  }
}

/** An assignment, and whether the assignment allows the request. */
export function consideredDocument(
  considered: ConsideredAssignment,
  subscriptionId: string,
): AccessExplanation['assignments'][number] {
  const { assignment, roleName, condition, verdict, byWildcard } = considered
  return {
    id: roleAssignmentId(assignment),
    principalId: assignment.principalId,
    principalType: assignment.principalType,
    scope: assignment.scope,
    roleDefinitionId: roleDefinitionId(subscriptionId, assignment.roleDefinitionName),
    roleName: roleName ?? null,
    condition,
    result: verdict,
    byWildcard,
  }
}
