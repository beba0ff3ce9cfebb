import type { NetworkChange } from '@acrux/shared/standards/azure/network-rules.ts'
import type { AssignedRole, Verdict } from '../roles/assigned-role.ts'
import type { Explanation } from './explain.ts'
import type { SmallestChange } from './smallest-change.ts'
import { cutText } from '@acrux/shared/standards/http/cut-text.ts'
import type { GivenScopeMap } from '../rights/repository-rights.ts'

/** An assignment in the record of a decision. */
export type RecordedAssignment = AssignedRole['assignment'] & {
  readonly roleName: string | null
  readonly condition: string | null
  readonly result: Verdict
}

/** A change of the rights, or of the request, that would allow the action. */
export type RecordedChange =
  | SmallestChange
  | { readonly kind: 'get-new-token'; readonly access: string | null }
  | NetworkChange
  | {
      readonly kind:
        | 'sign-in-again'
        | 'enable-scoped-token'
        | 'enable-principal'
        | 'enable-arm-tokens'
        | 'add-federated-credential'
        | 'name-application'
        | 'allow-pull-from-source'
        | 'try-again'
    }

/** Claims of a token with a verified signature. */
export type PresentedCredential = {
  readonly issuer: string
  readonly subject: string
  /** The time of expiry in ISO 8601; null unless the token was denied because the token had expired. */
  readonly expiredAt: string | null
  /** The accepted audiences, if the token was denied because of its audience. */
  readonly wantedAudience?: string
}

/**
 * The facts of a denial, recorded in its audit event. A record contains no secret, and the size of a record is limited.
 */
export type DecisionRecord = {
  readonly asked: { readonly action: string; readonly repository: string | null; readonly scope: string | null } | null
  readonly roleAssignmentMode: string | null
  /** The actions of a role that grant the right; one action is sufficient. */
  readonly needs: readonly string[]
  /** The assignments that came closest to allowing the action, up to the size limit. */
  readonly assignments: readonly RecordedAssignment[]
  readonly assignmentCount: number
  readonly scopeMap: { readonly name: string; readonly actions: readonly string[] } | null
  /** The access of the token in the request; null without a token. */
  readonly tokenAccess: string | null
  /** The token in the request, if the signature was verified. */
  readonly presented?: PresentedCredential
  readonly firstFailure: string
  readonly smallestChange: RecordedChange | null
}

/** The maximum number of characters of all assignments in a record, and of one condition. */
const maxAssignmentsLength = 3500
const maxConditionLength = 500

/** The maximum number of characters of the actions of a scope map. */
const maxScopeMapLength = 1000

/** The order in which assignments are recorded: assignments that came closest to allowing the request are first. */
const order: readonly Verdict[] = [
  'allows',
  'condition-is-not-met',
  'condition-cannot-be-evaluated',
  'condition-is-unreadable',
  'role-lacks-action',
  'role-is-gone',
]

/** The record of a request that was denied before any right was checked. */
export function failedBefore(
  firstFailure: string,
  smallestChange: RecordedChange | null = { kind: 'sign-in-again' },
): DecisionRecord {
  const nothing = { asked: null, roleAssignmentMode: null, needs: [], assignments: [], assignmentCount: 0 }
  return { ...nothing, scopeMap: null, tokenAccess: null, firstFailure, smallestChange }
}

/** The record of an explained decision. */
export function recordDecision(explanation: Explanation): DecisionRecord {
  const { asked, roleAssignmentMode, needs, assignments, scopeMap, smallestChange = null } = explanation
  return {
    asked,
    roleAssignmentMode,
    needs: needs.map(({ name }) => name),
    assignments: recordAssignments(assignments),
    assignmentCount: assignments.length,
    scopeMap: scopeMap === undefined ? null : recordScopeMap(scopeMap),
    tokenAccess: null,
    firstFailure: explanation.firstFailure ?? 'allowed-meanwhile',
    smallestChange,
  }
}

function recordScopeMap({ name, actions }: GivenScopeMap) {
  return { name, actions: withinLimit(actions, maxScopeMapLength) }
}

/** The assignments of an explanation, the closest to allowing first. */
function recordAssignments(assignments: Explanation['assignments']): RecordedAssignment[] {
  const recorded: RecordedAssignment[] = []
  let room = maxAssignmentsLength
  for (const wanted of order) {
    for (const { assignment, roleName = null, condition, verdict } of assignments) {
      if (verdict !== wanted) continue
      const { name, scope, roleDefinitionName, principalId, principalType } = assignment
      const fields = { name, scope, roleDefinitionName, principalId, principalType, roleName, result: verdict }
      const record = { ...fields, condition: condition === null ? null : cut(condition) }
      room -= JSON.stringify(record).length
      if (room < 0) return recorded
      recorded.push(record)
    }
  }
  return recorded
}

function cut(condition: string): string {
  // An event contains no line breaks, and Azure's portal writes conditions over many lines.
  const text = condition.trim().replaceAll(/\s+/g, ' ')
  return cutText(text, maxConditionLength, '…')
}

/** The texts that fit into a number of characters. */
export function withinLimit(texts: readonly string[], limit: number): string[] {
  let room = limit
  return texts.filter((text) => (room -= text.length) >= 0)
}
