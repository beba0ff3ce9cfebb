import { changeText } from '@acrux/shared/permissions/change-text.ts'
import type { Audit, AuditActor, AuditEvent } from '../../audit/index.ts'
import { decisionDocument } from '../../authorization/index.ts'
import type { LatestEntries } from './recorded-requests.ts'

/** A denied request, or a token that has less access than requested. */
export type RecordedDecision = {
  /** The correlation id of the response. */
  readonly id: string
  readonly at: string
  /** The object id; `admin`, `token:NAME` or `anonymous`; otherwise the name in the request. Null if the request names no principal. */
  readonly principal: string | null
  /** The missing permission. If the server checked no permission, this is the action of the audit event. */
  readonly action: string
  /** Null if the request does not concern a repository. */
  readonly repository: string | null
  /** The first check that failed. */
  readonly reason: string | null
  /** A command or a sentence that says how to allow the request. Null if the emulator has no proposal. */
  readonly remedy: string | null
}

/** Wraps an audit log so that every denial is recorded, including denials that the log only counts. */
export function recordDecisions(audit: Audit, decisions: LatestEntries<RecordedDecision>, now: () => number): Audit {
  const note = (event: AuditEvent) => {
    const decision = toDecision(event, now())
    if (decision !== undefined) decisions.add(decision)
  }
  return {
    ...audit,
    append: (event) => {
      note(event)
      return audit.append(event)
    },
    prepare: (event) => {
      const append = audit.prepare(event)
      return (origin) => {
        note({ ...event, origin })
        return append(origin)
      }
    },
  }
}

/** The decision that an event reports; undefined if the event is not a denial. */
export function toDecision(event: AuditEvent, nowMs: number): RecordedDecision | undefined {
  const document = documentOf(event, nowMs)
  if (document === undefined || (event.outcome === 'success' && document.firstFailure === null)) return undefined
  const { asked, firstFailure, reason } = document
  return {
    id: document.correlationId,
    at: document.eventTimestamp,
    principal: principalOf(event.actor),
    action: asked?.action ?? event.action,
    repository: asked?.repository ?? null,
    reason: firstFailure ?? reason,
    remedy: remedyOf(document, event.actor),
  }
}

function documentOf({ outcome, actor, credential, origin, ...event }: AuditEvent, nowMs: number) {
  return decisionDocument({
    id: '',
    eventTimestamp: new Date(nowMs).toISOString(),
    action: event.action,
    outcome,
    actor,
    credential: credential === undefined ? null : { kind: credential.kind, id: credential.id ?? null },
    target: event.target,
    reason: event.reason ?? null,
    detail: event.detail ?? null,
    correlationId: origin.correlationId,
    remoteAddress: origin.remoteAddress,
    userAgent: origin.userAgent ?? null,
  })
}

type DecisionDocument = NonNullable<ReturnType<typeof decisionDocument>>

function remedyOf(document: DecisionDocument, actor: AuditActor): string | null {
  const { asked, smallestChange, roleAssignmentMode, scopeMap } = document
  if (smallestChange === null) return null
  return changeText(smallestChange, {
    registry: /\/registries\/([^/]+)$/.exec(asked?.scope ?? '')?.[1],
    objectId: actor.id,
    who: grantee(actor),
    token: actor.kind === 'scoped-token' ? tokenName(actor.id) : undefined,
    scopeMap: scopeMap?.name,
    asked: asked ?? undefined,
    isForRegistry: roleAssignmentMode === 'LegacyRegistryPermissions',
  })
}

function principalOf({ kind, id }: AuditActor): string | null {
  switch (kind) {
    case 'admin':
    case 'anonymous':
    case 'system':
      return kind
    case 'scoped-token':
      return `token:${tokenName(id)}`
    case 'user':
    case 'service-principal':
    case 'claimed':
      return id === '' ? null : id
  }
}

/** The principal in the form that `acrux acr grant` accepts. */
function grantee({ kind, id }: AuditActor): string | undefined {
  switch (kind) {
    case 'user':
    case 'service-principal':
      return id
    case 'scoped-token':
      return `token:${tokenName(id)}`
    case 'anonymous':
      return kind
    default:
      return undefined
  }
}

/** The id of a scoped token consists of its registry and its name. */
function tokenName(id: string): string {
  return id.slice(id.indexOf('/') + 1)
}
