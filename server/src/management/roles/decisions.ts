import type { DecisionDocument, DecisionSince } from '@acrux/contract'
import {
  type DecisionRecord,
  type Principal,
  everyRight,
  recordActionDecision,
  recordDecision,
} from '../../access/index.ts'
import { auditEventDocument } from '../../audit/index.ts'
import type { Registry } from '../../resources/index.ts'
import type { ManagementCall, ManagementOptions } from '../arm/context.ts'
import { assignmentDocuments, decisionDocument, failureOf } from './decision-document.ts'
import { childNotFound } from '../arm/errors.ts'
import { requireRegistry } from '../registries/registries.ts'

/** How many events a request can have written that are looked through for the decision. */
const mostEvents = 20

/**
 * `GET {registry}/decisions/{correlation id}`, which Azure does not have: why a request to this registry was refused, or
 * got less than it asked for. What is told was written down then; `since` tells what would be another decision now.
 *
 * @throws ArmError 404 for an id that this registry refused nothing under, be it that of another registry's refusal
 */
export async function getDecision(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  const registry = await requireRegistry(rooms, call.names)
  const { name } = call.names
  const found = await findDecision(rooms, registry, name.toLowerCase())
  if (found === undefined) throw childNotFound(name)
  return { ...found, since: await since(rooms, registry, found) }
}

async function findDecision(
  { auditLog }: ManagementOptions,
  { id, loginServer, createdAtMs }: Registry,
  correlationId: string,
): Promise<DecisionDocument | undefined> {
  if (!/^[0-9a-f-]{36}$/.test(correlationId)) return undefined
  // Before, another registry may have had the name.
  const filter = { correlationId, fromMs: createdAtMs, targets: [id, loginServer] }
  for (let before: number | undefined; ;) {
    const { events, next } = await auditLog.list(filter, { before, size: mostEvents })
    for (const event of events) {
      const document = decisionDocument(auditEventDocument(event))
      if (document !== undefined) return document
    }
    if (next === undefined) return undefined
    before = next
  }
}

/** The same question asked now; null where it cannot be, or where nothing is another. */
async function since(
  rooms: ManagementOptions,
  registry: Registry,
  then: DecisionDocument,
): Promise<DecisionSince | null> {
  const principal = await principalNow(rooms, registry, then)
  const now = principal && (await decideNow(rooms, registry, principal, then))
  if (now === undefined) return null
  const { record, allowed } = now
  const assignments = changedAssignments(then, record)
  const isSame =
    !allowed && record.firstFailure === then.firstFailure && record.roleAssignmentMode === then.roleAssignmentMode
  if (isSame && assignments.length === 0) return null
  const { roleAssignmentMode } = record
  const failure = allowed ? { firstFailure: null, smallestChange: null } : failureOf(record)
  return { allowed, ...failure, roleAssignmentMode, assignments }
}

async function principalNow(
  { access, directory }: ManagementOptions,
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

type Now = { readonly allowed: boolean; readonly record: DecisionRecord }

async function decideNow(
  { access }: ManagementOptions,
  registry: Registry,
  principal: Principal,
  { asked, needs, firstFailure }: DecisionDocument,
): Promise<Now | undefined> {
  // What was wrong with a token is not mended by a right, and a credential is not asked about here.
  if (asked === null || needs.length === 0 || firstFailure === 'token-lacks-access') return undefined
  const { action, scope, repository } = asked
  if (everyRight.includes(action)) {
    const right = { right: action, repository: repository ?? undefined }
    const explanation = await access.explain(principal, registry, right)
    return { allowed: explanation.allowed, record: recordDecision(explanation, registry, right) }
  }
  if (principal.kind !== 'directory' || scope === null) return undefined
  const explanation = await access.explainAction(principal, action, scope)
  return { allowed: explanation.allowed, record: recordActionDecision(explanation, { action, scope }) }
}

function changedAssignments(then: DecisionDocument, now: DecisionRecord): DecisionSince['assignments'] {
  const before = new Map(then.assignments.map(({ id, result }) => [id, result]))
  const after = new Map(assignmentDocuments(now).map(({ id, result }) => [id, result]))
  // What found no room in a record is neither new nor gone.
  const isWhole = before.size === then.assignmentCount && after.size === now.assignmentCount
  const ids = isWhole ? new Set([...before.keys(), ...after.keys()]) : new Set(before.keys()).intersection(after)
  return [...ids].flatMap((id) => {
    const was = before.get(id) ?? null
    const is = after.get(id) ?? null
    return was === is ? [] : [{ id, was, is }]
  })
}
