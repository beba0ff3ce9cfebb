import type { Decision, DecisionAssignment, DecisionSince } from '../api-types.ts'
import { changeText } from './change-text.ts'

/** A decision, with what has changed since if that is known. */
export type RecordedDecision = Omit<Decision, 'since'> & Partial<Pick<Decision, 'since'>>

/** A decision as text. Without the name of the registry, its commands have a placeholder. */
export function whyText(decision: RecordedDecision, registry: string | undefined): string {
  return [
    `${decision.eventTimestamp}  ${decision.event}  ${decision.outcome}`,
    ...requestLines(decision),
    ...permissionLines(decision),
    ...presentedLines(decision),
    ...reasonLines(decision, registry),
    ...(decision.since ? sinceLines(decision.since) : []),
  ].join('\n')
}

const labelWidth = 11

function line(label: string, text: string): string {
  return `${`${label}:`.padEnd(labelWidth)}${text}`
}

/** A line below another one, without a label. */
function continued(text: string): string {
  return `${' '.repeat(labelWidth)}${text}`
}

function requestLines({ principal, credential, remoteAddress, target, asked, token }: RecordedDecision): string[] {
  const who = principal.id === '' ? principal.kind : `${principal.kind} ${principal.id}`
  const by = credential === null ? '' : `, with ${credential.kind} ${credential.id ?? ''}`.trimEnd()
  const leftOut = token?.leftOut ?? []
  return [
    line('principal', `${who}${by}, from ${remoteAddress}`),
    line('target', target),
    ...(asked === null
      ? []
      : [line('requested', `${asked.action}${asked.repository === null ? '' : ` on ${asked.repository}`}`)]),
    ...(token === null
      ? []
      : [line('token', `requested ${token.asked.join(' ')}; granted ${token.granted || 'nothing'}`)]),
    ...(leftOut.length === 0 ? [] : [line('left out', leftOut.join(' '))]),
  ]
}

function permissionLines({ needs, assignments, assignmentCount, scopeMap }: RecordedDecision): string[] {
  const more = assignmentCount - assignments.length
  return [
    ...(needs.length === 0 ? [] : [line('needs', needs.join(' or '))]),
    ...assignments.flatMap(assignmentLines),
    ...(more > 0 ? [continued(`and ${more} more assignments`)] : []),
    ...(scopeMap === null ? [] : [line('scope map', `${scopeMap.name}: ${scopeMap.actions.join(' ')}`)]),
  ]
}

function assignmentLines({ roleName, scope, condition, result }: DecisionAssignment): string[] {
  return [
    line('role', `${roleName ?? '(no such role)'} at ${scope}: ${result}`),
    ...(condition === null ? [] : [continued(`condition ${condition}`)]),
  ]
}

function presentedLines({ tokenAccess, presented }: RecordedDecision): string[] {
  const access = tokenAccess === '' ? 'a token that grants no access' : `a token for ${tokenAccess ?? ''}`
  return [
    ...(tokenAccess === null ? [] : [line('sent', access)]),
    ...(presented ? [line('sent', `a token of issuer ${presented.issuer} for subject ${presented.subject}`)] : []),
  ]
}

function reasonLines(decision: RecordedDecision, registry: string | undefined): string[] {
  const { firstFailure, presented, smallestChange, principal, scopeMap } = decision
  const expired = presented?.expiredAt ? `, expired at ${presented.expiredAt}` : ''
  const wanted = presented?.wantedAudience ? `, wanted the audience ${presented.wantedAudience}` : ''
  const names = { registry, ...namesOf(principal), scopeMap: scopeMap?.name }
  return [
    line('reason', `${firstFailure ?? 'everything requested was allowed'}${expired}${wanted}`),
    ...(smallestChange === null ? [] : [line('change', changeText(smallestChange, names))]),
  ]
}

/** The principal as `az` names it, also if it was only claimed. The id of a scoped token is its registry and its name. */
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

function sinceLines({ allowed, firstFailure, assignments }: DecisionSince): string[] {
  return [
    line('now', allowed ? 'the request would be allowed' : `the request would be denied: ${firstFailure ?? ''}`),
    ...assignments.map(({ id, was, is }) =>
      continued(`${id}: ${was ?? 'did not exist'}, now ${is ?? 'does not exist'}`),
    ),
  ]
}
