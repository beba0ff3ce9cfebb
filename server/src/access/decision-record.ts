import type { NetworkChange } from '../standards/azure/network-rules.ts'
import type { AssignedRole, Verdict } from './roles/assigned-role.ts'
import type { Explanation, SmallestChange } from './explain.ts'
import type { RegistryInQuestion } from './rights/model.ts'

/** An assignment that was considered, as it is written down. */
export type RecordedAssignment = AssignedRole['assignment'] & {
  readonly roleName: string | null
  readonly condition: string | null
  readonly result: Verdict
}

/** A change by which it would be allowed, of the rights or of what was sent. */
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

/** What a token with a verified signature says of itself. */
export type PresentedCredential = {
  readonly issuer: string
  readonly subject: string
  /** When it expired, in ISO 8601, where that is why it was denied. */
  readonly expiredAt: string | null
}

/**
 * What was true when something was refused, for whoever asks later: written into the event of the refusal. It holds no
 * secret, and has a limit.
 */
export type DecisionRecord = {
  readonly asked: { readonly action: string; readonly repository: string | null; readonly scope: string | null } | null
  readonly roleAssignmentMode: string | null
  /** What of a role gives it: any one of these. */
  readonly needs: readonly string[]
  /** Those that came furthest, as many as there is room for. */
  readonly assignments: readonly RecordedAssignment[]
  readonly assignmentCount: number
  readonly scopeMap: { readonly name: string; readonly actions: readonly string[] } | null
  /** The access of the token that was sent, where it was a token. */
  readonly tokenAccess: string | null
  /** The token that was sent, where its signature was verified; absent where nothing was. */
  readonly presented?: PresentedCredential
  readonly firstFailure: string
  readonly smallestChange: RecordedChange | null
}

/** How many characters the assignments of one record may take, and one condition in it. */
const assignmentsLimit = 3500
const conditionLimit = 500

/** How many characters the actions of a scope map may take. */
const scopeMapLimit = 1000

/** From the one that came furthest on. */
const order: readonly Verdict[] = [
  'allows',
  'condition-is-not-met',
  'condition-cannot-be-evaluated',
  'condition-is-unreadable',
  'role-lacks-action',
  'role-is-gone',
]

/** A decision in which no right was looked at, for the check that failed before. */
export function failedBefore(
  firstFailure: string,
  smallestChange: RecordedChange | null = { kind: 'sign-in-again' },
): DecisionRecord {
  const nothing = { asked: null, roleAssignmentMode: null, needs: [], assignments: [], assignmentCount: 0 }
  return { ...nothing, scopeMap: null, tokenAccess: null, firstFailure, smallestChange }
}

/** A decision about a right on a registry. */
export function recordDecision(
  explanation: Explanation,
  { id, roleAssignmentMode }: RegistryInQuestion,
  { right, repository = null }: { readonly right: string; readonly repository: string | null | undefined },
): DecisionRecord {
  const asked = { action: right, repository, scope: id }
  return { ...failedBefore('allowed-meanwhile', null), asked, roleAssignmentMode, ...partsOf(explanation) }
}

/** A decision about an action of the management API. */
export function recordActionDecision(
  explanation: Explanation,
  { action, scope }: { readonly action: string; readonly scope: string },
): DecisionRecord {
  const asked = { action, repository: null, scope }
  return { ...failedBefore('allowed-meanwhile', null), asked, ...partsOf(explanation) }
}

function partsOf(explanation: Explanation) {
  const { needs, assignments, scopeMap, firstFailure, smallestChange = null } = explanation
  return {
    needs: needs.map(({ name }) => name),
    assignments: recordAssignments(assignments),
    assignmentCount: assignments.length,
    scopeMap:
      scopeMap === undefined ? null : { name: scopeMap.name, actions: withinLimit(scopeMap.actions, scopeMapLimit) },
    ...(firstFailure !== undefined && { firstFailure }),
    smallestChange,
  }
}

/** The assignments of an explanation as they are written down, the nearest to allowing first. */
function recordAssignments(assignments: Explanation['assignments']): RecordedAssignment[] {
  const kept: RecordedAssignment[] = []
  let room = assignmentsLimit
  for (const wanted of order) {
    for (const { assignment, roleName = null, condition, verdict } of assignments) {
      if (verdict !== wanted) continue
      const { name, scope, roleDefinitionName, principalId, principalType } = assignment
      const fields = { name, scope, roleDefinitionName, principalId, principalType, roleName, result: verdict }
      const recorded = { ...fields, condition: condition === null ? null : cut(condition) }
      room -= JSON.stringify(recorded).length
      if (room < 0) return kept
      kept.push(recorded)
    }
  }
  return kept
}

function cut(condition: string): string {
  // An event has no line breaks, and Azure's portal writes conditions over many lines.
  const text = condition.trim().replaceAll(/\s+/g, ' ')
  return text.length <= conditionLimit ? text : `${text.slice(0, conditionLimit)}…`
}

/** As many of the texts as there is room for, in characters. */
export function withinLimit(texts: readonly string[], limit: number): string[] {
  let room = limit
  return texts.filter((text) => (room -= text.length) >= 0)
}
