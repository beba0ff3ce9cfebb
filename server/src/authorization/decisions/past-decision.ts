import { type DecisionRecord, recordDecision } from './decision-record.ts'
import { type Principal } from '../rights/model.ts'
import { isRight } from '@acrux/shared/standards/azure/registry-rights.ts'
import { type EventFilter, type InTurn, auditEventDocument } from '../../audit/index.ts'
import type { Registry } from '../../resources/index.ts'
import type { DecisionContext } from './context.ts'
import type { Explanation } from './explain.ts'
import { assignmentDocuments, decisionDocument, failureOf } from './decision-document.ts'
import type { DecisionDocument, DecisionSince } from './model.ts'

/** How many events are read at a time. A request writes only a few. */
const pageSize = 20

/**
 * Limits a search to a registry, from the time when a registry of this name was created: earlier, another registry may
 * have had the name.
 */
export function eventsOf({ id, loginServer, createdAtMs }: Registry): EventFilter {
  return { fromMs: createdAtMs, targets: [id, loginServer] }
}

/** The recorded decision of a request, among the events that a filter matches. */
export async function findPastDecision(
  { auditLog }: DecisionContext,
  events: EventFilter,
  correlationId: string,
  inTurn?: InTurn,
): Promise<DecisionDocument | undefined> {
  if (!/^[0-9a-f-]{36}$/.test(correlationId)) return undefined
  const filter = { ...events, correlationId }
  for (let before: number | undefined; ;) {
    const { events, next } = await auditLog.list(filter, { before, size: pageSize }, inTurn)
    for (const event of events) {
      const document = decisionDocument(auditEventDocument(event))
      if (document !== undefined) return document
    }
    if (next === undefined) return undefined
    before = next
  }
}

/** The decision about the same request now; null if the decision cannot be repeated or would be the same. */
export async function decideAgain(
  context: DecisionContext,
  registry: Registry,
  then: DecisionDocument,
): Promise<DecisionSince | null> {
  const principal = await findSamePrincipal(context, registry, then)
  const now = principal && (await explainNow(context, registry, principal, then))
  if (now === undefined) return null
  const { allowed } = now
  const record = recordDecision(now)
  const assignments = changedAssignments(then, record)
  const isSame =
    !allowed && record.firstFailure === then.firstFailure && record.roleAssignmentMode === then.roleAssignmentMode
  if (isSame && assignments.length === 0) return null
  const { roleAssignmentMode } = record
  const failure = allowed ? { firstFailure: null, smallestChange: null } : failureOf(record)
  return { allowed, ...failure, roleAssignmentMode, assignments }
}

async function findSamePrincipal(
  { access, directory }: DecisionContext,
  { rid }: Registry,
  { principal: { kind, id } }: DecisionDocument,
): Promise<Principal | undefined> {
  switch (kind) {
    case 'anonymous':
      return { kind: 'anonymous' }
    case 'admin':
      return { kind: 'admin', rid }
    case 'scoped-token': {
      const token = await access.scopedTokens.find(rid, id.slice(id.indexOf('/') + 1))
      return token && { kind: 'scoped-token', rid, tokenId: token.id }
    }
    case 'service-principal':
    case 'user':
      return { kind: 'directory', objectId: id, groupIds: await directory.groupIdsOf(id) }
    default:
      return undefined
  }
}

async function explainNow(
  { access }: DecisionContext,
  registry: Registry,
  principal: Principal,
  { asked, needs, firstFailure }: DecisionDocument,
): Promise<Explanation | undefined> {
  // A permission does not fix a token, and credentials are not checked again.
  if (asked === null || needs.length === 0 || firstFailure === 'token-lacks-access') return undefined
  const { action, scope, repository } = asked
  if (isRight(action))
    return access.explain(principal, registry, { right: action, repository: repository ?? undefined })
  return principal.kind !== 'directory' || scope === null ? undefined : access.explainAction(principal, action, scope)
}

function changedAssignments(then: DecisionDocument, now: DecisionRecord): DecisionSince['assignments'] {
  const before = new Map(then.assignments.map(({ id, result }) => [id, result]))
  const after = new Map(assignmentDocuments(now).map(({ id, result }) => [id, result]))
  // An assignment that did not fit into a record is neither new nor deleted.
  const isWhole = before.size === then.assignmentCount && after.size === now.assignmentCount
  const ids = isWhole ? new Set([...before.keys(), ...after.keys()]) : new Set(before.keys()).intersection(after)
  return [...ids].flatMap((id) => {
    const was = before.get(id) ?? null
    const is = after.get(id) ?? null
    return was === is ? [] : [{ id, was, is }]
  })
}
