import type { Decision, DecisionAssignment, DecisionSince } from '@acrux/shared/wire/api-types.ts'

/** A decision, with later changes if these are known. */
export type RecordedDecision = Omit<Decision, 'since'> & Partial<Pick<Decision, 'since'>>

/** A decision with names, and the command that would have allowed the request. */
export type NamedDecision = RecordedDecision & {
  /** The names of the principals in the decision, by object id. */
  readonly principalNames: Readonly<Record<string, string>>
  readonly fix: string | null
}

/** A decision as text. */
export function whyText(decision: NamedDecision): string {
  return [
    `${decision.eventTimestamp}  ${decision.event}  ${decision.outcome}`,
    ...requestLines(decision),
    ...permissionLines(decision),
    ...presentedLines(decision),
    ...reasonLines(decision),
    ...(decision.since ? sinceLines(decision.since) : []),
  ].join('\n')
}

const labelWidth = 11

function line(label: string, text: string): string {
  return `${`${label}:`.padEnd(labelWidth)}${text}`
}

/** A further line without a label. */
function continued(text: string): string {
  return `${' '.repeat(labelWidth)}${text}`
}

function requestLines(decision: NamedDecision): string[] {
  const { principal, credential, remoteAddress, target, asked, token, principalNames } = decision
  const who = `${principal.kind} ${principalNames[principal.id] ?? principal.id}`.trimEnd()
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

function permissionLines(decision: NamedDecision): string[] {
  const { needs, assignments, assignmentCount, scopeMap } = decision
  const more = assignmentCount - assignments.length
  return [
    ...(needs.length === 0 ? [] : [line('needs', needs.join(' or '))]),
    ...assignments.flatMap((each) => assignmentLines(each, decision)),
    ...(more > 0 ? [continued(`and ${more} more assignments`)] : []),
    ...(scopeMap === null ? [] : [line('scope map', `${scopeMap.name}: ${scopeMap.actions.join(' ')}`)]),
  ]
}

function assignmentLines(
  { roleName, scope, condition, result, principalId, principalType }: DecisionAssignment,
  { principal, principalNames }: NamedDecision,
): string[] {
  const holder = `${principalType.toLowerCase()} ${principalNames[principalId] ?? principalId}`
  const through = principalId === principal.id ? '' : `, through ${holder}`
  return [
    line('role', `${roleName ?? '(no such role)'} at ${scope}${through}: ${result}`),
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

function reasonLines({ firstFailure, presented, fix }: NamedDecision): string[] {
  const expired = presented?.expiredAt ? `, expired at ${presented.expiredAt}` : ''
  const wanted = presented?.wantedAudience ? `, wanted the audience ${presented.wantedAudience}` : ''
  return [
    line('reason', `${firstFailure ?? 'everything requested was allowed'}${expired}${wanted}`),
    ...(fix === null ? [] : [line('fix', fix)]),
  ]
}

function sinceLines({ allowed, firstFailure, assignments }: DecisionSince): string[] {
  return [
    line('now', allowed ? 'the request would be allowed' : `the request would be denied: ${firstFailure ?? ''}`),
    ...assignments.map(({ id, was, is }) =>
      continued(`${id}: ${was ?? 'did not exist'}, now ${is ?? 'does not exist'}`),
    ),
  ]
}
