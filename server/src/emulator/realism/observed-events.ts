import type { Audit, AuditEvent } from '../../audit/index.ts'
import type { PendingChanges } from './pending-changes.ts'

/** Wraps an audit log so that the changes in its events are recorded. `onPermission` is called if an event changes permissions. */
export function observeChanges(
  audit: Audit,
  changes: PendingChanges,
  now: () => number,
  onPermission: () => void,
): Audit {
  const observe = (event: AuditEvent) => {
    // Changes by the first start and by a seed take effect without a delay.
    if (event.outcome !== 'success' || event.actor.kind === 'system') return
    if (noteChange(event, changes, now())) onPermission()
  }
  return {
    ...audit,
    record: async (transaction, event) => {
      await audit.record(transaction, event)
      observe(event)
    },
    append: (event) => {
      observe(event)
      return audit.append(event)
    },
  }
}

/** The actions whose target is a new principal. */
const principalCreations: ReadonlySet<string> = new Set(['user.create', 'group.create', 'service-principal.create'])

/** Records the change of an event. Returns true if the event affects decisions about permissions. */
export function noteChange(event: AuditEvent, changes: PendingChanges, nowMs: number): boolean {
  const { action, target, actor, detail = {} } = event
  if (action.endsWith('.create') && target.startsWith('/subscriptions/')) changes.note('resource', target, nowMs)
  const [, id = ''] = target.split('/', 2)
  if (principalCreations.has(action)) changes.note('principal', id, nowMs)
  switch (action) {
    case 'role-assignment.create':
      changes.note('assignment', target, nowMs)
      return true
    case 'role-assignment.delete':
      changes.note('deletion', target, nowMs)
      return true
    case 'group.add-member':
      changes.note('membership', membershipKey(String(detail.memberId), id), nowMs)
      return true
    case 'token.exchange':
      changes.note('sign-in', actor.id, nowMs)
      return true
    case 'registry.regenerate-credential':
      changes.note('password', passwordKey(String(detail.rid), String(detail.name)), nowMs)
      return false
    case 'scoped-token.generate-credentials':
      for (const name of namesIn(detail)) changes.note('password', passwordKey(String(detail.tokenId), name), nowMs)
      return false
    case 'managed-identity.create':
      changes.note('principal', String(detail.objectId), nowMs)
      return false
    default:
      return false
  }
}

/** The key of a password of a registry or of a token. */
export function passwordKey(ownerId: string, name: string): string {
  return `${ownerId} ${name}`
}

/** The key of a membership. */
export function membershipKey(memberId: string, groupId: string): string {
  return `${memberId} ${groupId}`
}

function namesIn({ names }: Readonly<Record<string, unknown>>): string[] {
  return Array.isArray(names) ? names.map(String) : []
}
