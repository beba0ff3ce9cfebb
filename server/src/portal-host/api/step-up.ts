import type { Clock } from '../../platform/process/clock.ts'
import type { PortalSession, PortalSignIns } from '../sessions/model.ts'

/** The time for which an authentication is sufficient for routes with step-up. */
export const freshMs = 10 * 60 * 1000

/**
 * Whether the person must authenticate again before a route with step-up. People with a second factor must authenticate again. For other
 * people, the server would only ask for the password, which the same browser may have stored.
 */
export async function needsStepUp(
  { clock, signIns }: { readonly clock: Clock; readonly signIns: Pick<PortalSignIns, 'hasSecondFactor'> },
  session: Pick<PortalSession, 'objectId' | 'authenticatedAtMs'>,
): Promise<boolean> {
  return clock.now() - session.authenticatedAtMs >= freshMs && signIns.hasSecondFactor(session.objectId)
}
