import { roleAssignmentId, roleDefinitionId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { DecisionRecord, RecordedChange } from './decision-record.ts'
import type { AuditEventDocument } from '../../audit/index.ts'
import type { DecisionAssignment, DecisionChange, DecisionDocument } from './model.ts'

/** The decision that an event records, from the event alone; undefined for an event without a decision. */
export function decisionDocument(event: AuditEventDocument): DecisionDocument | undefined {
  const detail = membersOf(event.detail)
  const record = detail.decision as DecisionRecord | undefined
  if (event.outcome !== 'refused' && !tokenActions.has(event.action)) return undefined
  const { correlationId, eventTimestamp, outcome, reason, target, remoteAddress } = event
  return {
    correlationId,
    eventTimestamp,
    event: event.action,
    outcome,
    reason,
    target,
    remoteAddress,
    principal: event.actor,
    credential: event.credential,
    asked: record?.asked ?? askedOf(detail, target),
    token: tokenOf(detail),
    ...(record === undefined ? { ...noRecord, ...withoutRecord(event) } : recordDocument(record)),
  }
}

/** The members of a decision without a record. */
const noRecord = {
  roleAssignmentMode: null,
  needs: [],
  assignments: [],
  assignmentCount: 0,
  scopeMap: null,
  tokenAccess: null,
  presented: null,
}

function recordDocument(record: DecisionRecord) {
  return {
    roleAssignmentMode: record.roleAssignmentMode ?? null,
    needs: record.needs ?? [],
    assignments: assignmentDocuments(record),
    assignmentCount: record.assignmentCount ?? 0,
    scopeMap: record.scopeMap ?? null,
    tokenAccess: record.tokenAccess ?? null,
    presented: record.presented ? { wantedAudience: null, ...record.presented } : null,
    ...failureOf(record),
  }
}

/** The first check that failed, and the smallest change that would allow the request. */
export function failureOf(record: DecisionRecord): Pick<DecisionDocument, 'firstFailure' | 'smallestChange'> {
  const { firstFailure, smallestChange } = record
  return { firstFailure, smallestChange: smallestChange && changeDocument(smallestChange, subscriptionIn(record)) }
}

/** The assignments of a decision, with the ids of ARM. */
export function assignmentDocuments(record: DecisionRecord): DecisionAssignment[] {
  return record.assignments.map(({ name, roleDefinitionName, ...rest }) => ({
    id: roleAssignmentId({ scope: rest.scope, name }),
    roleDefinitionId: roleDefinitionId(subscriptionIn(record), roleDefinitionName),
    ...rest,
  }))
}

const tokenActions: ReadonlySet<string> = new Set(['token.issue'])

function membersOf(detail: unknown): Readonly<Record<string, unknown>> {
  return typeof detail === 'object' && detail !== null ? { ...detail } : {}
}

function subscriptionIn({ asked }: DecisionRecord): string {
  return /^\/subscriptions\/([^/]+)/.exec(asked?.scope ?? '')?.[1] ?? ''
}

/** A change, with the ids of ARM. */
export function changeDocument(change: RecordedChange, subscription: string): DecisionChange {
  switch (change.kind) {
    case 'change-condition':
      return { kind: change.kind, assignmentId: roleAssignmentId(change.assignment) }
    case 'assign-role': {
      const { kind, roleName, roleDefinitionName, scope, condition = null } = change
      return { kind, roleName, roleDefinitionId: roleDefinitionId(subscription, roleDefinitionName), scope, condition }
    }
    default:
      return change
  }
}

/** A denial at the data plane without a record: the needs of the route are known, though no right was checked. */
function askedOf({ actions }: Readonly<Record<string, unknown>>, target: string): DecisionDocument['asked'] {
  if (!Array.isArray(actions)) return null
  const slash = target.indexOf('/')
  return { action: actions.join(','), repository: slash === -1 ? null : target.slice(slash + 1), scope: null }
}

function tokenOf({ asked, granted, leftOut = [] }: Readonly<Record<string, unknown>>): DecisionDocument['token'] {
  if (!Array.isArray(asked) || typeof granted !== 'string' || !Array.isArray(leftOut)) return null
  return { asked: asked.map(String), granted, leftOut: leftOut.map(String) }
}

/** An unauthenticated request has no record: the reason in the event is the failed check. */
function withoutRecord({ outcome, action, reason }: AuditEventDocument) {
  if (outcome !== 'refused') return { firstFailure: null, smallestChange: null }
  const kind = changeFor(action, reason ?? '')
  return { firstFailure: reason, smallestChange: kind === undefined ? null : { kind } }
}

function changeFor(action: string, reason: string): string | undefined {
  // The codes of the identity provider, all of which are about the credential.
  if (reason.startsWith('AADSTS')) return 'sign-in-again'
  if (reason === 'audience') return action === 'token.exchange' ? 'enable-arm-tokens' : 'get-new-token'
  return changes.get(reason)
}

/** The smallest change by the reason of an event. */
const changes: ReadonlyMap<string, string> = new Map([
  ['anonymous-pull-disabled', 'sign-in'],
  ['Authorization_RequestDenied', 'assign-directory-role'],
  ['invalid-credential', 'sign-in-again'],
  ['wrong-credentials', 'sign-in-again'],
  ['credential-withdrawn', 'sign-in-again'],
  ['invalid-refresh-token', 'sign-in-again'],
  ['unusable-authorization', 'sign-in-again'],
  ['expired', 'sign-in-again'],
  ['signature', 'sign-in-again'],
  ['principal', 'sign-in-again'],
  ['credential', 'sign-in-again'],
  ['AuthenticationFailed', 'sign-in-again'],
  ['InvalidAuthenticationToken', 'sign-in-again'],
])
