import type { IncomingMessage } from 'node:http'
import type { StepUp } from './change-columns.ts'

/** The body of a response to a person who must authenticate again. */
export const stepUpBody = {
  error: {
    code: 'StepUpRequired',
    message: 'Confirm with your password and second factor that it is you, then repeat the request.',
  },
} as const

/** The person must authenticate again before the request. */
export class StepUpRequiredError extends Error {
  override readonly name = 'StepUpRequiredError'
  readonly status = 403
}

const checks = new WeakMap<IncomingMessage, () => Promise<boolean>>()

/** Lets the route of a request that the portal passes on ask `isDue`. Other requests need no step-up. */
export function offerStepUp(request: IncomingMessage, isDue: () => Promise<boolean>): void {
  checks.set(request, isDue)
}

/**
 * Called by the surface for the route that serves the request, when the caller is authorized.
 *
 * @throws StepUpRequiredError
 */
export async function requireStepUp(
  request: IncomingMessage,
  { stepUp }: { readonly stepUp?: StepUp | undefined },
): Promise<void> {
  if (stepUp === true && (await checks.get(request)?.()) === true) throw new StepUpRequiredError(stepUpBody.error.code)
}
