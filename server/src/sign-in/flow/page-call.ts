import type { AuditActor, AuditEvent } from '../../audit/index.ts'
import type { Call } from '../../platform/http/surface.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import type { Caller } from '../sessions/caller.ts'
import type { Account } from '../sessions/sessions.ts'
import { PageError } from './errors.ts'

/** A request to a page, and whether its row requires step-up. */
export type PageCall = Call<Caller> & { readonly stepUp: boolean }

/** The origin of a sign-in request: its address and the identity of the browser. */
export function placeOf({ caller, origin }: PageCall) {
  const { remoteAddress, userAgent } = origin
  return { remoteAddress, userAgent, browserKnownSinceMs: (objectId: string) => caller.known.get(objectId) }
}

/** The value of a form field; empty if the field is absent. @throws PageError if the field occurs twice */
export function readField(form: Form, name: string): string {
  const [value, ...others] = form.get(name) ?? []
  if (others.length > 0) throw new PageError('malformed')
  return value ?? ''
}

/** The query of the request, without the question mark. */
export function queryOf({ request }: PageCall): string {
  const start = request.url.indexOf('?')
  return start === -1 ? '' : request.url.slice(start + 1)
}

/** The first value of a query parameter. */
export function readParameter(call: PageCall, name: string): string | undefined {
  return new URLSearchParams(queryOf(call)).get(name) ?? undefined
}

/** An audit event of a signed-in user. The credential is the browser session unless the event names another. */
export function eventOf(
  call: PageCall,
  account: Pick<Account, 'user'>,
  event: Omit<AuditEvent, 'actor' | 'target' | 'origin'>,
): AuditEvent {
  const actor: AuditActor = { kind: 'user', id: account.user.objectId }
  return {
    credential: { kind: 'browser-session' },
    ...event,
    actor,
    target: account.user.objectId,
    origin: call.origin,
  }
}
