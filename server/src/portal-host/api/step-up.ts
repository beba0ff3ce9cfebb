import type { Clock } from '../../platform/process/clock.ts'
import type { PortalSession, PortalSignIns } from '../sessions/model.ts'

/** How long an authentication suffices for routes with step-up. */
export const freshMs = 10 * 60 * 1000

/**
 * Whether the person must authenticate again before a route with step-up. People with a second factor must; for others, it
 * would only ask for the password that the same browser may have stored.
 */
export async function needsStepUp(
  { clock, signIns }: { readonly clock: Clock; readonly signIns: Pick<PortalSignIns, 'hasSecondFactor'> },
  session: Pick<PortalSession, 'objectId' | 'authenticatedAtMs'>,
): Promise<boolean> {
  return clock.now() - session.authenticatedAtMs >= freshMs && signIns.hasSecondFactor(session.objectId)
}
