import { createCookieWriter } from '../../platform/http/cookies.ts'
import { flowSeconds } from './sign-in-flow.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

export type PortalCookies = ReturnType<typeof createPortalCookies>

/**
 * The cookies of the portal. The cookie of the session is `Strict`: browsers send it only with requests of pages of
 * this server. The cookie of a sign-in is `Lax`, because the sign-in may return from the identity provider of an
 * organisation.
 */
export function createPortalCookies(publicOrigin: PublicOrigin) {
  const strict = createCookieWriter(publicOrigin, 'Strict')
  const lax = createCookieWriter(publicOrigin, 'Lax')
  const session = strict.nameOf('acrux-portal')
  const flow = lax.nameOf('acrux-portal-sign-in')
  return {
    /** The names of the cookies. */
    session,
    flow,
    writeSession: (id: string) => strict.write(session, id),
    removeSession: strict.remove(session),
    writeFlow: (value: string) => lax.write(flow, value, flowSeconds),
    removeFlow: lax.remove(flow),
  }
}
