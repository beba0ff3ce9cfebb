import type { Decision, DecisionAssignment, DecisionSince } from '../api-types.ts'
import { changeText } from './change-text.ts'

/** A decision of the management API, or of the audit log, which does not know whether it would be another one now. */
export type RecordedDecision = Omit<Decision, 'since'> & Partial<Pick<Decision, 'since'>>

/** A decision for a person to read, of a registry whose name is known or not. */
export function whyText(decision: RecordedDecision, registry: string | undefined): string {
  const { principal, credential, asked, token, assignments, assignmentCount, scopeMap, presented, firstFailure } =
    decision
  const who = principal.id === '' ? principal.kind : `${principal.kind} ${principal.id}`
  const by = credential === null ? '' : `, by ${credential.kind} ${credential.id ?? ''}`
  const more = assignmentCount - assignments.length
  return [
    `${decision.eventTimestamp}  ${decision.event}  ${decision.outcome}`,
    `who:      ${who}${by}, from ${decision.remoteAddress}`,
    `to:       ${decision.target}`,
    ...(asked === null
      ? []
      : [`asked:    ${asked.action}${asked.repository === null ? '' : ` on ${asked.repository}`}`]),
    ...(token === null ? [] : [`token:    asked ${token.asked.join(' ')}; granted ${token.granted || 'nothing'}`]),
    ...(token === null || token.leftOut.length === 0 ? [] : [`left out: ${token.leftOut.join(' ')}`]),
    ...(decision.needs.length === 0 ? [] : [`needs:    ${decision.needs.join(' or ')}`]),
    ...assignments.map(assignmentText),
    ...(more > 0 ? [`          and ${more} more assignments`] : []),
    ...(scopeMap === null ? [] : [`scope map ${scopeMap.name}: ${scopeMap.actions.join(' ')}`]),
    ...(decision.tokenAccess === null
      ? []
      : [
          `sent:     ${decision.tokenAccess === '' ? 'a token that grants no access' : `a token for ${decision.tokenAccess}`}`,
        ]),
    ...(presented ? [`sent:     a token of issuer ${presented.issuer} for subject ${presented.subject}`] : []),
    `why:      ${firstFailure ?? 'everything requested was allowed'}${presented?.expiredAt ? `, expired at ${presented.expiredAt}` : ''}`,
    ...(decision.smallestChange === null
      ? []
      : [
          `change:   ${changeText(decision.smallestChange, { registry, ...namesOf(principal), scopeMap: scopeMap?.name })}`,
        ]),
    ...(decision.since ? [sinceText(decision.since)] : []),
  ].join('\n')
}

/** The principal by what `az` calls it, be it only the one that was claimed; a scoped token has its registry before its name. */
function namesOf({ kind, id }: Decision['principal']): { objectId?: string; token?: string } {
  switch (kind) {
    case 'scoped-token':
      return { token: id.slice(id.indexOf('/') + 1) }
    case 'user':
    case 'service-principal':
      return { objectId: id }
    case 'claimed':
      return id === '' ? {} : { objectId: id, token: id }
    default:
      return {}
  }
}

function assignmentText({ roleName, scope, condition, result }: DecisionAssignment): string {
  const line = `role:     ${roleName ?? '(no such role)'} at ${scope}: ${result}`
  return condition === null ? line : `${line}\n          condition ${condition}`
}

function sinceText({ allowed, firstFailure, assignments }: DecisionSince): string {
  const now = allowed ? 'it would be allowed' : `it would be refused: ${firstFailure ?? ''}`
  return [
    `now:      ${now}`,
    ...assignments.map(({ id, was, is }) => `          ${id}: ${was ?? 'not there'}, now ${is ?? 'gone'}`),
  ].join('\n')
}
